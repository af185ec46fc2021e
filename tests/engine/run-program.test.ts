import { afterEach, describe, expect, test } from "vitest";
import { CaseRunner } from "./support/case-runner.js";
import type { Outcome, SpecEntry, Step } from "./support/case-format.js";
import { EmbeddedEngine } from "./support/embedded-engine.js";
import { ProgramStack } from "./support/program-stack.js";

let close = async (): Promise<void> => undefined;
afterEach(() => close());

/** What `destroy --run-program` does with a program, after an `up` of another. */
async function destroyed(
  before: SpecEntry[],
  spec: SpecEntry[],
  { flags = [], ...rest }: Partial<Step> = {},
): Promise<Outcome> {
  const runner = new CaseRunner(new EmbeddedEngine("bb", "dev"), { project: "bb", stack: "dev" });
  close = () => runner.close();
  expect((await runner.run({ command: "up", spec: before, ...rest })).rc).toBe(0);
  return runner.run({ command: "destroy", flags: ["--run-program", ...flags], spec });
}

/** Here the CLI 3.270 leaves a state that it refuses to read from then on, or panics (in the last). */
describe("a destroy with the program leaves a sound state", () => {
  test("what a protected resource needs that the program does not register stays", async () => {
    const outcome = await destroyed(
      [{ name: "a", opts: { protect: true } }, { name: "b" }],
      [{ name: "b" }],
    );
    expect(outcome.rc).toBe(1);
    expect(outcome.ops).toEqual(["same b", expect.any(String), expect.any(String), "FAILED a"]);
    expect(outcome.calls).toContain("delete b-0");
    expect(outcome.state).toEqual(['a (protect) id=a-0 out={"out":"out-0"}']);
  });

  test("what is left out keeps what it needs by the program", async () => {
    const outcome = await destroyed(
      [{ name: "a" }, { name: "b" }, { name: "d" }],
      [{ name: "a" }, { name: "b", opts: { dependsOn: ["a"] } }, { name: "d" }],
      { flags: ["--exclude", "@b"] },
    );
    expect(outcome.rc).toBe(0);
    expect(outcome.calls.filter((call) => call.startsWith("delete"))).toEqual(["delete d-0"]);
    expect(outcome.state).toEqual([
      'a id=a-0 out={"out":"out-0"}',
      'b id=b-0 out={"out":"out-0"} needs=a',
    ]);
  });

  test("what the program only reads now is deleted, and what it reads forgotten", async () => {
    const outcome = await destroyed([{ name: "a" }], [{ name: "a", get: "g-1" }], {
      cloud: { "g-1": { out: "seen" } },
    });
    expect(outcome.rc).toBe(0);
    expect(outcome.calls).toContain("delete a-0");
    expect(outcome.calls).not.toContain("delete g-1");
    expect(outcome.summary).toMatchObject({ discard: 1 });
    expect(outcome.state).toEqual([]);
  });

  test("what was only read is forgotten, also when the program wants to own it", async () => {
    const outcome = await destroyed([{ name: "g", get: "g-1" }], [{ name: "g", args: { x: 1 } }], {
      cloud: { "g-1": { out: "seen" } },
    });
    expect(outcome.rc).toBe(0);
    expect(outcome.ops).toEqual(["same g", "discard g"]);
    expect(outcome.calls).not.toContain("delete g-1");
    expect(outcome.state).toEqual([]);
  });
});

describe("an update after it still does what only an update can do", () => {
  const before: SpecEntry[] = [
    { name: "a", opts: { protect: true, replacementTrigger: 1 } },
    { name: "b", opts: { protect: true } },
  ];
  const after: SpecEntry[] = [
    { name: "a", opts: { protect: true, replacementTrigger: 2 } },
    { name: "b", opts: { protect: true, import: "b-7" } },
  ];
  const kept = [
    'a (protect) id=a-0 out={"out":"out-0"} trigger=1',
    'b (protect) id=b-0 out={"out":"out-0"}',
  ];

  test("a destroy that could not delete", async () => {
    const outcome = await destroyed(before, after);
    expect(outcome.rc).toBe(1);
    expect(outcome.calls.filter((call) => call.startsWith("delete"))).toEqual([]);
    expect([...outcome.state].sort()).toEqual(kept);
  });

  test("a refresh", async () => {
    const runner = new CaseRunner(new EmbeddedEngine("bb", "dev"), { project: "bb", stack: "dev" });
    close = () => runner.close();
    expect((await runner.run({ command: "up", spec: before })).rc).toBe(0);
    const flags = ["--run-program"];
    const outcome = await runner.run({ command: "refresh", flags, spec: after });
    expect(outcome.rc).toBe(0);
    expect([...outcome.state].sort()).toEqual(kept);
  });
});

describe("a program that is a child process", () => {
  const SCRIPT = `
    const fs = await import("node:fs");
    const hook = new pulumi.ResourceHook("h", async ({ name }) => {
      fs.appendFileSync(process.env.CALL_LOG, "hook " + name + "\\n");
    });
    const a = new Thing("a", { size: Number(process.env.SIZE) }, { hooks: { beforeDelete: [hook] } });
    new Thing("b", { from: a.made });
    if (process.env.MORE) new Thing("c", { from: a.made });
  `;

  test("is refreshed and destroyed with its hooks, and makes nothing", async () => {
    const stack = new ProgramStack("script", "script");
    close = async () => stack.close();
    const opened = await stack.open({ SCRIPT, SIZE: "1" });
    expect(await opened.up()).toMatchObject({ errors: [], changeSummary: { create: 3 } });
    await expect(opened.destroy()).rejects.toThrow("the stack has delete hooks");
    stack.calls();

    const changed = await stack.open({ SIZE: "2", MORE: "1" });
    expect(await changed.refresh({ runProgram: true })).toMatchObject({
      errors: [],
      result: "succeeded",
      changeSummary: { same: 4 },
    });
    expect(await changed.destroy({ runProgram: true, preview: true })).toMatchObject({
      errors: [],
      changeSummary: { delete: 3 },
    });
    expect(stack.calls().filter((call) => !call.startsWith("read"))).toEqual([]);
    expect(await changed.destroy({ runProgram: true })).toMatchObject({
      errors: [],
      changeSummary: { delete: 3, same: 4 },
    });
    expect(stack.calls()).toEqual(["delete id-b", "hook a", "delete id-a"]);
    expect((await stack.store.load())?.resources).toEqual([]);
  });
});
