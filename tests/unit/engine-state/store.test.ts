import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { hostname, tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { UpdateRecord } from "../../../engine/backend/backend.js";
import { FileBackend } from "../../../engine/backend/file-backend.js";
import type { FileStackStore } from "../../../engine/backend/file-store.js";
import { SecretsManager } from "../../../engine/secrets/manager.js";
import { emptySnapshot } from "../../../engine/state/manifest.js";
import { childEnv, compileEngine } from "./support/compiled.js";
import { rootStack, secret, snapshotOf, thing, urnOf } from "./support/states.js";

let root: string;
let backend: FileBackend;
let store: FileStackStore;

async function open(passphrase = "correct horse", env: Record<string, string> = {}) {
  return FileBackend.open({ url: `file://${root}`, env, secrets: { passphrase } });
}

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "engine-store-"));
  backend = await open();
  store = backend.stack("shop", "dev");
});
afterEach(() => rm(root, { recursive: true, force: true }));

const folder = (): string => join(root, ".pulumi", "stacks", "shop");
const checkpoint = (): string => join(folder(), "dev.json");
const text = (): Promise<string> => readFile(checkpoint(), "utf8");
const locks = (): string => join(root, ".pulumi", "locks", "organization", "shop", "dev");

function ciphertexts(json: string): string[] {
  return [...json.matchAll(/"ciphertext":"([^"]+)"/g)].map((match) => match[1] ?? "");
}

