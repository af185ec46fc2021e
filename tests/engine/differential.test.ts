import fc from "fast-check";
import { expect, test } from "vitest";
import "../support/property-seed.js";
import type { Step } from "./support/case-format.js";
import { CaseRunner } from "./support/case-runner.js";
import { exactly } from "./support/compare-outcomes.js";
import { stateDifferences } from "./support/compare-states.js";
import { EmbeddedEngine } from "./support/embedded-engine.js";
import { cliVersion, PulumiCli } from "./support/pulumi-cli.js";
import { steps } from "./support/random-programs.js";
import { ignoreRejections } from "./support/rejections.js";

// Random programs with random options, changes and failures of one provider call: the engine and the real CLI do the same
// things to the same resources and leave the same state, step by step.

ignoreRejections();

const RUNS = Number(process.env["RANDOM_RUNS"] ?? 8);
const STACK = { project: "bb", stack: "dev" };

async function holdAgainstCli(list: readonly Step[]): Promise<void> {
  const ours = new CaseRunner(new EmbeddedEngine(STACK.project, STACK.stack), STACK);
  const theirs = new CaseRunner(new PulumiCli(STACK.stack), STACK);
  try {
    for (const [index, step] of list.entries()) {
      const expected = await theirs.run(step);
      const actual = await ours.run(step);
      const where = [`step ${index + 1}, ${step.command}`, ...expected.errors].join("; ");
      expect(exactly(actual), where).toEqual(exactly(expected));
      const differences = stateDifferences(await ours.engine.load(), await theirs.engine.load());
      expect(differences, where).toEqual([]);
    }
  } finally {
    await ours.close();
    await theirs.close();
  }
}

test.skipIf(cliVersion() === undefined)(
  "random programs: the engine does what the CLI does (skipped where no pulumi is on the PATH)",
  async () => {
    try {
      await fc.assert(fc.asyncProperty(steps, holdAgainstCli), {
        numRuns: RUNS,
        endOnFailure: true,
      });
    } finally {
      PulumiCli.clear();
    }
  },
  RUNS * 90_000,
);
