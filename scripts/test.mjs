// The whole suite with one readable summary: static checks, then unit, engine and lab tests. Arguments go to vitest
// (`npm test -- tests/unit`), and leave the static checks out. Closes with "N passed, N failed, N skipped".
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve, dirname } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const args = process.argv.slice(2);
const total = { passed: 0, failed: 0, skipped: 0 };
const failed = [];

function seconds(since) {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`;
}

function check(name, script, scriptArgs) {
  const start = Date.now();
  const result = spawnSync(process.execPath, [join(root, script), ...scriptArgs], {
    cwd: root,
    encoding: "utf8",
  });
  if (result.status === 0) {
    total.passed++;
    console.log(`  ok    ${name} (${seconds(start)})`);
    return;
  }
  total.failed++;
  failed.push(name);
  console.log(
    `  FAIL  ${name}\n${`${result.stdout}${result.stderr}`.trim().replace(/^/gm, "        ")}`,
  );
}

if (args.length === 0) {
  console.log("Static checks");
  check("types", "node_modules/typescript/bin/tsc", ["--noEmit", "-p", "tsconfig.test.json"]);
  check("lint", "node_modules/eslint/bin/eslint.js", [".", "--max-warnings", "0"]);
  check("format", "node_modules/prettier/bin/prettier.cjs", [
    "--check",
    "--log-level",
    "warn",
    ".",
  ]);
}

const folder = mkdtempSync(join(tmpdir(), "clocker-test-"));
const summary = join(folder, "summary.json");
const vitest = spawnSync(
  process.execPath,
  [
    join(root, "node_modules/vitest/vitest.mjs"),
    "run",
    "--reporter",
    join(root, "tests/support/reporter.ts"),
    ...args,
  ],
  { cwd: root, stdio: "inherit", env: { ...process.env, CLOCKER_TEST_SUMMARY: summary } },
);
try {
  const counts = JSON.parse(readFileSync(summary, "utf8"));
  for (const key of Object.keys(total)) total[key] += counts[key];
  failed.push(...counts.failedNames);
} catch {
  total.failed++;
  failed.push("vitest ended without a summary");
}
rmSync(folder, { recursive: true, force: true });
if (vitest.status !== 0 && total.failed === 0) {
  total.failed++;
  failed.push("vitest reported errors outside tests");
}
if (failed.length > 0) console.log(`\nFailed:\n${failed.map((name) => `  - ${name}`).join("\n")}`);
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed > 0 ? 1 : 0);