describe("saving and loading", () => {
  it("knows nothing of a stack that was never saved, and writes nothing for looking", async () => {
    expect(await store.load()).toBeNull();
    expect(await backend.list()).toEqual([]);
    expect(existsSync(join(root, ".pulumi"))).toBe(false);
  });

  it("gives back what it saved, with secrets opened, to another process", async () => {
    const one = thing("a", { inputs: { plain: 1, pass: secret({ b: [1, null], a: "s3cr3t" }) } });
    await store.save(snapshotOf(one));
    const loaded = await (await open()).stack("shop", "dev").load();
    expect(loaded?.resources).toEqual([rootStack(), one]);
    const written = await text();
    expect(written).not.toContain("s3cr3t");
    expect(written.split("\n")).toHaveLength(2);
    expect(JSON.parse(written)).toMatchObject({
      version: 3,
      checkpoint: { stack: "organization/shop/dev", latest: { metadata: {} } },
    });
    expect(await readFile(join(root, ".pulumi", "meta.yaml"), "utf8")).toBe("version: 1\n");
    expect((await stat(checkpoint())).mode & 0o777).toBe(0o600);
  });

  it("keeps the ciphertext of a secret that did not change, also across processes and key order", async () => {
    const before = thing("a", { inputs: { pass: secret({ x: 1, y: 2 }), free: "old" } });
    await store.save(snapshotOf(before));
    const first = ciphertexts(await text());
    await store.save(snapshotOf({ ...before, inputs: { ...before.inputs, free: "new" } }));
    expect(ciphertexts(await text())).toEqual(first);

    const other = (await open()).stack("shop", "dev");
    await other.load();
    const same = { ...before, inputs: { pass: secret({ y: 2, x: 1 }), free: "newer" } };
    await other.save(snapshotOf(same));
    expect(ciphertexts(await text())).toEqual(first);
    expect(await text()).toContain("newer");

    const changed = { ...before, inputs: { pass: secret({ x: 1, y: 3 }) } };
    await other.save(snapshotOf(changed));
    expect(ciphertexts(await text())).not.toEqual(first);
  });

  it("does not tell that two secrets are equal", async () => {
    await store.save(
      snapshotOf(thing("a", { inputs: { one: secret("same"), two: secret("same") } })),
    );
    const [one, two, ...rest] = ciphertexts(await text());
    expect(rest).toEqual([]);
    expect(one).not.toBe(two);
  });

  it("keeps the state before as .bak", async () => {
    await store.save(snapshotOf(thing("a")));
    const before = await text();
    await store.save(snapshotOf(thing("a"), thing("b")));
    expect(await readFile(`${checkpoint()}.bak`, "utf8")).toBe(before);
    await store.save(snapshotOf());
    expect(await readFile(`${checkpoint()}.bak`, "utf8")).toContain(urnOf("b"));
    expect((await readdir(folder())).sort()).toEqual(["dev.json", "dev.json.bak"]);
  });

  it("writes many states asked for at once one after the other; the last one stays", async () => {
    const states = Array.from({ length: 20 }, (_, n) => snapshotOf(thing(`n${n}`)));
    await Promise.all(states.map((state) => store.save(state)));
    expect((await store.load())?.resources[1]?.urn).toBe(urnOf("n19"));
  });

  it("does not put an unsound state in place, and does not lose it", async () => {
    await store.save(snapshotOf(thing("a")));
    const before = await text();
    const bad = snapshotOf(thing("b", { dependencies: [urnOf("gone")] }));
    await expect(store.save(bad)).rejects.toThrow(
      `the new state of stack dev is not sound and was not put in place\n  - ${urnOf("b")}: its dependency ${urnOf("gone")} is missing\nThe last sound state stays; the refused one is kept in ${checkpoint()}.unsound.`,
    );
    expect(await text()).toBe(before);
    expect(await readFile(`${checkpoint()}.unsound`, "utf8")).toContain(urnOf("b"));
    await store.save(snapshotOf(thing("c")));
    expect(await text()).toContain(urnOf("c"));
  });

  it("seals with the manager it is told, and no longer with the one of the file", async () => {
    await store.save(snapshotOf(thing("a", { inputs: { pass: secret("p") } })));
    const old = (await store.secrets())?.salt;
    const manager = await SecretsManager.create({ passphrase: "new passphrase" });
    const state = await store.load();
    store.useSecrets(manager);
    await store.save(state ?? emptySnapshot());
    expect(manager.salt).not.toBe(old);
    expect(await text()).toContain(manager.salt);
    const again = await (await open("new passphrase")).stack("shop", "dev").load();
    expect(again?.resources[1]?.inputs).toEqual({ pass: secret("p") });
  });

  it("notices a field that was given a new value in the same object", async () => {
    const one = thing("a", { inputs: { n: 1 } });
    await store.save(snapshotOf(one));
    one.inputs = { n: 2 };
    one.protect = true;
    await store.save(snapshotOf(one));
    expect((await store.load())?.resources[1]).toMatchObject({ inputs: { n: 2 }, protect: true });
  });

  it("keeps elsewhere what cannot be written, and says where", async () => {
    await store.save(snapshotOf());
    await rm(folder(), { recursive: true });
    await writeFile(folder(), "in the way");
    const failure = (await store
      .save(snapshotOf(thing("a")))
      .catch((error: unknown) => error)) as Error;
    const [what, why, hint = ""] = failure.message.split("\n");
    expect(what).toBe("the state of stack dev could not be written");
    expect(why).toMatch(/ENOTDIR|EEXIST/);
    const kept = /^It is kept in (\S+\.json): when the cause is gone/.exec(hint)?.[1] ?? "";
    await rm(folder());
    await mkdir(folder());
    await copyFile(kept, checkpoint());
    await rm(kept);
    expect((await store.load())?.resources[1]?.urn).toBe(urnOf("a"));
  });

  it("needs no passphrase for a state without secrets, and asks for it before a change begins", async () => {
    await store.save(snapshotOf(thing("a", { inputs: { pass: secret("p") } })));
    const wrong = (await open("wrong")).stack("shop", "dev");
    await expect(wrong.load()).rejects.toThrow("the passphrase is wrong for this stack");
    await expect(wrong.lock()).rejects.toThrow("the passphrase is wrong for this stack");
    expect(existsSync(locks()) ? await readdir(locks()) : []).toEqual([]);

    await store.save(snapshotOf(thing("a")));
    expect((await wrong.load())?.resources).toHaveLength(2);
    await expect(wrong.lock()).rejects.toThrow("the passphrase is wrong for this stack");
  });

  it.each([
    ["gz", gzipSync],
    ["zst", zstdCompressSync],
  ])("reads .json.%s and goes back to plain JSON", async (ending, pack) => {
    await store.save(snapshotOf(thing("a")));
    const plain = await readFile(checkpoint());
    await rm(checkpoint());
    await writeFile(`${checkpoint()}.${ending}`, pack(plain));
    expect((await store.load())?.resources).toHaveLength(2);
    expect(await backend.list("shop")).toMatchObject([{ stack: "dev", resourceCount: 2 }]);
    await store.save(snapshotOf());
    expect((await readdir(folder())).sort()).toEqual(["dev.json", `dev.json.${ending}.bak`]);
  });

  it("writes compressed when the CLI's setting says so", async () => {
    const packed = (await open("p", { PULUMI_DIY_BACKEND_ZSTD: "true" })).stack("shop", "dev");
    await store.save(snapshotOf(thing("a")));
    await packed.save(snapshotOf(thing("b")));
    expect((await readdir(folder())).sort()).toEqual(["dev.json.bak", "dev.json.zst"]);
    expect((await store.load())?.resources[1]?.urn).toBe(urnOf("b"));
  });

  it("says what to do with a file that is no state", async () => {
    await store.save(snapshotOf());
    await writeFile(checkpoint(), '{"version":3,"check');
    await expect(store.load()).rejects.toThrow(
      "the state of stack dev is not JSON\nPut the .bak file beside it back in its place.",
    );
    expect(await backend.list("shop")).toEqual([{ project: "shop", stack: "dev" }]);
  });
});

