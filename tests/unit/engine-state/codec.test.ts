import { mkdtemp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FileBackend } from "../../../engine/backend/file-backend.js";
import type { Crypter } from "../../../engine/secrets/crypter.js";
import { SecretsManager } from "../../../engine/secrets/manager.js";
import { parseCheckpoint } from "../../../engine/state/checkpoint-codec.js";
import { integrityProblems } from "../../../engine/state/integrity.js";
import { emptySnapshot, engineVersion, magicOf } from "../../../engine/state/manifest.js";
import type { ResourceState, Snapshot } from "../../../engine/state/model.js";
import { decodeResource, encodeResource } from "../../../engine/state/resource-codec.js";
import { refuseUnsupportedState } from "../../../engine/state/unsupported.js";
import { SIGNATURE_KEY, SIGNATURES, UNKNOWN_STRING } from "../../../engine/values/signatures.js";
import { rootStack, secret, snapshotOf, STACK_URN, thing, urnOf } from "./support/states.js";

const FIXTURE = join(__dirname, "fixtures", "cli-checkpoint.json");
/** The texts Go encrypts: HTML-escaped, keys sorted, a secret inside a secret as plain JSON. */
const NESTED = `{"4dabf18193072939515e22adb298388d":"1b47061264138c4ac30d75fd1eb44270","ciphertext":"\\"deep\\""}`;
const PLAINTEXTS: Record<string, string> = {
  "@token": '"t\\u003c0ken"',
  "@password": `{"a":${NESTED},"b":[1,"hunter2"]}`,
  "@pending": '"later"',
};

let root: string;
let crypter: Crypter;
let salt: string;
let original: string;

interface File {
  version: number;
  features?: string[];
  checkpoint: { latest: Record<string, unknown> };
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "engine-codec-"));
  const manager = await SecretsManager.create({ passphrase: "fixture" });
  crypter = await manager.unlock();
  salt = manager.salt;
  original = (await readFile(FIXTURE, "utf8"))
    .replace("@salt", salt)
    .replace("@magic", createHash("sha256").update("v3.259.0").digest("hex"));
  for (const [name, plaintext] of Object.entries(PLAINTEXTS)) {
    original = original.replace(name, crypter.encrypt(plaintext));
  }
  await mkdir(join(root, ".pulumi", "stacks", "shop"), { recursive: true });
  await writeFile(join(root, ".pulumi", "stacks", "shop", "dev.json"), original);
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function openStore() {
  const options = { url: `file://${root}`, env: {}, secrets: { passphrase: "fixture" } };
  return (await FileBackend.open(options)).stack("shop", "dev");
}

describe("a checkpoint of the CLI", () => {
  it("opens: secrets, also nested, numbers JSON does not have, what is unknown", async () => {
    const snapshot = (await (await openStore()).load()) as Snapshot;
    expect(snapshot.resources).toHaveLength(6);
    expect(snapshot.resources[0]?.outputs?.token).toEqual(secret("t<0ken"));
    const a = snapshot.resources[3] as ResourceState;
    expect(a.inputs?.password).toEqual(secret({ a: secret("deep"), b: [1, "hunter2"] }));
    expect(a.inputs?.nan).toBeNaN();
    expect(a.inputs?.none).toBeNull();
    expect(a.unknownFields).toEqual({ somethingNew: { kept: [1, 2] } });
    expect(snapshot.pendingOperations).toMatchObject([
      { type: "creating", resource: { inputs: { k: secret("later") } } },
    ]);
    expect(snapshot.metadata).toMatchObject({ integrity_error: { error: "was repaired" } });
  });

  it("is the same after it was loaded and saved, but for the manifest", async () => {
    const store = await openStore();
    await store.save((await store.load()) as Snapshot);
    const path = join(root, ".pulumi", "stacks", "shop", "dev.json");
    const saved = JSON.parse(await readFile(path, "utf8")) as File;
    const before = JSON.parse(original) as File;
    expect(saved.checkpoint.latest.manifest).toMatchObject({
      version: engineVersion(),
      magic: magicOf(engineVersion()),
    });
    saved.checkpoint.latest.manifest = before.checkpoint.latest.manifest;
    // Bits of a NaN say nothing; every other byte of meaning stays, ciphertexts too.
    const plain = (file: File): unknown =>
      JSON.parse(JSON.stringify(file).replaceAll(/7ff8[0-9a-f]{12}/g, "nan"));
    expect(plain(saved)).toEqual(plain(before));
  });
});

