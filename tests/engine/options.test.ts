import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { type EngineEvent, Stack } from "../../engine/index.js";
import { CaseRunner, type Outcome, type SpecEntry, type Step } from "./support/conformance.js";
import { MemoryStore } from "./support/memory-store.js";
import { ProgramStack } from "./support/program-stack.js";

const EMPTY: Outcome = {
  rc: 0,
  ops: [],
  calls: [],
  summary: {},
  state: [],
  pending: [],
  errors: [],
};
let runner: CaseRunner;
beforeEach(() => {
  runner = new CaseRunner("bb", "dev");
});
afterEach(() => {
  runner.close();
});

const run = (
  command: Step["command"],
  spec: SpecEntry[] = [],
  flags: string[] = [],
): Promise<Outcome> => runner.run({ command, spec, flags, cloud: {}, expected: EMPTY });
const up = (...spec: SpecEntry[]): Promise<Outcome> => run("up", spec);

/** What the reference says of the CLI beyond the recorded cases. */
describe("resource options", () => {
  test("a changed replacementTrigger replaces, create first; an equal one does nothing", async () => {
    const entry = (trigger: number): SpecEntry => ({
      name: "a",
      opts: { replacementTrigger: trigger },
    });
    await up(entry(1));
    expect((await up(entry(1))).ops).toEqual(["same a"]);
    expect((await up(entry(2))).ops).toEqual([
      "create-replacement a",
      "replace a",
      "delete-replaced a",
    ]);
  });

  test("replaceOnChanges has no effect when a dynamic provider only says that something changed", async () => {
    const entry = (x: number): SpecEntry => ({
      name: "a",
      args: { x },
      opts: { replaceOnChanges: ["x"] },
    });
    await up(entry(1));
    expect((await up(entry(2))).ops).toEqual(["update a"]);
  });

  test("deleteBeforeReplace by option wins", async () => {
    const entry = (rk: number): SpecEntry => ({
      name: "a",
      args: { rk },
      opts: { deleteBeforeReplace: true },
    });
    await up(entry(1));
    const replaced = await up(entry(2));
    expect(replaced.ops).toEqual(["delete-replaced a", "replace a", "create-replacement a"]);
    expect(replaced.calls).toEqual(["delete a-1", "create a"]);
    expect(replaced.state).toEqual(["a"]);
  });

  test("a replacement that fails after the deletion is taken up again", async () => {
    const entry = (args: Record<string, unknown>): SpecEntry => ({
      name: "a",
      args,
      opts: { deleteBeforeReplace: true },
    });
    await up(entry({ rk: 1 }));
    const failed = await up(entry({ rk: 2, fail: 1 }));
    expect(failed).toMatchObject({ rc: 1, state: ["a (pendingReplacement)"], pending: [] });
    const resumed = await up(entry({ rk: 2 }));
    expect(resumed.ops).toEqual(["replace a", "create-replacement a"]);
    expect(resumed).toMatchObject({ rc: 0, calls: ["create a"], state: ["a"] });

    await up(entry({ rk: 3, fail: 1 }));
    const dropped = await up();
    expect(dropped).toMatchObject({ rc: 0, calls: [], state: [] });
  });

  test("a replaced resource whose deletion fails stays, marked, and is deleted next time", async () => {
    await up({ name: "a", args: { rk: 1, nodel: 1 } });
    const first = await up({ name: "a", args: { rk: 2 } });
    expect(first).toMatchObject({
      rc: 1,
      state: ["a", "a (delete)"],
      calls: ["create a", "delete a-1"],
    });
    const second = await up({ name: "a", args: { rk: 2 } });
    expect(second.ops).toEqual(["same a", "delete-replaced a", "FAILED a"]);
    expect(second.state).toEqual(["a", "a (delete)"]);
  });

  test("a protected resource is not replaced: no op, nothing changed", async () => {
    const entry = (rk: number): SpecEntry => ({ name: "a", args: { rk }, opts: { protect: true } });
    await up(entry(1));
    const refused = await up(entry(2));
    expect(refused).toMatchObject({ rc: 1, ops: [], calls: [], state: ["a"] });
    expect(refused.errors[0]).toMatch(
      /^unable to replace resource "urn:pulumi:dev::bb::pulumi-nodejs:dynamic:Resource::a"/,
    );
  });

  test("a failed update keeps the old inputs, so that the next run updates again", async () => {
    await up({ name: "a", args: { x: 1 } });
    expect(await up({ name: "a", args: { x: 2, fail: 1 } })).toMatchObject({
      rc: 1,
      ops: ["update a", "FAILED a"],
    });
    expect(await up({ name: "a", args: { x: 2 } })).toMatchObject({
      rc: 0,
      ops: ["update a"],
      calls: ["update a"],
    });
  });

  test("a failed delete keeps what it was about; what came before it is gone", async () => {
    await up({ name: "a", args: { nodel: 1 } }, { name: "b", opts: { dependsOn: ["a"] } });
    const failed = await run("destroy");
    expect(failed).toMatchObject({
      rc: 1,
      ops: ["delete b", "delete a", "FAILED a"],
      state: ["a"],
      pending: [],
    });
  });

  test("reparenting with an alias is no change; the child's child follows", async () => {
    await up({ name: "c", component: 1 }, { name: "a" }, { name: "x", opts: { dependsOn: ["a"] } });
    const moved = await up(
      { name: "c", component: 1 },
      { name: "a", opts: { parent: "c", aliases: [{ parent: null }] } },
      { name: "x", opts: { dependsOn: ["a"] } },
    );
    expect(moved).toMatchObject({
      rc: 0,
      ops: ["same c", "same a", "same x"],
      calls: [],
      state: ["c", "a", "x"],
    });
    const snapshot = await runner.store.load();
    const urn = "urn:pulumi:dev::bb::my:m:C$pulumi-nodejs:dynamic:Resource::a";
    expect(snapshot?.resources.some((state) => state.urn === urn)).toBe(true);
    expect(snapshot?.resources.at(-1)?.dependencies).toEqual([urn]);
  });

  test("two resources of one name are refused", async () => {
    const twice = await up({ name: "a" }, { name: "a" });
    expect(twice.rc).toBe(1);
    expect(twice.errors[0]).toBe(
      "Duplicate resource URN 'urn:pulumi:dev::bb::pulumi-nodejs:dynamic:Resource::a'; try giving it a unique name",
    );
  });

  test("a component's protection is its children's, too", async () => {
    await up(
      { name: "c", component: 1, opts: { protect: true } },
      { name: "a", opts: { parent: "c" } },
    );
    const refused = await up();
    expect(refused).toMatchObject({ rc: 1, calls: [] });
    expect([...refused.state].sort()).toEqual(["a", "c"]);
    // What a failed deletion still needs is not even tried.
    expect(refused.ops).toEqual(["delete a", "FAILED a"]);
  });

  test("a target that does not exist is an error; destroying a target leaves the rest", async () => {
    const urn = (name: string): string =>
      `urn:pulumi:dev::bb::pulumi-nodejs:dynamic:Resource::${name}`;
    await up({ name: "a" }, { name: "b", opts: { dependsOn: ["a"] } }, { name: "free" });
    expect(await run("destroy", [], ["--target", urn("nobody")])).toMatchObject({
      rc: 1,
      calls: [],
    });
    expect(await run("destroy", [], ["--target", urn("b")])).toMatchObject({
      rc: 0,
      calls: ["delete b-0"],
      state: ["a", "free"],
    });
  });
});