describe("a process that is killed while it saves", () => {
  it("leaves a sound state, and the next one cleans up", { timeout: 60_000 }, async () => {
    const code = await compileEngine(join(root, "code"));
    await store.save(snapshotOf(thing("a", { inputs: { pass: secret("p") } })));
    const script = `
      const { FileBackend } = require(${JSON.stringify(join(code, "backend/file-backend.js"))});
      (async () => {
        const backend = await FileBackend.open({ url: "file://${root}", secrets: { passphrase: "correct horse" } });
        const store = backend.stack("shop", "dev");
        const state = await store.load();
        const [root, one] = state.resources;
        console.log("ready");
        for (let n = 0; ; n += 1) {
          const many = Array.from({ length: 300 }, (_, i) => ({ ...one, urn: one.urn + i, id: "i" + i, inputs: { n, pass: one.inputs.pass } }));
          await store.save({ ...state, resources: [root, ...many] });
        }
      })();`;
    for (const wait of [5, 30, 70, 120]) {
      const child = spawn(process.execPath, ["-e", script], { env: childEnv() });
      const ended = new Promise((resolve) => child.once("exit", resolve));
      await new Promise((resolve) => child.stdout.once("data", resolve));
      await new Promise((resolve) => setTimeout(resolve, wait));
      child.kill("SIGKILL");
      await ended;
      const loaded = await (await open()).stack("shop", "dev").load();
      expect([2, 301]).toContain(loaded?.resources.length);
      const numbers = new Set(loaded?.resources.slice(1).map(({ inputs }) => inputs?.n));
      expect(numbers.size).toBe(1);
      await store.save(snapshotOf(thing("a", { inputs: { pass: secret("p") } })));
    }
    await writeFile(`${checkpoint()}.half.tmp`, '{"version":3,');
    const release = await store.lock();
    await release();
    const names = await readdir(folder());
    expect(names.filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });
});

describe("the lock", () => {
  it("is a file of the CLI's shape and goes away", async () => {
    await store.save(snapshotOf());
    const release = await store.lock();
    const [name = "", ...rest] = await readdir(locks());
    expect(rest).toEqual([]);
    expect(name).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.json$/);
    const content = JSON.parse(await readFile(join(locks(), name), "utf8")) as unknown;
    expect(content).toEqual({
      pid: process.pid,
      username: userInfo().username,
      hostname: hostname(),
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as unknown,
    });
    await release();
    expect(await readdir(locks())).toEqual([]);
  });

  it("is not given when no secret could be sealed later", async () => {
    const bare = await FileBackend.open({ url: `file://${root}`, env: {} });
    await expect(bare.stack("shop", "new").lock()).rejects.toThrow(
      "this stack's secrets need a passphrase\nSet PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE.",
    );
    expect(existsSync(join(root, ".pulumi"))).toBe(false);
  });

  it("is held against another process, and says who holds it", async () => {
    const code = await compileEngine(join(root, "code"));
    const script = `
      const { FileBackend } = require(${JSON.stringify(join(code, "backend/file-backend.js"))});
      (async () => {
        const backend = await FileBackend.open({ url: "file://${root}", secrets: { passphrase: "x" } });
        await backend.stack("shop", "dev").lock();
        console.log("locked");
        process.stdin.once("data", () => process.exit(0));
      })();`;
    const child = spawn(process.execPath, ["-e", script], { env: childEnv() });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    await new Promise((resolve) => child.stdout.once("data", resolve));
    const who = `${userInfo().username}@${hostname()} \\(pid ${child.pid}\\) since`;
    await expect(store.lock()).rejects.toThrow(
      new RegExp(`^stack dev is locked by another operation\n {2}- ${who} `),
    );
    child.stdin.write("go\n");
    await ended;
    const release = await store.lock();
    await release();
  });

  it("of a dead process stays until it is cancelled", async () => {
    const child = spawn("true");
    await new Promise((resolve) => child.once("exit", resolve));
    await mkdir(locks(), { recursive: true });
    const content = { pid: child.pid, username: "ann", hostname: hostname(), timestamp: "T" };
    await writeFile(join(locks(), "0a.json"), JSON.stringify(content));
    await writeFile(join(locks(), "0a.json.attrs"), "{}");
    await expect(store.lock()).rejects.toThrow(
      `ann@${hostname()} (pid ${child.pid}, which no longer runs) since T: ${join(locks(), "0a.json")}\nWait for it to end; if it is dead, remove the lock with \`clocker cancel\` or \`pulumi cancel\`.`,
    );
    await backend.cancel("shop", "dev");
    await (
      await store.lock()
    )();
  });

  it("is given to at most one of many", async () => {
    const stores = await Promise.all(
      Array.from({ length: 6 }, async () => (await open()).stack("shop", "dev")),
    );
    const results = await Promise.allSettled(stores.map((one) => one.lock()));
    const taken = results.filter((result) => result.status === "fulfilled");
    expect(taken.length).toBeLessThanOrEqual(1);
    for (const { value } of taken) await value();
    await (
      await store.lock()
    )();
  });
});

