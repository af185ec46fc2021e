import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { type Case, CaseRunner } from "./support/conformance.js";
import {
  callProblems,
  dependencies,
  errorClasses,
  opsProblems,
  stateProblems,
} from "./support/partial-order.js";

const recordings = JSON.parse(readFileSync(join(__dirname, "cases/conformance.json"), "utf8")) as {
  project: string;
  stack: string;
  cases: Case[];
};

/** What the Pulumi CLI did, recorded; this engine must do the same. */
describe("conformance", () => {
  let runner: CaseRunner | undefined;
  afterEach(() => runner?.close());

  test.each(recordings.cases)("$topic: $name", async ({ steps }) => {
    runner = new CaseRunner(recordings.project, recordings.stack);
    let before = new Map<string, Set<string>>();
    for (const [index, step] of steps.entries()) {
      const { expected } = step;
      const actual = await runner.run(step);
      const where = `step ${index + 1}, ${step.command}`;
      const now = dependencies(step.spec);
      const sorted = (list: string[]): string[] => [...list].sort();
      expect(
        {
          ops: sorted(actual.ops),
          rc: actual.rc,
          summary: actual.summary,
          errors: actual.errors.length > 0,
        },
        where,
      ).toEqual({
        ops: sorted(expected.ops),
        rc: expected.rc,
        summary: expected.summary,
        errors: expected.errors.length > 0,
      });
      expect(sorted(actual.calls), where).toEqual(sorted(expected.calls));
      expect(sorted(actual.state), where).toEqual(sorted(expected.state));
      expect(actual.pending, where).toEqual(expected.pending);
      expect(opsProblems(actual.ops, expected.ops, before, now), where).toEqual([]);
      expect(callProblems(actual.calls, before, now), where).toEqual([]);
      expect(stateProblems(actual.state, now.size > 0 ? now : before), where).toEqual([]);
      // The program's own report differs in form; everything else must be of the same kind.
      const kinds = (list: string[]): string[] =>
        errorClasses(list).filter((kind) => kind !== "program" && kind !== "closing");
      expect(kinds(actual.errors), where).toEqual(kinds(expected.errors));
      if (step.spec.length > 0) before = now;
    }
  });
});
