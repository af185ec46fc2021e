import { afterAll, afterEach, describe, expect, test } from "vitest";
import { CaseRunner, type Engine } from "./support/case-runner.js";
import type { Case, CaseFile, Outcome } from "./support/case-format.js";
import { caseFiles, writeCaseFile } from "./support/case-files.js";
import { dependenciesOf, exactly, orderProblems } from "./support/compare-outcomes.js";
import { stateDifferences } from "./support/compare-states.js";
import { EmbeddedEngine } from "./support/embedded-engine.js";
import { ignoreRejections } from "./support/rejections.js";
import type { Snapshot } from "../../engine/state/model.js";
import { cliVersion, PulumiCli } from "./support/pulumi-cli.js";

/** `RECORD=all` writes what the CLI does into the tables, `RECORD=new` what they do not have yet; `CASE=<regular expression>` picks cases. */
const RECORD = process.env["RECORD"];
const PICK = new RegExp(process.env["CASE"] ?? "");
const cli = process.env["CASES_WITHOUT_CLI"] === "1" ? undefined : cliVersion();

ignoreRejections();
afterAll(() => PulumiCli.clear());

const runners: CaseRunner[] = [];
afterEach(async () => {
  for (const runner of runners.splice(0)) await runner.close();
});

function runnerOn(engine: Engine, file: CaseFile): CaseRunner {
  const runner = new CaseRunner(engine, file);
  runners.push(runner);
  return runner;
}

const embedded = (file: CaseFile): CaseRunner =>
  runnerOn(new EmbeddedEngine(file.project, file.stack), file);
const pulumi = (file: CaseFile): CaseRunner => runnerOn(new PulumiCli(file.stack), file);

async function runAll(
  runner: CaseRunner,
  { steps }: Case,
  states: (Snapshot | null)[] = [],
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const step of steps) {
    outcomes.push(await runner.run(step));
    states.push(await runner.engine.load());
  }
  return outcomes;
}

/** Holds outcomes against the recorded ones. */
function hold(
  actual: readonly Outcome[],
  { name, steps }: Case,
  expected: readonly Outcome[],
): void {
  let before = new Map<string, Set<string>>();
  for (const [index, step] of steps.entries()) {
    const [own, recorded] = [actual[index], expected[index]];
    if (own === undefined || recorded === undefined) throw new Error(`${name} is not recorded`);
    const where = [`step ${index + 1}, ${step.command}`, ...own.errors].join("; ");
    expect(exactly(own), where).toEqual(exactly(recorded));
    const now = step.spec === undefined ? before : dependenciesOf(step.spec);
    expect(orderProblems(own, recorded, before, now), where).toEqual([]);
    before = now;
  }
}

/** What was recorded, with what the embedded engine does otherwise on purpose. */
function expectedOf({ steps, deviation }: Case): Outcome[] {
  return steps.flatMap(({ expected }, index) =>
    expected === undefined ? [] : [{ ...expected, ...deviation?.expected[String(index + 1)] }],
  );
}

/** The steps after which both have the same state: all, or those before the first that differs on purpose. */
function comparedSteps({ steps, deviation }: Case): number[] {
  const first = Math.min(...Object.keys(deviation?.expected ?? {}).map(Number));
  return [...steps.keys()].filter((index) => index + 1 < first);
}

for (const file of caseFiles()) {
  const cases = file.cases.filter(({ name }) => PICK.test(`${file.topic}: ${name}`));
  describe.skipIf(cases.length === 0)(file.topic, () => {
    if (RECORD !== undefined) {
      test.each(cases)("record $name", async (entry) => {
        if (RECORD === "new" && entry.steps.every(({ expected }) => expected !== undefined)) return;
        const outcomes = await runAll(pulumi(file), entry);
        for (const [index, step] of entry.steps.entries()) {
          const outcome = outcomes[index];
          if (outcome !== undefined) step.expected = outcome;
        }
      });
      afterAll(() => writeCaseFile(file));
      return;
    }

    test.each(cases)("$name", async (entry) => {
      hold(await runAll(embedded(file), entry), entry, expectedOf(entry));
    });

    // Where the CLI is at hand, it still does what was recorded, and each carries on what the other has left.
    if (cli === undefined) return;
    test.each(cases)("$name, with the CLI", async (entry) => {
      const [ours, theirs] = [embedded(file), pulumi(file)];
      const own: (Snapshot | null)[] = [];
      const others: (Snapshot | null)[] = [];
      hold(
        await runAll(theirs, entry, others),
        entry,
        entry.steps.flatMap(({ expected }) => expected ?? []),
      );
      await runAll(ours, entry, own);
      for (const index of comparedSteps(entry))
        expect(
          stateDifferences(own[index] ?? null, others[index] ?? null),
          `the states after step ${index + 1}`,
        ).toEqual([]);
      const [left, taken] = [own.at(-1), others.at(-1)];
      if (left == null || taken == null) throw new Error("a state is missing");
      const carriedOn = async (runner: CaseRunner, state: Snapshot): Promise<unknown> => {
        await runner.skipTo(entry.steps, state);
        return exactly(await runner.run({ command: "up" }));
      };
      if (entry.deviation === undefined) {
        expect(await carriedOn(embedded(file), taken), "carrying on").toEqual(
          await carriedOn(pulumi(file), left),
        );
        return;
      }
      // The two states differ on purpose: with each of them both go on in the same way.
      for (const [whose, state] of Object.entries({ ours: left, "the CLI's": taken }))
        expect(await carriedOn(embedded(file), state), `carrying on with ${whose}`).toEqual(
          await carriedOn(pulumi(file), state),
        );
    });
  });
}

test.skipIf(cli === undefined)(
  "the same cases with the CLI, and stacks handed over (skipped where no pulumi is on the PATH)",
  () => expect(cli).toMatch(/^v?\d+\./),
);