describe("history", () => {
  const record = (kind: UpdateRecord["kind"], message: string): UpdateRecord => ({
    kind,
    startTime: 1,
    message,
    environment: {},
    config: {
      "shop:plain": { value: "1" },
      "shop:pass": { value: "v1:a:b", secure: true },
      "shop:map": { value: '{"a":{"secure":"v1:c:d"}}', secure: true, object: true },
    },
    result: "succeeded",
    endTime: 2,
    version: 0,
    resourceChanges: { create: 1 },
  });

  it("holds what finished, newest first, with a copy of the state, in the CLI's form", async () => {
    await store.save(snapshotOf(thing("a")));
    await store.record(record("update", "first"));
    await store.record(record("destroy", "second"));
    expect(await store.history()).toEqual([record("destroy", "second"), record("update", "first")]);
    const names = await readdir(join(root, ".pulumi", "history", "shop", "dev"));
    expect(names).toHaveLength(4);
    expect(names[0]).toMatch(/^dev-\d{19}\.checkpoint\.json$/);
    const entry = names.find((name) => name.includes(".history.")) ?? "";
    const file = await readFile(join(root, ".pulumi", "history", "shop", "dev", entry), "utf8");
    expect((JSON.parse(file) as { config: unknown }).config).toEqual({
      "shop:plain": "1",
      "shop:pass": { secure: "v1:a:b" },
      "shop:map": { a: { secure: "v1:c:d" } },
    });
    const backups = await readdir(join(root, ".pulumi", "backups", "shop", "dev"));
    expect(backups[0]).toMatch(/^dev\.\d{19}\.json$/);
  });
});

describe("the backend", () => {
  it("lists stacks and leaves out what is none", async () => {
    await store.save(snapshotOf(thing("a")));
    await store.save(snapshotOf(thing("a")));
    await backend.stack("other", "prod").save(emptySnapshot());
    await writeFile(join(root, ".pulumi", "stacks", "note.txt"), "");
    expect(await backend.list("shop")).toMatchObject([
      { project: "shop", stack: "dev", resourceCount: 2 },
    ]);
    expect((await backend.list()).map(({ project, stack }) => `${project}/${stack}`)).toEqual([
      "other/prod",
      "shop/dev",
    ]);
  });

  it("refuses to remove what still has resources, and then removes it with its history", async () => {
    await store.save(snapshotOf(thing("a")));
    await expect(backend.remove("shop", "dev", { force: false })).rejects.toThrow(
      "stack dev still has 2 resources\nDestroy it first, or remove it with --force, which forgets them and leaves them running.",
    );
    expect(await readdir(locks())).toEqual([]);
    await backend.remove("shop", "dev", { force: true });
    expect(await store.load()).toBeNull();
    expect(await readdir(folder())).toEqual(["dev.json.bak"]);
    await expect(backend.remove("shop", "dev", { force: true })).rejects.toThrow(
      "no stack named dev was found in project shop",
    );
  });

  it("removes a stack that holds only its own root", async () => {
    await store.save(snapshotOf());
    await backend.remove("shop", "dev", { force: false });
    expect(await backend.list()).toEqual([]);
  });

  it("refuses layouts it does not know", async () => {
    await mkdir(join(root, ".pulumi", "stacks"), { recursive: true });
    await writeFile(join(root, ".pulumi", "stacks", "dev.json"), "{}");
    await expect(open()).rejects.toThrow(
      `the state in ${root} has the old layout without projects\nBring it up to date with \`pulumi state upgrade\`.`,
    );
    await writeFile(join(root, ".pulumi", "meta.yaml"), "version: 7\n");
    await expect(open()).rejects.toThrow("has version 7, which only a newer pulumi CLI can use");
    await writeFile(join(root, ".pulumi", "meta.yaml"), "version: 1\n");
    await expect(open()).resolves.toBeDefined();
  });

  it.each(["../evil", "..", "", "a/b", "x".repeat(101)])("takes %j as no name", (name) => {
    expect(() => backend.stack("shop", name)).toThrow("is no name for a stack");
    expect(() => backend.stack(name, "dev")).toThrow("is no name for a project");
  });
});
