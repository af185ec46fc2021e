import { renderClosing } from "./closing.js";
import { describe } from "./diagnostics.js";
import type { Change, Progress, Row } from "./progress.js";
import { renderConfig, renderFinal, type ScreenOptions } from "./screen.js";
import { infoOf } from "./status.js";
import { BLANK, inline, line, plainText, span, toLines, type Line } from "./text.js";
import { isWorthShowing } from "./tree.js";
import { parseUrn, shortType } from "./urn.js";
import { elapsed, OPS, title, took } from "./words.js";

/** A row that runs for so long is mentioned again, then at twice that time, and so on. */
const REMIND_AFTER = 10_000;

/** Lines for logs and pipes: each resource once when it starts and once when it is over. */
export class PlainLines {
  readonly #reminders = new Map<string, number>();
  /** Resources whose start was printed, with all there is to say. */
  readonly #started = new Set<string>();

  constructor(
    readonly progress: Progress,
    readonly options: ScreenOptions,
  ) {}

  open(): Line[] {
    const { action, isPreview, stack } = this.progress.options;
    // A preview prints nothing until its tree is complete.
    return isPreview ? [] : [line(title(action, isPreview, stack), "heading")];
  }

  changed(change: Change, now: number): Line[] {
    if (this.progress.options.isPreview) return [];
    switch (change.kind) {
      case "none":
      case "status":
        return [];
      case "output":
        return toLines(change.text).map((text) => line(`    ${text}`));
      case "message":
        return this.#message(change);
      case "started":
        return this.#start(change.row, now);
      case "finished":
        return this.#finish(change.row, now);
      case "failed":
        return [this.#line(change.row, now, "failed")];
    }
  }

  /** Signs of life for what takes long. */
  tick(now: number): Line[] {
    if (this.progress.options.isPreview || this.options.hideProgress === true) return [];
    const lines: Line[] = [];
    for (const row of this.progress.rows.values()) {
      const due = this.#reminders.get(row.urn);
      if (!row.isRunning || due === undefined || row.startedAt === undefined || now < due) continue;
      this.#reminders.set(row.urn, row.startedAt + 2 * (now - row.startedAt));
      lines.push(this.#line(row, now, "running"));
    }
    return lines;
  }

  close(
    now: number,
    diffs: readonly Line[] = [],
    openOutputs?: Readonly<Record<string, unknown>>,
  ): Line[] {
    if (this.progress.options.isPreview) {
      return renderFinal(this.progress, { ...this.options, openOutputs }, Infinity, now, diffs);
    }
    const interrupted = [...this.progress.rows.values()].filter(
      (row) => row.isRunning && isSlow(row) && row !== this.progress.root,
    );
    return [
      ...(this.options.showConfig === true ? renderConfig(this.progress) : []),
      ...interrupted.map((row) => this.#line(row, now, "interrupted")),
      BLANK,
      ...diffs,
      ...renderClosing(this.progress, {
        showOutputs: this.options.showOutputs,
        openOutputs,
        infoWasPrinted: true,
      }),
    ];
  }

  #start(row: Row, now: number): Line[] {
    if (!isSlow(row) || !isWorthShowing(row, this.progress, this.options)) return [];
    this.#reminders.set(row.urn, now + REMIND_AFTER);
    // A refresh reads everything; only what it finds is worth a line.
    if (row.step?.op === "refresh") return [];
    const lines = [this.#line(row, now, "running")];
    this.#started.add(row.urn);
    return lines;
  }

  #finish(row: Row, now: number): Line[] {
    this.#reminders.delete(row.urn);
    if (row === this.progress.root || row.step?.op === "replace") return [];
    if (row.step?.op === "same" || row.step?.op === "refresh") {
      return this.options.showSames ? [this.#line(row, now, "done")] : [];
    }
    return isWorthShowing(row, this.progress, this.options) ? [this.#line(row, now, "done")] : [];
  }

  #message(change: Extract<Change, { kind: "message" }>): Line[] {
    const { severity, text } = change.message;
    // Warnings and errors are printed in full under Diagnostics.
    if (severity === "error" || severity === "warning") return [];
    const level = severity === "debug" ? "debug: " : "";
    const from = level + (change.row === this.progress.root ? "" : `${describe(change.row.urn)}: `);
    return toLines(text).map((each) => line(`    ${from}${each}`));
  }

  #line(row: Row, now: number, phase: "running" | "done" | "failed" | "interrupted"): Line {
    const words = OPS[row.step?.op ?? "same"];
    const { type, name } = parseUrn(row.urn);
    const time = row.startedAt === undefined ? 0 : (row.endedAt ?? now) - row.startedAt;
    const text = {
      running: time < 1000 ? words.running : `still ${words.running} (${elapsed(time)})`,
      done: words.done === "" ? "unchanged" : `${words.done} (${took(time)})`,
      failed: `**${words.failed} (${took(time)})**`,
      interrupted: `${words.running} (interrupted)`,
    }[phase];
    const style = phase === "failed" ? "red" : phase === "interrupted" ? "yellow" : words.style;
    const error = toLines(
      row.messages.findLast((each) => each.severity === "error")?.text ?? "",
    )[0];
    const isTold = this.#started.has(row.urn);
    const news = isTold ? (row.doing ?? "") : plainText(infoOf(row, this.progress));
    const info = phase === "failed" ? (error ?? "") : news;
    return [
      span(` ${words.symbol.padEnd(2)} `, style),
      ...(this.progress.options.showUrns === true
        ? [span(inline(row.urn), "bold")]
        : [span(`${inline(shortType(type))} `), span(inline(name), "bold")]),
      span(` ${text}`, style),
      ...(info === "" ? [] : [span(`  ${info}`)]),
    ];
  }
}

/** Does something outside of the state, so that it may take time. */
function isSlow(row: Row): boolean {
  const step = row.step;
  if (step === undefined || step.op === "same" || step.op === "replace") return false;
  return (step.new?.custom ?? step.old?.custom) === true;
}
