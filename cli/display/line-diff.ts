/** One line of a text that has changed; `gap`: so many unchanged lines are left out. */
export type DiffLine =
  { kind: "same" | "add" | "delete"; text: string } | { kind: "gap"; lines: number };

/** How many unchanged lines are shown around what has changed. */
const CONTEXT = 2;
/** Beyond so many changed lines, old and new stand one below the other. */
const LONGEST = 400;

/** What changed between two texts, line by line. */
export function lineDiff(old: string, now: string): DiffLine[] {
  const before = old.split("\n");
  const after = now.split("\n");
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let end = 0;
  while (
    end < before.length - start &&
    end < after.length - start &&
    before.at(-1 - end) === after.at(-1 - end)
  )
    end++;
  const same = (lines: readonly string[]): DiffLine[] =>
    lines.map((text) => ({ kind: "same", text }));
  return shortened([
    ...same(before.slice(0, start)),
    ...changed(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...same(before.slice(before.length - end)),
  ]);
}

/** By the longest common subsequence: what goes stands before what comes. */
function changed(before: readonly string[], after: readonly string[]): DiffLine[] {
  if (before.length + after.length > LONGEST)
    return [
      ...before.map((text): DiffLine => ({ kind: "delete", text })),
      ...after.map((text): DiffLine => ({ kind: "add", text })),
    ];
  // common[i][j]: how many lines before[i...] and after[j...] have in common.
  const common = Array.from({ length: before.length + 1 }, () =>
    new Array<number>(after.length + 1).fill(0),
  );
  const at = (i: number, j: number): number => common[i]?.[j] ?? 0;
  for (let i = before.length - 1; i >= 0; i--)
    for (let j = after.length - 1; j >= 0; j--)
      common[i]![j] =
        before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    const [left, right] = [before[i], after[j]];
    if (left !== undefined && left === right) {
      lines.push({ kind: "same", text: left });
      i++;
      j++;
    } else if (left !== undefined && (right === undefined || at(i + 1, j) >= at(i, j + 1))) {
      lines.push({ kind: "delete", text: left });
      i++;
    } else if (right !== undefined) {
      lines.push({ kind: "add", text: right });
      j++;
    }
  }
  return lines;
}

/** Without the unchanged lines that are far from any change. */
function shortened(lines: readonly DiffLine[]): DiffLine[] {
  const near = new Set<number>();
  lines.forEach(({ kind }, at) => {
    if (kind === "same") return;
    for (let other = at - CONTEXT; other <= at + CONTEXT; other++) near.add(other);
  });
  const result: DiffLine[] = [];
  lines.forEach((line, at) => {
    const last = result.at(-1);
    if (near.has(at)) result.push(line);
    else if (last?.kind === "gap") last.lines++;
    else result.push({ kind: "gap", lines: 1 });
  });
  return result;
}
