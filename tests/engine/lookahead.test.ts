import fc from "fast-check";
import { expect, test } from "vitest";
import "../support/property-seed.js";
import type { Outcome, SpecEntry, Step } from "./support/case-format.js";
import { CaseRunner } from "./support/case-runner.js";
import { exactly } from "./support/compare-outcomes.js";
import { stateDifferences } from "./support/compare-states.js";
import { EmbeddedEngine } from "./support/embedded-engine.js";
import { parallelSteps } from "./support/random-programs.js";
import { ignoreRejections } from "./support/rejections.js";

// Providers are asked about registrations that wait for their turn. Only when: nothing else may be different.

ignoreRejections();

const STACK = { project: "bb", stack: "dev" };

const runner = (isAhead: boolean): CaseRunner =>
  new CaseRunner(
    new EmbeddedEngine(STACK.project, STACK.stack, { CLOCKER_ASK_AHEAD: String(isAhead) }),
    STACK,
  );

async function runSteps(isAhead: boolean, steps: readonly Step[]): Promise<Outcome[]> {
  const running = runner(isAhead);
  const outcomes: Outcome[] = [];
  try {
    for (const step of steps) outcomes.push(await running.run(step));
  } finally {
    await running.close();
  }
  return outcomes;
}

/** What the provider was asked about the resources, in order. */
const asked = (outcome: Outcome | undefined): string[] =>
  (outcome?.calls ?? []).filter((call) => /^(check|diff) /.test(call));

const three = (x: number): SpecEntry[] => ["a", "b", "c"].map((name) => ({ name, args: { x } }));

test("the provider is asked about what waits, at once: a's difference can wait for the question about c's", async () => {
  const rules = { "diff a": { after: "diff c" } };
  const [, again] = await runSteps(true, [
    { command: "up", spec: three(1) },
    { command: "preview", rules },
  ]);
  expect(again?.errors).toEqual([]);
  expect(again?.summary).toEqual({ same: 4 });
});

test("with --parallel 1, and when the user says so, one question follows the other", async () => {
  const inTurn = ["a", "b", "c"].flatMap((name) => [`check ${name} with olds`, `diff ${name}`]);
  const first: Step = { command: "up", spec: three(1) };
  const [, alone] = await runSteps(true, [
    first,
    { command: "preview", flags: ["--parallel", "1"] },
  ]);
  expect(asked(alone)).toEqual(inTurn);
  const [, wished] = await runSteps(false, [first, { command: "preview" }]);
  expect(asked(wished)).toEqual(inTurn);
});

test("what a deletion before a replacement takes along is not asked ahead: its old inputs do not count", async () => {
  // In the state b needs a; in the program it no longer does, so that both are registered at once. With more inputs b comes second.
  const more = { x: 1, y: 1, z: 1 };
  const before: SpecEntry[] = [
    { name: "a", args: { rk: 1, dbr: true } },
    { name: "b", args: { rfrom: "$a.out", ...more } },
  ];
  const now: SpecEntry[] = [
    { name: "a", args: { rk: 2, dbr: true } },
    { name: "b", args: { rfrom: "out-1", ...more } },
  ];
  const steps: Step[] = [
    { command: "up", spec: before },
    { command: "up", spec: now },
  ];
  const [, ahead] = await runSteps(true, steps);
  expect(asked(ahead)).toEqual(["check a with olds", "diff a", "check a", "diff b", "check b"]);
});

test("a refusal by the provider is that of its resource, and is told once", async () => {
  const [outcome] = await runSteps(true, [
    { command: "up", spec: three(1), rules: { "check b": { fail: "boom" } } },
  ]);
  expect(outcome?.errors.filter((line) => line.includes("boom"))).toHaveLength(1);
  expect(asked(outcome).filter((call) => call === "check b")).toHaveLength(1);
});

test("random programs: asked ahead, the same is done with the same calls", async () => {
  await fc.assert(
    fc.asyncProperty(parallelSteps, async (steps) => {
      const [ahead, inTurn] = [runner(true), runner(false)];
      try {
        for (const step of steps) {
          expect(exactly(await ahead.run(step))).toEqual(exactly(await inTurn.run(step)));
          const states = [await ahead.engine.load(), await inTurn.engine.load()] as const;
          expect(stateDifferences(...states)).toEqual([]);
        }
      } finally {
        await ahead.close();
        await inTurn.close();
      }
    }),
    { numRuns: Number(process.env["RANDOM_RUNS"] ?? 10) },
  );
}, 300_000);