describe("providers", () => {
  test("an explicit provider serves its resource and the children of its component; a changed one is not a replacement", async () => {
    const stack = new ProgramStack("script", "script");
    const SCRIPT = `
      class P extends pulumi.ProviderResource { constructor(n, args) { super("pulumi-nodejs", n, args); } }
      const own = new P("own", { size: process.env.SIZE });
      new Thing("mine", {}, { provider: own });
      const group = new pulumi.ComponentResource("my:m:C", "group", {}, { providers: { "pulumi-nodejs": own } });
      const inner = new pulumi.ComponentResource("my:m:C", "inner", {}, { parent: group });
      new Thing("inherited", {}, { parent: inner });
      new Thing("other", {});
    `;
    try {
      expect((await (await stack.open({ SCRIPT, SIZE: "1" })).up()).errors).toEqual([]);
      const providers: unknown = Object.fromEntries(
        ((await stack.store.load())?.resources ?? [])
          .filter(({ provider }) => provider)
          .map(({ urn, provider }) => [urn.split("::").at(-1), provider?.split("::").at(-2)]),
      );
      expect(providers).toEqual({ mine: "own", inherited: "own", other: "default" });
      expect(await (await stack.open({ SIZE: "2" })).up()).toMatchObject({
        changeSummary: { same: 6, update: 1 },
      });
      expect(await (await stack.open()).destroy()).toMatchObject({ result: "succeeded" });
    } finally {
      stack.close();
    }
  });
});

describe("options of the project", () => {
  // Where the SDK is found.
  const parent = join(__dirname, "../../.clocker");
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, "project-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("refresh: always begins each update with a refresh, unless it is told not to", async () => {
    writeFileSync(
      join(folder, "Pulumi.yaml"),
      "name: bb\nruntime: nodejs\noptions:\n  refresh: always\n",
    );
    const stack = await Stack.createOrSelect({
      stackName: "dev",
      workDir: folder,
      program: async () => undefined,
      store: new MemoryStore("bb", "dev"),
    });
    expect(await stack.up()).toMatchObject({ errors: [], changeSummary: { create: 1 } });
    const ops: string[] = [];
    const onEvent = ({ resourcePreEvent }: EngineEvent): void =>
      void (resourcePreEvent && ops.push(resourcePreEvent.metadata.op));
    await stack.up({ onEvent });
    expect(ops).toEqual(["refresh", "same"]);
    ops.length = 0;
    await stack.up({ onEvent, refresh: false });
    expect(ops).toEqual(["same"]);
  });
});
