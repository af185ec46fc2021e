import type { EngineEvent } from "../../engine/events.js";
import { digest, jsonLine } from "./json.js";
import { painter } from "./paint.js";
import { PlainLines } from "./plain.js";
import { Progress, type ProgressOptions } from "./progress.js";
import { renderPropertyDiffs } from "./property-diff.js";
import { renderFinal, renderFrame, type ScreenOptions } from "./screen.js";
import type { Line } from "./text.js";

/** Shows one operation from its events. Made by `createDisplay`. */
export interface Display {
  event(event: EngineEvent): void;
  /** A word of ours about the operation, such as that it is being cancelled. */
  notice(text: string): void;
  /** No event will follow. Prints what stays; `openOutputs` in the clear. */
  finish(openOutputs?: Readonly<Record<string, unknown>>): void;
  /** Nothing was begun: takes the frame away and prints nothing. */
  abandon(): void;
  /** Lines of all property changes, for "details". */
  details(): string;
  readonly failures: readonly string[];
}

export interface DisplayOptions extends ProgressOptions, ScreenOptions {
  mode: "live" | "plain" | "json";
  /** Append the property changes. */
  showDiff: boolean;
  isColored: boolean;
}

/** The rim: where lines go and where time comes from. */
export interface DisplayRim {
  now(): number;
  /** Terminal size at this moment. */
  size(): { width: number; height: number };
  write(text: string): void;
  /** Replaces the frame on the screen; an empty one clears it. */
  frame(text: string): void;
  every(milliseconds: number, action: () => void): () => void;
}

const FRAME_EVERY = 100;
const TICK_EVERY = 1000;

/** A display in the wanted mode on the given rim. */
export function createDisplay(options: DisplayOptions, rim: DisplayRim): Display {
  switch (options.mode) {
    case "json":
      return jsonDisplay(options, rim);
    case "live":
      return liveDisplay(options, rim);
    case "plain":
      return plainDisplay(options, rim);
  }
}

const toText = (lines: readonly Line[], isColored: boolean): string => {
  const paint = painter(isColored);
  return lines.map((each) => `${paint(each)}\n`).join("");
};

const errorsOf = (progress: Progress): string[] =>
  [...progress.rows.values()].flatMap((row) =>
    row.messages.filter(({ severity }) => severity === "error").map(({ text }) => text),
  );

function liveDisplay(options: DisplayOptions, rim: DisplayRim): Display {
  const progress = new Progress(options);
  let notice: string | undefined;
  let isStale = true;
  let drawnAt = 0;
  const draw = (): void => {
    const now = rim.now();
    // Without news a frame changes once a second, with the elapsed seconds.
    if (!isStale && now - drawnAt < TICK_EVERY) return;
    isStale = false;
    drawnAt = now;
    const { width, height } = rim.size();
    // The cursor rests on the line below the frame.
    const frame = renderFrame(progress, options, { width, height: height - 1 }, now, notice);
    rim.frame(toText(frame, options.isColored).trimEnd());
  };
  const stop = rim.every(FRAME_EVERY, draw);
  return {
    event: (event) => {
      progress.apply(event, rim.now());
      isStale = true;
    },
    notice: (text) => {
      notice = text;
      isStale = true;
    },
    finish: (openOutputs) => {
      stop();
      progress.finish();
      rim.frame("");
      const diffs = options.showDiff ? renderPropertyDiffs(progress) : [];
      const { width } = rim.size();
      const lines = renderFinal(progress, { ...options, openOutputs }, width, rim.now(), diffs);
      rim.write(toText(lines, options.isColored));
    },
    abandon: () => {
      stop();
      rim.frame("");
    },
    details: () => toText(renderPropertyDiffs(progress), options.isColored),
    get failures() {
      return errorsOf(progress);
    },
  };
}

function plainDisplay(options: DisplayOptions, rim: DisplayRim): Display {
  const progress = new Progress(options);
  const lines = new PlainLines(progress, options);
  const print = (some: readonly Line[]): void => {
    if (some.length > 0) rim.write(toText(some, options.isColored));
  };
  print(lines.open());
  const stop = rim.every(TICK_EVERY, () => print(lines.tick(rim.now())));
  return {
    event: (event) => {
      const now = rim.now();
      print(lines.changed(progress.apply(event, now), now));
    },
    notice: (text) => rim.write(`${text}\n`),
    finish: (openOutputs) => {
      stop();
      progress.finish();
      const diffs = options.showDiff ? renderPropertyDiffs(progress) : [];
      print(lines.close(rim.now(), diffs, openOutputs));
    },
    abandon: stop,
    details: () => toText(renderPropertyDiffs(progress), options.isColored),
    get failures() {
      return errorsOf(progress);
    },
  };
}

/** Events as they come, or for a preview one object at the end. */
function jsonDisplay(options: DisplayOptions, rim: DisplayRim): Display {
  const progress = new Progress(options);
  const events: EngineEvent[] = [];
  const start = rim.now();
  return {
    event: (event) => {
      progress.apply(event, rim.now());
      if (options.isPreview) events.push(event);
      else rim.write(jsonLine(event));
    },
    notice: () => undefined,
    finish: () => {
      progress.finish();
      if (options.isPreview)
        rim.write(
          `${JSON.stringify(digest(events, { ...options, took: rim.now() - start }), null, 4)}\n`,
        );
    },
    abandon: () => undefined,
    details: () => "",
    get failures() {
      return errorsOf(progress);
    },
  };
}
