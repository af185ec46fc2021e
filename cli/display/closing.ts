import type { Progress } from "./progress.js";
import { isWorthSaying, renderDiagnostics, renderPolicies } from "./diagnostics.js";
import { BLANK, line, span, type Line } from "./text.js";
import { isRecord, isSecret, oneLine, readable, same, SECRET } from "./values.js";
import { count, duration, OP_ORDER, OPS } from "./words.js";

export interface ClosingOptions {
  showOutputs: boolean;
  /** The outputs with their secrets in the clear, if they are to be shown so. */
  openOutputs?: Readonly<Record<string, unknown>> | undefined;
  /** Info messages were printed as they came and are not repeated. */
  infoWasPrinted: boolean;
}

/** What follows the last rows: policies, diagnostics, outputs, counts and duration. */
export function renderClosing(progress: Progress, options: ClosingOptions): Line[] {
  const sections = [
    renderPolicies(progress),
    renderDiagnostics(progress, (row, message) =>
      isWorthSaying(row, message, progress, options.infoWasPrinted),
    ),
    options.showOutputs ? renderOutputs(progress, options.openOutputs) : [],
    renderSummary(progress),
  ];
  return sections.filter((section) => section.length > 0).flatMap((section) => [...section, BLANK]);
}

/** The stack's outputs; in colour and with a symbol what changes. */
function renderOutputs(
  progress: Progress,
  open: Readonly<Record<string, unknown>> | undefined,
): Line[] {
  const step = progress.stackOutputs;
  if (step === undefined || progress.options.action === "destroy") return [];
  const before = step.old?.outputs ?? {};
  const after = step.new?.outputs ?? {};
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  const width = Math.max(0, ...keys.map((key) => key.length));
  const lines = keys.flatMap((key): Line[] => {
    const label = `${key.padEnd(width)}: `;
    const isOpen = open !== undefined && key in open;
    const value = isOpen ? open[key] : readable(after[key]);
    if (!(key in before)) return valueLines("  + ", label, value, "green");
    if (!(key in after)) {
      return [[span(`  - ${label}${oneLine(readable(before[key]))}`, "red")]];
    }
    const old = readable(before[key]);
    if (isSecret(before[key]) && isSecret(after[key])) {
      return isOpen ? valueLines("    ", label, value) : [line(`    ${label}${SECRET}`)];
    }
    if (same(old, value)) return valueLines("    ", label, value);
    return [[span(`  ~ ${label}${oneLine(old)} => ${oneLine(value)}`, "yellow")]];
  });
  return lines.length === 0 ? [] : [line("Outputs:", "heading"), ...lines];
}

/** Short values on one line, objects as an indented tree. */
function valueLines(lead: string, label: string, value: unknown, style?: "green"): Line[] {
  const short = oneLine(value);
  if (!(isRecord(value) || Array.isArray(value)) || short.length <= 80) {
    return [[span(`${lead}${label}${short}`, style)]];
  }
  const [first = "", ...rest] = JSON.stringify(value, null, 2).split("\n");
  return [
    [span(`${lead}${label}${first}`, style)],
    ...rest.map((each) => [span(`${" ".repeat(lead.length)}${each}`, style)]),
  ];
}

/** Counts by kind of step, and the time. */
function renderSummary(progress: Progress): Line[] {
  const summary = progress.summary;
  if (summary === undefined) return [];
  const { isPreview } = progress.options;
  let changed = 0;
  let kinds = 0;
  const lines: Line[] = [line("Resources:", "heading")];
  for (const op of OP_ORDER) {
    const amount = summary.changes[op] ?? 0;
    if (amount === 0 || op === "same" || op.startsWith("read") || op === "discard") continue;
    changed += amount;
    kinds += 1;
    const words = OPS[op];
    const text = isPreview ? `to ${words.toDo}` : words.done;
    lines.push([span(`    ${words.symbol} ${amount} ${text}`, words.style)]);
  }
  const total = kinds > 1 ? count(changed, "change") : "";
  const same = summary.changes["same"] ?? 0;
  const unchanged = same > 0 ? `${same} unchanged` : "";
  const rest = [total, unchanged].filter((part) => part !== "").join(". ");
  if (rest !== "") lines.push(line(`    ${rest}`));
  const failed = [...progress.rows.values()].filter((row) => row.hasFailed).length;
  if (failed > 0) lines.push([span(`    ${failed} failed`, "red")]);
  if (lines.length === 1) lines.push(line("    nothing to do"));
  if (isPreview) return lines;
  return [
    ...lines,
    BLANK,
    [span("Duration:", "heading"), span(` ${duration(summary.durationSeconds)}`)],
  ];
}
