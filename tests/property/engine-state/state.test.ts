import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FileBackend } from "../../../engine/backend/file-backend.js";
import type { FileStackStore } from "../../../engine/backend/file-store.js";
import { SecretsManager } from "../../../engine/secrets/manager.js";
import type { ResourceState, Snapshot } from "../../../engine/state/model.js";
import { SIGNATURE_KEY, SIGNATURES } from "../../../engine/values/signatures.js";
import { rootStack, secret, snapshotOf, thing } from "../../unit/engine-state/support/states.js";

let root: string;
/** Shared: a key takes a fifth of a second to derive. */
let manager: SecretsManager;
beforeAll(async () => {
  manager = await SecretsManager.create({ passphrase: "property" });
  root = await mkdtemp(join(tmpdir(), "engine-property-"));
});
afterAll(() => rm(root, { recursive: true }));

let stacks = 0;
async function freshStore(): Promise<FileStackStore> {
  stacks += 1;
  const store = await storeOf(`s${stacks}`);
  store.useSecrets(manager);
  return store;
}
async function storeOf(stack: string): Promise<FileStackStore> {
  const options = { url: `file://${root}`, env: {}, secrets: { passphrase: "property" } };
  return (await FileBackend.open(options)).stack("shop", stack);
}
const fileOf = (store: FileStackStore): string => store.layout.checkpoint;

/** Text that can be told from everything else in a file. */
const hidden = fc.uuid().map((id) => `hidden-${id}`);
const key = fc
  .oneof(fc.string({ maxLength: 6 }), fc.constantFrom("__provider", "a b", 'q"', "é", "__proto__"))
  .filter((name) => name !== SIGNATURE_KEY);

const { value } = fc.letrec<{ value: unknown; leaf: unknown; map: Record<string, unknown> }>(
  (tie) => ({
    leaf: fc.oneof(
      fc.string(),
      fc.boolean(),
      fc.constant(null),
      fc.integer(),
      fc.double({ noNaN: false }).map((n) => (Object.is(n, -0) ? 0 : n)),
      hidden.map(secret),
    ),
    map: fc.dictionary(key, tie("value"), { maxKeys: 4 }),
    value: fc.oneof(
      { depthSize: "small" },
      tie("leaf"),
      fc.array(tie("value"), { maxLength: 3 }),
      tie("map"),
      tie("value").map(secret),
    ),
  }),
);
const inputs = fc.dictionary(key, value, { minKeys: 1, maxKeys: 4 });

const resources = fc
  .array(
    fc.record(
      {
        inputs,
        outputs: inputs,
        protect: fc.constant(true as const),
        taint: fc.constant(true as const),
        initErrors: fc.array(fc.string(), { minLength: 1, maxLength: 2 }),
        ignoreChanges: fc.array(fc.string(), { minLength: 1, maxLength: 2 }),
        unknownFields: fc.dictionary(
          fc.string({ minLength: 1, maxLength: 5 }).map((name) => `x-${name}`),
          fc
            .jsonValue({ depthSize: "small" })
            .filter((json) => !JSON.stringify(json).includes("-0")),
          { minKeys: 1, maxKeys: 2 },
        ),
      },
      { requiredKeys: [] },
    ),
    { maxLength: 5 },
  )
  .map((list) => list.map((more, index) => thing(`r${index}`, more as Partial<ResourceState>)));

function secretsIn(tree: unknown): string[] {
  return [...JSON.stringify(tree).matchAll(/hidden-[0-9a-f-]{36}/g)].map(([text]) => text);
}

function ciphertextsIn(json: string): string[] {
  return [...json.matchAll(/"ciphertext":"([^"]+)"/g)].map((match) => match[1] ?? "");
}

describe("any state", () => {
  it("comes back as it was saved, unknown fields too, and no secret is in the file", async () => {
    const store = await freshStore();
    await fc.assert(
      fc.asyncProperty(resources, async (list) => {
        await store.save(snapshotOf(...list));
        const text = await readFile(fileOf(store), "utf8");
        for (const plain of secretsIn(list)) expect(text).not.toContain(plain);
        const loaded = await (await storeOf(store.stack)).load();
        expect(loaded?.resources).toEqual([rootStack(), ...list]);
      }),
      { numRuns: 100 },
    );
  });

  it("keeps every ciphertext when it is loaded and saved unchanged, and all others when one thing changes", async () => {
    await fc.assert(
      fc.asyncProperty(resources, inputs, async (list, more) => {
        const store = await freshStore();
        await store.save(snapshotOf(...list));
        const before = ciphertextsIn(await readFile(fileOf(store), "utf8"));
        const other = await storeOf(store.stack);
        const loaded = (await other.load()) as Snapshot;
        await other.save(loaded);
        expect(ciphertextsIn(await readFile(fileOf(store), "utf8"))).toEqual(before);
        await other.save({
          ...loaded,
          resources: [...loaded.resources, thing("new", { inputs: more })],
        });
        const after = ciphertextsIn(await readFile(fileOf(store), "utf8"));
        expect(after.slice(0, before.length)).toEqual(before);
      }),
      { numRuns: 50 },
    );
  });

  it("is loaded whatever a killed write has left beside it", async () => {
    const store = await freshStore();
    await store.save(snapshotOf(thing("kept")));
    const whole = await readFile(fileOf(store));
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length), fc.uuid(), async (length, id) => {
        await writeFile(`${fileOf(store)}.${id}.tmp`, whole.subarray(0, length));
        const other = await storeOf(store.stack);
        expect((await other.load())?.resources).toHaveLength(2);
        expect(
          await (await FileBackend.open({ url: `file://${root}`, env: {} })).list("shop"),
        ).toContainEqual(expect.objectContaining({ stack: store.stack, resourceCount: 2 }));
      }),
      { numRuns: 20 },
    );
  });

  it("a file cut short anywhere is refused, never taken for a smaller state", async () => {
    const store = await freshStore();
    await store.save(snapshotOf(thing("a"), thing("b")));
    const whole = await readFile(fileOf(store));
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 3), async (length) => {
        await writeFile(fileOf(store), whole.subarray(0, length));
        await expect((await storeOf(store.stack)).load()).rejects.toThrow("is not JSON");
      }),
      { numRuns: 40 },
    );
  });
});

describe("marks inside secrets", () => {
  it("are kept however deep", async () => {
    const store = await freshStore();
    const deep = secret({ a: [secret(secret("hidden-x"))] });
    await store.save(snapshotOf(thing("a", { inputs: { deep } })));
    expect((await store.load())?.resources[1]?.inputs).toEqual({ deep });
    const text = await readFile(fileOf(store), "utf8");
    expect(text.match(new RegExp(SIGNATURES.secret, "g"))).toHaveLength(1);
  });
});
