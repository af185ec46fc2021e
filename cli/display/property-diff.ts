import type { StepEventMetadata } from "../../engine/events.js";
import { propertyChanges, visible, type PropertyChange } from "./changes.js";
import { describe } from "./diagnostics.js";
import { lineDiff } from "./line-diff.js";
import type { Progress, Row } from "./progress.js";
import { shownOp } from "./status.js";
import { BLANK, inline, line, sanitize, span, type Line, type Style } from "./text.js";
import { fullTree } from "./tree.js";
import { isRecord, oneLine, same } from "./values.js";
import { OPS } from "./words.js";

/** Every resource that changes with its properties, old and new: the `--diff` view. Secrets stay masked. */
export function renderPropertyDiffs(progress: Progress): Line[] {
  const blocks = fullTree(progress, { showSames: false })
    .map(({ row }) => renderRow(row, progress))
    .filter((block) => block.length > 0);
  if (blocks.length === 0) return [];
  return [line("Changes:", "heading"), ...blocks.flatMap((block) => [...block, BLANK])];
}

function renderRow(row: Row, progress: Progress): Line[] {
  const step = row.replacement ?? row.step;
  if (step === undefined || row === progress.root) return [];
  const op = shownOp(row, progress);
  const words = OPS[op];
  if (words.plan === "") return [];
  const properties = renderStep(step);
  if (properties.length === 0 && op !== "create" && op !== "delete" && op !== "replace") return [];
  const id = (step.old ?? step.new)?.id ?? "";
  return [
    [
      span(`  ${words.symbol.padEnd(2)} `, words.style),
      span(describe(row.urn), "bold"),
      span(` ${words.plan}`, words.style),
    ],
    ...(id === "" ? [] : [line(`       [id=${inline(id)}]`, "dim")]),
    ...properties,
  ];
}

function renderStep(step: StepEventMetadata): Line[] {
  if (step.old === null || step.new === null) {
    const [state, kind] = step.new === null ? [step.old, "delete"] : [step.new, "add"];
    if (kind === "delete") return [];
    return Object.entries(visible(state?.inputs))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([key, value]) => renderValue(key, value, "add", 1));
  }
  return propertyChanges(step).flatMap(renderChange);
}

const STYLE: Readonly<Record<PropertyChange["kind"], Style>> = {
  add: "green",
  delete: "red",
  update: "yellow",
};
const SYMBOL: Readonly<Record<PropertyChange["kind"], string>> = {
  add: "+",
  delete: "-",
  update: "~",
};

const lead = (kind: PropertyChange["kind"], depth: number): string =>
  `${"  ".repeat(depth)}   ${SYMBOL[kind]} `;

function renderChange(change: PropertyChange): Line[] {
  const lines =
    change.kind === "update"
      ? renderUpdate(change.key, change.old, change.new, 1)
      : renderValue(change.key, change.kind === "add" ? change.new : change.old, change.kind, 1);
  const [first, ...rest] = lines;
  if (!change.replaces || first === undefined) return lines;
  return [[...first, span("  [forces replacement]", "magenta")], ...rest];
}

/** A value that is new or gone: short ones on one line, others as a tree. */
function renderValue(key: string, value: unknown, kind: "add" | "delete", depth: number): Line[] {
  const start = lead(kind, depth);
  const short = oneLine(value);
  const style = STYLE[kind];
  const entries = entriesOf(value);
  if (entries === undefined || entries.length === 0 || short.length <= 60) {
    return textLines(`${start}${inline(key)}: `, value, style);
  }
  return [
    [span(`${start}${inline(key)}:`, style)],
    ...entries.flatMap(([name, entry]) => renderValue(name, entry, kind, depth + 1)),
  ];
}

/** Several lines of text are shown as such, everything else as JSON on one line. */
function textLines(start: string, value: unknown, style: Style): Line[] {
  if (typeof value === "string" && value.trimEnd().includes("\n")) {
    const indent = " ".repeat(start.length - start.trimStart().length + 4);
    return [
      [span(`${start}|`, style)],
      ...sanitize(value)
        .trimEnd()
        .split("\n")
        .map((text): Line => [span(indent + text, style)]),
    ];
  }
  return [[span(start + inline(oneLine(value)), style)]];
}

const isText = (value: unknown): value is string =>
  typeof value === "string" && value.trimEnd().includes("\n");

/** A text line by line: those that go, those that come, and some around them. */
function textDiff(old: string, now: string, depth: number): Line[] {
  const [before, after] = [sanitize(old), sanitize(now)];
  const indent = "  ".repeat(depth);
  return lineDiff(before, after).map((part): Line => {
    if (part.kind === "gap") {
      const lines = part.lines === 1 ? "1 line" : `${part.lines} lines`;
      return line(`${indent}       (${lines})`, "dim");
    }
    if (part.kind === "same") return line(`${indent}       ${part.text}`);
    return line(`${indent}     ${SYMBOL[part.kind]} ${part.text}`, STYLE[part.kind]);
  });
}

function entriesOf(value: unknown): [string, unknown][] | undefined {
  if (Array.isArray(value)) return value.map((entry, at) => [`[${at}]`, entry as unknown]);
  return isRecord(value) ? Object.entries(value) : undefined;
}

function renderUpdate(key: string, old: unknown, now: unknown, depth: number): Line[] {
  const before = entriesOf(old);
  const after = entriesOf(now);
  const start = `${lead("update", depth)}${inline(key)}`;
  if (isText(old) && isText(now))
    return [[span(`${start}:`, "yellow")], ...textDiff(old, now, depth)];
  if (before === undefined || after === undefined || Array.isArray(old) !== Array.isArray(now)) {
    return [
      [
        span(`${start}: `, "yellow"),
        span(inline(oneLine(old)), "red"),
        span(" => "),
        span(inline(oneLine(now)), "green"),
      ],
    ];
  }
  const oldEntries = new Map(before);
  const newEntries = new Map(after);
  const lines: Line[] = [];
  for (const name of new Set([...oldEntries.keys(), ...newEntries.keys()])) {
    if (!oldEntries.has(name)) {
      lines.push(...renderValue(name, newEntries.get(name), "add", depth + 1));
    } else if (!newEntries.has(name)) {
      lines.push(...renderValue(name, oldEntries.get(name), "delete", depth + 1));
    } else if (!same(oldEntries.get(name), newEntries.get(name))) {
      lines.push(...renderUpdate(name, oldEntries.get(name), newEntries.get(name), depth + 1));
    }
  }
  // Equal to the eye: a secret within has changed.
  if (lines.length === 0) return [[span(`${start}: ${inline(oneLine(now))}`, "yellow")]];
  return [[span(`${start}:`, "yellow")], ...lines];
}
