import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Case, CaseFile, Step } from "./case-format.js";

const FOLDER = join(__dirname, "../cases");

/** The tables of cases, one for each topic. */
export function caseFiles(): CaseFile[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith(".json") && name !== "conformance.json")
    .sort()
    .map((name) => JSON.parse(readFileSync(join(FOLDER, name), "utf8")) as CaseFile);
}

/** Writes a table back after a recording: what belongs together on one line. */
export function writeCaseFile(file: CaseFile): void {
  const { cases, ...head } = file;
  const text = JSON.stringify(head).slice(0, -1);
  const body = cases.map(writeCase).join(",\n");
  writeFileSync(join(FOLDER, `${file.topic}.json`), `${text},\n"cases": [\n${body}\n]}\n`);
}

function writeCase({ steps, ...head }: Case): string {
  const text = JSON.stringify(head).slice(0, -1);
  return ` ${text},\n  "steps": [\n${steps.map(writeStep).join(",\n")}]}`;
}

function writeStep({ spec, expected, ...head }: Step): string {
  const parts = [JSON.stringify(head).slice(1, -1)];
  if (spec !== undefined) parts.push(`"spec":${JSON.stringify(spec)}`);
  if (expected !== undefined) {
    const { state, ...rest } = expected;
    const lines = state.map((line) => `\n     ${JSON.stringify(line)}`).join(",");
    parts.push(`"expected":${JSON.stringify(rest).slice(0, -1)},"state":[${lines}]}`);
  }
  return `   {${parts.join(",\n    ")}}`;
}
