import { renderClosing } from "./closing.js";
import type { Progress } from "./progress.js";
import { shownOp } from "./status.js";
import { BLANK, cutLine, inline, line, span, type Line } from "./text.js";
import { renderTable } from "./table.js";
import { excerpt, fullTree, type TreeOptions } from "./tree.js";
import { OPS, title } from "./words.js";

export interface Screen {
  width: number;
  height: number;
}

export interface ScreenOptions extends TreeOptions {
  showOutputs: boolean;
  showConfig?: boolean;
  /** No signs of life of what takes long. */
  hideProgress?: boolean;
  /** The outputs with their secrets in the clear, once they are known. */
  openOutputs?: Readonly<Record<string, unknown>> | undefined;
}

const heading = (progress: Progress): Line =>
  line(
    title(progress.options.action, progress.options.isPreview, progress.options.stack),
    "heading",
  );

/** One frame while the operation runs: fits the screen in both directions. */
export function renderFrame(
  progress: Progress,
  options: ScreenOptions,
  screen: Screen,
  now: number,
  notice?: string,
): Line[] {
  const notices = notice === undefined ? [] : [line(inline(notice), "yellow")];
  // Title, column heads and the line that counts hidden rows.
  const room = Math.max(1, screen.height - 3 - notices.length);
  const { shown, hidden } = excerpt(progress, options, room);
  const lines = [heading(progress), ...renderTable(shown, progress, now, screen.width)];
  if (hidden.length > 0) {
    const counts = new Map<string, number>();
    for (const row of hidden) {
      const words = OPS[shownOp(row, progress)];
      const isOver = !row.isRunning && !progress.options.isPreview;
      const word = progress.options.isPreview ? words.plan : isOver ? words.done : words.running;
      const key = word === "" ? "unchanged" : word;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    const summary = [...counts].map(([word, amount]) => `${amount} ${word}`).join(", ");
    lines.push([span(`    … ${hidden.length} more: ${summary}`, "dim")]);
  }
  return [...lines, ...notices]
    .slice(0, Math.max(1, screen.height))
    .map((each) => cutLine(each, screen.width));
}

/** The configuration in use, by key. */
export function renderConfig({ config }: Progress): Line[] {
  const entries = Object.entries(config).sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    line("Configuration:", "heading"),
    ...entries.map(([key, value]) => line(`    ${inline(key)}: ${inline(value)}`)),
    BLANK,
  ];
}

/** What stays on the screen at the end: the whole tree and the closing sections. */
export function renderFinal(
  progress: Progress,
  options: ScreenOptions,
  width: number,
  now: number,
  diffs: readonly Line[] = [],
): Line[] {
  return [
    heading(progress),
    ...(options.showConfig === true ? renderConfig(progress) : []),
    ...renderTable(fullTree(progress, options), progress, now, width, width !== Infinity),
    BLANK,
    ...diffs,
    ...renderClosing(progress, {
      showOutputs: options.showOutputs,
      openOutputs: options.openOutputs,
      infoWasPrinted: false,
    }),
  ];
}