describe("versions and features", () => {
  const file = (version: number, features?: string[]): string =>
    JSON.stringify({ version, features, checkpoint: { stack: "s", latest: { resources: [] } } });

  it("reads 3 and 4 and refuses others and unknown features by name", () => {
    expect(parseCheckpoint(file(3), "it").sealed?.version).toBe(3);
    expect(parseCheckpoint(file(4, ["taint"]), "it").sealed?.features).toEqual(["taint"]);
    expect(() => parseCheckpoint(file(4, ["taint", "magic", "more"]), "it")).toThrow(
      "it needs features this engine does not have: magic, more\nCarry on with the pulumi CLI that wrote it.",
    );
    expect(() => parseCheckpoint(file(5), "it")).toThrow(
      "it has version 5, which is newer than this engine knows",
    );
    expect(() => parseCheckpoint(file(2), "it")).toThrow(
      "it has version 2, which is older than this engine reads",
    );
  });

  it("takes a stack that was made and never saved as empty", () => {
    expect(
      parseCheckpoint('{"version":0,"checkpoint":{"stack":"s"}}', "it").sealed,
    ).toBeUndefined();
  });

  it.each<[string, Partial<ResourceState>]>([
    ["hooks", { resourceHooks: { beforeCreate: ["h"] } }],
    ["taint", { taint: true }],
    ["replaceWith", { replaceWith: [STACK_URN] }],
    ["refreshBeforeUpdate", { refreshBeforeUpdate: true }],
    ["views", { viewOf: urnOf("x") }],
    [
      "byteString",
      {
        inputs: {
          s: secret({ [SIGNATURE_KEY]: "803fd3297a5875dc03ca845dda5d2a98", value: "/w==" }),
        },
      },
    ],
  ])("names %s only when it is used", (feature, more) => {
    const seal = (): Record<string, string> => ({ ciphertext: "x" });
    expect(encodeResource(thing("a", more), seal).features).toEqual([feature]);
    expect(
      encodeResource(thing("a", { resourceHooks: {}, replaceWith: [] }), seal).features,
    ).toEqual([]);
  });

  it("leaves out what is empty, and keeps an empty replacement trigger", () => {
    const { fields } = encodeResource(
      thing("a", { inputs: {}, dependencies: [], protect: false, replacementTrigger: false }),
      () => ({}),
    );
    expect(Object.keys(fields)).toEqual([
      "urn",
      "custom",
      "id",
      "type",
      "parent",
      "replacementTrigger",
    ]);
  });
});

describe("values", () => {
  const round = (inputs: Record<string, unknown>): unknown => {
    const { fields } = encodeResource(thing("a", { inputs }), (_place, plaintext) => ({
      [SIGNATURE_KEY]: SIGNATURES.secret,
      ciphertext: crypter.encrypt(plaintext),
    }));
    return decodeResource(JSON.parse(JSON.stringify(fields)), "it", {
      decrypt: (text) => crypter.decrypt(text),
    }).inputs;
  };

  it("keeps infinities and odd keys", () => {
    const inputs = JSON.parse('{"__proto__":{"x":1},"constructor":null,"":[[]]}') as Record<
      string,
      unknown
    >;
    inputs.big = -Infinity;
    const back = round(inputs) as Record<string, unknown>;
    expect(Object.keys(back)).toEqual(["__proto__", "constructor", "", "big"]);
    expect(back.big).toBe(-Infinity);
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
  });

  it("turns output values into what they hold", () => {
    const output = (more: object): unknown => ({ [SIGNATURE_KEY]: SIGNATURES.output, ...more });
    expect(
      round({
        known: output({ value: 1 }),
        hidden: output({ value: 2, secret: true }),
        open: output({}),
      }),
    ).toEqual({ known: 1, hidden: secret(2), open: UNKNOWN_STRING });
  });

  it("writes the version of a reference's package also when there is none, as the CLI does", () => {
    const reference = { [SIGNATURE_KEY]: SIGNATURES.resource, urn: urnOf("b"), id: "b-0" };
    const state = thing("a", { inputs: { ref: reference } });
    const { fields } = encodeResource(state, () => ({}));
    expect(fields.inputs).toEqual({ ref: { ...reference, packageVersion: "" } });
    expect(round({ ref: reference })).toEqual({ ref: reference });
    const versioned = { ...reference, packageVersion: "1.2.3" };
    expect(round({ ref: versioned })).toEqual({ ref: versioned });
  });

  it("refuses a kind of value it does not know, and a malformed secret", () => {
    const decode = (value: unknown): unknown =>
      decodeResource({ urn: "u", type: "t", inputs: { v: value } }, "it", { decrypt: (t) => t });
    expect(() => decode({ [SIGNATURE_KEY]: "cafe" })).toThrow(
      "u|inputs.v: the state holds a value of an unknown kind",
    );
    expect(() => decode({ [SIGNATURE_KEY]: SIGNATURES.secret })).toThrow(
      "u|inputs.v: a secret must have a ciphertext or a plaintext",
    );
    const broken = { [SIGNATURE_KEY]: SIGNATURES.secret, ciphertext: "hunter2 {" };
    expect(() => decode(broken)).toThrow(/^u\|inputs\.v: what this secret holds is not JSON$/);
  });
});

