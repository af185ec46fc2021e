import type { StepOp } from "../../engine/events.js";
import { shortDiff } from "./changes.js";
import type { Message, Progress, Row } from "./progress.js";
import { span, toLines, type Line, type Style } from "./text.js";
import { count, elapsed, isReplacementPart, OPS, took } from "./words.js";

/**
 * The kind of step to show. A replacement is three steps, shown one by one while they run and as one replacement
 * in a preview and at the end, unless something failed: then the row says how far it got.
 */
export function shownOp(row: Row, progress: Progress): StepOp {
  const op = row.step?.op ?? "same";
  const isWhole = progress.hasFailures || progress.options.showReplacementSteps === true;
  if (!isReplacementPart(op) || isWhole) return op;
  // What an earlier operation has left to be deleted is no replacement in this one.
  const isReplaced = row.replacement !== undefined || row.finished.has("create-replacement");
  if (op !== "create-replacement" && !isReplaced) return row.finished.has("delete") ? "delete" : op;
  return progress.options.isPreview || progress.isDone ? "replace" : op;
}

/** Was cut short: the operation ended while this step ran. Components may end without a word. */
export const isInterrupted = (row: Row, progress: Progress): boolean =>
  progress.isDone &&
  !progress.options.isPreview &&
  row.isRunning &&
  row !== progress.root &&
  (row.step?.new?.custom ?? row.step?.old?.custom) === true &&
  row.step?.op !== "same";

/** The Plan or Status column. */
export function statusOf(
  row: Row,
  progress: Progress,
  now: number,
): { text: string; style: Style | undefined } {
  const op = shownOp(row, progress);
  const words = OPS[op];
  const time = row.startedAt === undefined ? undefined : (row.endedAt ?? now) - row.startedAt;
  if (row.hasFailed) {
    const text = time === undefined ? words.failed : `${words.failed} (${took(time)})`;
    return { text: `**${text}**`, style: "red" };
  }
  if (row === progress.root && progress.isDone && ofSeverity(row, "error").length > 0)
    return { text: "**failed**", style: "red" };
  if (progress.options.isPreview) {
    const isThinking = row === progress.root && !progress.isDone;
    return {
      text: isThinking && op === "same" ? "running" : planOf(row, progress),
      style: words.style,
    };
  }
  if (isInterrupted(row, progress)) {
    return { text: `${words.running} (interrupted)`, style: "yellow" };
  }
  if (row === progress.root && !progress.isDone) {
    const running = op === "same" ? "running" : words.running;
    return { text: `${running} (${elapsed(now - (progress.beganAt ?? now))})`, style: "cyan" };
  }
  if (op === "same") return { text: "", style: undefined };
  if (row.isRunning && !progress.isDone) {
    return {
      text: time === undefined ? words.running : `${words.running} (${elapsed(time)})`,
      style: words.style,
    };
  }
  const isTimed = time !== undefined && row.endedAt !== undefined && row !== progress.root;
  return { text: isTimed ? `${words.done} (${took(time)})` : words.done, style: words.style };
}

/** What is planned: one word, or each step of a replacement. */
function planOf(row: Row, progress: Progress): string {
  const parts = [...row.finished].filter((op) => op === "replace" || isReplacementPart(op));
  return progress.options.showReplacementSteps === true && parts.length > 0
    ? parts.map((op) => OPS[op].plan).join(", ")
    : OPS[shownOp(row, progress)].plan;
}

const ofSeverity = (row: Row, ...severities: Message["severity"][]): Message[] =>
  row.messages.filter((message) => severities.includes(message.severity));

/** The Info column: changed properties, then the newest word on the resource, then how many problems it has. */
export function infoOf(row: Row, progress: Progress): Line {
  const parts: Line[] = [];
  const step = row.replacement ?? row.step;
  const diff = step === undefined || row === progress.root ? "" : shortDiff(step);
  if (diff !== "") parts.push([span(diff, "dim")]);
  const errors = ofSeverity(row, "error");
  const warnings = ofSeverity(row, "warning");
  const newestError = toLines(errors.at(-1)?.text ?? "")[0];
  if (!progress.isDone && newestError !== undefined) {
    parts.push([span(newestError, "red")]);
  } else {
    if (errors.length > 0) parts.push([span(count(errors.length, "error"), "red")]);
    if (warnings.length > 0) parts.push([span(count(warnings.length, "warning"), "yellow")]);
    const word = row.doing ?? row.note;
    if (row === progress.root && progress.isDone) {
      const infos = ofSeverity(row, "info", "info#err").length;
      if (infos > 0) parts.push([span(count(infos, "message"))]);
    } else if (word !== undefined && !row.hasFailed) {
      parts.push([span(word)]);
    }
  }
  return parts.flatMap((part, at) => (at === 0 ? part : [span("; "), ...part]));
}
