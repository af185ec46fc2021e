import type { Progress, Row } from "./progress.js";
import { isInterrupted } from "./status.js";

export interface TreeRow {
  row: Row;
  /** The lines that lead to it: "│  └─ ". */
  prefix: string;
}

export interface TreeOptions {
  showSames: boolean;
  showReads?: boolean;
}

/** Reads are details of the program and are shown only when they fail or say something. */
const QUIET = new Set(["same", "read", "read-replacement", "discard", "remove-pending-replace"]);

/** Must be shown for its own sake. Parents of such rows are shown for structure. */
export function isWorthShowing(row: Row, progress: Progress, options: TreeOptions): boolean {
  if (row === progress.root || row.hasFailed || row.messages.length > 0) return true;
  if (row.step === undefined) return false;
  if (!QUIET.has(row.step.op)) {
    // A refresh that found nothing new has nothing to say once it is over.
    return row.step.op !== "refresh" || row.isRunning || options.showSames;
  }
  if ((row.step.old?.protect ?? false) !== (row.step.new?.protect ?? false)) return true;
  if (options.showReads === true && row.step.op.startsWith("read")) return true;
  return options.showSames && row.step.op === "same";
}

/** Rows in tree order. `chosen` narrows to some rows and their ancestors. */
export function layOut(rows: Iterable<Row>, root: Row, chosen: ReadonlySet<string>): TreeRow[] {
  const children = new Map<string, Row[]>();
  for (const row of rows) {
    if (!chosen.has(row.urn) || row === root) continue;
    const parent = row.parent ?? root.urn;
    const siblings = children.get(parent);
    if (siblings) siblings.push(row);
    else children.set(parent, [row]);
  }
  const laidOut: TreeRow[] = [{ row: root, prefix: "" }];
  const walk = (parent: string, indentation: string): void => {
    const siblings = children.get(parent) ?? [];
    siblings.forEach((row, at) => {
      const isLast = at === siblings.length - 1;
      laidOut.push({ row, prefix: `${indentation}${isLast ? "└─ " : "├─ "}` });
      walk(row.urn, `${indentation}${isLast ? "   " : "│  "}`);
    });
  };
  walk(root.urn, "");
  return laidOut;
}

/** Adds a row and what it needs above it. Guards against a parent that is its own descendant. */
function withAncestors(row: Row, progress: Progress, into: Set<string>): string[] {
  const missing: string[] = [];
  let each: Row | undefined = row;
  while (each !== undefined && !into.has(each.urn) && !missing.includes(each.urn)) {
    missing.push(each.urn);
    each = each.parent === undefined ? undefined : progress.rows.get(each.parent);
  }
  return missing;
}

/** Everything worth showing, in tree order. */
export function fullTree(progress: Progress, options: TreeOptions): TreeRow[] {
  const chosen = new Set<string>([progress.root.urn]);
  for (const row of progress.rows.values()) {
    if (!isWorthShowing(row, progress, options)) continue;
    for (const urn of withAncestors(row, progress, chosen)) chosen.add(urn);
  }
  return layOut(progress.rows.values(), progress.root, chosen);
}

/** Failed rows first, then those that run, then what changed last. */
function urgency(row: Row, progress: Progress): number {
  if (row === progress.root) return 4;
  if (row.hasFailed || isInterrupted(row, progress)) return 3;
  if (row.isRunning) return 2;
  return row.step === undefined || row.step.op === "same" ? 0 : 1;
}

export interface Excerpt {
  shown: TreeRow[];
  /** Rows that had no place. */
  hidden: Row[];
}

/** At most `limit` rows: the most urgent ones with their parents. */
export function excerpt(progress: Progress, options: TreeOptions, limit: number): Excerpt {
  const all = fullTree(progress, options);
  if (all.length <= limit) return { shown: all, hidden: [] };
  const byUrgency = all
    .map(({ row }) => ({ row, rank: urgency(row, progress) }))
    .sort(
      (a, b) =>
        b.rank - a.rank ||
        (b.row.endedAt ?? b.row.startedAt ?? 0) - (a.row.endedAt ?? a.row.startedAt ?? 0),
    );
  const chosen = new Set<string>([progress.root.urn]);
  for (const { row } of byUrgency) {
    const missing = withAncestors(row, progress, chosen);
    if (chosen.size + missing.length > limit) continue;
    for (const urn of missing) chosen.add(urn);
  }
  return {
    shown: layOut(progress.rows.values(), progress.root, chosen),
    hidden: all.map(({ row }) => row).filter((row) => !chosen.has(row.urn)),
  };
}
