import { parseArgs } from "node:util";
import { cleanUpAll } from "./cleanup.js";
import type { BenchRow } from "./row.js";

/** Suites by name; each measures what it compares in one run, so that the ratios hold on a noisy machine. */
const SUITES: Record<string, () => Promise<{ run(): Promise<BenchRow[]> }>> = {
  placement: () => import("./placement.js"),
  engine: () => import("./engine.js"),
  network: () => import("./network.js"),
  "network-scale": () => import("./network-scale.js"),
  up: () => import("./up.js"),
};

/** `npm run bench [-- suite...] [--json]`: one table of ratios, or the same as JSON. Exit code 0 also when a goal is missed. */
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: "boolean", default: false } },
  });
  const unknown = positionals.find((name) => !(name in SUITES));
  if (unknown !== undefined) {
    console.error(
      `bench: there is no suite ${unknown}; there are ${Object.keys(SUITES).join(", ")}`,
    );
    return 255;
  }
  const rows: BenchRow[] = [];
  for (const name of positionals.length > 0 ? positionals : Object.keys(SUITES)) {
    if (!values.json) console.error(`Measuring ${name} ...`);
    rows.push(...(await (await SUITES[name]!()).run()));
  }
  if (values.json) console.log(JSON.stringify(rows, null, 2));
  else print(rows);
  return 0;
}

function print(rows: readonly BenchRow[]): void {
  const cells = rows.map((row) => [
    row.suite,
    row.name,
    `${amount(row.value)} ${row.unit}`,
    row.ratio === undefined ? "" : `${row.ratio.toFixed(2)} x ${row.against ?? ""}`,
    row.goal ?? "",
    row.ok === undefined ? "" : row.ok ? "reached" : "missed",
  ]);
  const all = [["SUITE", "WHAT", "MEASURED", "RATIO", "GOAL", ""], ...cells];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  for (const row of all) {
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join("  ")
        .trimEnd(),
    );
  }
}

function amount(value: number): string {
  return value >= 1000
    ? Math.round(value).toLocaleString("en")
    : String(Number(value.toPrecision(3)));
}

let interrupted = false;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    if (interrupted) return;
    interrupted = true;
    console.error("bench: interrupted; removing what was made ...");
    void cleanUpAll().finally(() => process.exit(130));
  });
}

main().then(
  (code) => {
    if (!interrupted) process.exit(code);
  },
  (error: unknown) => {
    if (interrupted) return;
    console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  },
);