describe("integrity", () => {
  const problems = (...resources: ResourceState[]): string[] =>
    integrityProblems({ ...emptySnapshot(), resources: [rootStack(), ...resources] });
  const provider: ResourceState = {
    urn: "urn:pulumi:dev::shop::pulumi:providers:test::default",
    custom: true,
    type: "pulumi:providers:test",
    id: "p1",
  };

  it("finds nothing wrong with a sound state", () => {
    const using = thing("b", { provider: `${provider.urn}::p1`, dependencies: [urnOf("a")] });
    expect(problems(provider, thing("a"), using, thing("a", { delete: true }))).toEqual([]);
  });

  it.each<[string, ResourceState[]]>([
    [
      `${urnOf("a")}: its dependency ${urnOf("b")} comes after it`,
      [thing("a", { dependencies: [urnOf("b")] }), thing("b")],
    ],
    [`${urnOf("a")}: its parent ${urnOf("b")} is missing`, [thing("a", { parent: urnOf("b") })]],
    [
      `${urnOf("a")}: its dependency (of property p) ${urnOf("b")} is missing`,
      [thing("a", { propertyDependencies: { p: [urnOf("b")] } })],
    ],
    [
      `${urnOf("a")}: its deletedWith ${urnOf("b")} is missing`,
      [thing("a", { deletedWith: urnOf("b") })],
    ],
    [
      `${urnOf("a")}: its replaceWith ${urnOf("b")} is missing`,
      [thing("a", { replaceWith: [urnOf("b")] })],
    ],
    [`${urnOf("a")} stands twice and neither entry is to be deleted`, [thing("a"), thing("a")]],
    [
      `component ${urnOf("a")} has the id id-a; components have none`,
      [thing("a", { custom: false })],
    ],
    [
      `${urnOf("a")} refers to the unknown provider ${provider.urn}::p1`,
      [thing("a", { provider: `${provider.urn}::p1` }), provider],
    ],
  ])("says: %s", (sentence, resources) => {
    expect(problems(...resources)).toEqual([sentence]);
  });

  it("forgives a resource that awaits its replacement its provider, and no wrong magic", () => {
    expect(problems(thing("a", { provider: "x::y", pendingReplacement: true }))).toEqual([]);
    const manifest = { time: "t", magic: "00", version: "v3.1.0" };
    expect(integrityProblems({ ...snapshotOf(), manifest })).toEqual([
      "the manifest's magic does not fit its version v3.1.0",
    ]);
    expect(
      integrityProblems({ ...snapshotOf(), manifest: { time: "t", magic: "", version: "" } }),
    ).toEqual([]);
  });
});

describe("what this engine cannot work on", () => {
  it("is refused by name before anything begins", () => {
    expect(() =>
      refuseUnsupportedState(snapshotOf(thing("a", { viewOf: urnOf("b") })), "dev"),
    ).toThrow(
      `stack dev holds what only the pulumi CLI can work on\n  - ${urnOf("a")} is a view of another resource\nRun this operation with pulumi.`,
    );
    expect(() => refuseUnsupportedState(snapshotOf(thing("a")), "dev")).not.toThrow();
  });
});
