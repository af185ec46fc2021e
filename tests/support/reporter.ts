import { writeFileSync } from "node:fs";
import type { Reporter, TestCase, TestModule, TestSuite } from "vitest/node";

/** One line a file, failures in full, skips with their reasons; the counts go to a file for scripts/test.mjs. */
export default class SummaryReporter implements Reporter {
  private project = "";
  private readonly counts = { passed: 0, failed: 0, skipped: 0, failedNames: [] as string[] };

  onTestModuleEnd(module: TestModule): void {
    if (module.project.name !== this.project) {
      this.project = module.project.name;
      console.log(`\n${this.project}`);
    }
    const tests = [...module.children.allTests()];
    const failed = tests.filter((test) => test.result().state === "failed");
    const skipped = tests.filter((test) => test.result().state === "skipped");
    const passed = tests.length - failed.length - skipped.length;
    // A hook that fails leaves its suite's tests skipped: the failure is the suite's.
    const suites = [...module.children.allSuites()];
    const moduleErrors = [...module.errors(), ...suites.flatMap((suite) => suite.errors())];
    const isBroken = failed.length > 0 || moduleErrors.length > 0;
    this.counts.passed += passed;
    this.counts.failed += failed.length + (moduleErrors.length > 0 ? 1 : 0);
    this.counts.skipped += skipped.length;
    const numbers = [
      `${passed} passed`,
      ...(failed.length > 0 ? [`${failed.length} failed`] : []),
      ...(skipped.length > 0 ? [`${skipped.length} skipped`] : []),
    ].join(", ");
    const duration = `${(module.diagnostic().duration / 1000).toFixed(1)} s`;
    console.log(
      `  ${isBroken ? "FAIL " : "ok   "} ${module.relativeModuleId}: ${numbers} (${duration})`,
    );
    for (const test of failed) this.showFailure(test);
    for (const error of moduleErrors) {
      this.counts.failedNames.push(module.relativeModuleId);
      console.log(indent(`${error.message}\n${error.stack ?? ""}`));
    }
    for (const line of skipLines(skipped)) console.log(`        skipped: ${line}`);
  }

  onTestRunEnd(_modules: readonly TestModule[], errors: readonly { message: string }[]): void {
    for (const error of errors) {
      this.counts.failed++;
      this.counts.failedNames.push(`outside tests: ${error.message}`);
    }
    const file = process.env.CLOCKER_TEST_SUMMARY;
    if (file) writeFileSync(file, JSON.stringify(this.counts));
    else
      console.log(
        `\n${this.counts.passed} passed, ${this.counts.failed} failed, ${this.counts.skipped} skipped`,
      );
  }

  private showFailure(test: TestCase): void {
    this.counts.failedNames.push(`${test.module.relativeModuleId}: ${test.fullName}`);
    console.log(`        x ${test.fullName}`);
    for (const error of test.result().errors ?? []) {
      const where = error.stack
        ?.split("\n")
        .find((line) => line.includes("/tests/"))
        ?.trim();
      console.log(indent([error.message, error.diff, where].filter(Boolean).join("\n")));
    }
  }
}

/** One line for each test with its reason, and one for a whole suite that was skipped for one reason. */
function skipLines(skipped: readonly TestCase[]): string[] {
  const counts = new Map<string, number>();
  for (const test of skipped) {
    const result = test.result();
    const note = result.state === "skipped" && result.note ? `: ${result.note}` : "";
    const line = `${skippedWhole(test)?.fullName ?? test.fullName}${note}`;
    counts.set(line, (counts.get(line) ?? 0) + 1);
  }
  return [...counts].map(([line, count]) => (count > 1 ? `${line} (${count} tests)` : line));
}

/** The largest suite around a test of which every test was skipped. */
function skippedWhole(test: TestCase): TestSuite | undefined {
  let whole: TestSuite | undefined;
  for (let at = test.parent; at.type === "suite"; at = at.parent) {
    const tests = [...at.children.allTests()];
    if (tests.length > 1 && tests.every((each) => each.result().state === "skipped")) whole = at;
  }
  return whole;
}

function indent(text: string): string {
  return text.replace(/^/gm, "          ");
}
