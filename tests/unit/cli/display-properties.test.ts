import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createDisplay, type DisplayOptions } from "../../../cli/display/display.js";
import { renderFinal, renderFrame } from "../../../cli/display/screen.js";
import { renderTable } from "../../../cli/display/table.js";
import { fullTree } from "../../../cli/display/tree.js";
import { lineWidth } from "../../../cli/display/text.js";
import {
  done,
  failed,
  note,
  options,
  play,
  pre,
  say,
  screenText,
  secret,
  stamp,
  summary,
  urnOf,
  type Script,
} from "./events.js";

/** The status of a failed row. */
const FAILED = /\*\*[a-z ]*failed \([0-9.]+s\)\*\*/;
const CANARY = "canary-7f3a";

const word = fc.oneof(
  fc.string({ minLength: 1, maxLength: 12 }),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }),
  fc.constantFrom("web-0", "名前", "a\nb", "\u001b[31mred\u001b[0m", "👩‍👩‍👧", "x".repeat(90)),
);
const message = fc.oneof(
  word,
  fc.array(word, { maxLength: 4 }).map((words) => words.join("\n")),
);
const value: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.string(),
    fc.integer(),
    fc.constant(secret(CANARY)),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.string({ minLength: 1, maxLength: 6 }), tie("value"), { maxKeys: 3 }),
  ),
})).value;
const properties = fc.dictionary(fc.string({ minLength: 1, maxLength: 6 }), value, { maxKeys: 4 });

/** One resource's life: its events in order. */
const life = fc.record({
  name: word,
  type: fc.constantFrom("PlacedContainer", "DockerHost", "aws:s3/bucket:Bucket", "pkg:X"),
  parentIndex: fc.nat(8),
  op: fc.constantFrom(
    "create",
    "update",
    "delete",
    "same",
    "refresh",
    "read",
    "create-replacement",
  ),
  end: fc.constantFrom("done", "failed", "running"),
  old: properties,
  new: properties,
  words: fc.array(message, { maxLength: 2 }),
  error: fc.option(message, { nil: undefined }),
});

interface Stream {
  script: Script;
  failedNames: string[];
  failedUrns: string[];
}

const stream: fc.Arbitrary<Stream> = fc.array(life, { maxLength: 12 }).map((lives) => {
  const script: Script = [];
  const failedNames: string[] = [];
  const failedUrns: string[] = [];
  const urns = lives.map(({ type, name }, at) => urnOf(type, `${name}${at}`));
  lives.forEach((each, at) => {
    const urn = urns[at] ?? "";
    const parent = each.parentIndex < at ? urns[each.parentIndex] : undefined;
    const args = { old: each.old, new: each.new, ...(parent === undefined ? {} : { parent }) };
    const op = each.op as "create";
    script.push(pre(op, urn, args));
    for (const text of each.words) script.push(note(text, urn), 700);
    if (each.error !== undefined) script.push(say("error", each.error, urn));
    if (each.end === "done") script.push(done(op, urn, args));
    if (each.end === "failed") {
      script.push(failed(op, urn, args));
      failedNames.push(`${each.name}${at}`);
      failedUrns.push(urn);
    }
  });
  return { script: [...script, summary({ create: 1 })], failedNames, failedUrns };
});

const size = fc.record({
  width: fc.integer({ min: 1, max: 160 }),
  height: fc.integer({ min: 1, max: 40 }),
});

describe("the display, for any stream of events", () => {
  it("draws frames that fit the screen in both directions", () => {
    fc.assert(
      fc.property(stream, size, fc.boolean(), ({ script }, screen, isPreview) => {
        const { progress, now } = play(script, options({ isPreview }));
        const frame = renderFrame(progress, options(), screen, now, "Cancelling.");
        expect(frame.length).toBeLessThanOrEqual(screen.height);
        for (const each of frame) expect(lineWidth(each)).toBeLessThanOrEqual(screen.width);
      }),
      { numRuns: 300 },
    );
  });

  it("ends with a table that fits the width, wrapped infos included", () => {
    fc.assert(
      fc.property(stream, size, ({ script }, { width }) => {
        const { progress, now } = play(script);
        progress.finish();
        for (const each of renderTable(fullTree(progress, options()), progress, now, width, true)) {
          expect(lineWidth(each)).toBeLessThanOrEqual(width);
        }
      }),
    );
  });

  it("never writes a control character of a message, name or value", () => {
    fc.assert(
      fc.property(stream, ({ script }) => {
        const { progress, now } = play(script);
        progress.finish();
        const text = screenText(renderFinal(progress, options({ showSames: true }), 100, now));

        expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
      }),
    );
  });

  it("shows every failed resource at the end, on a terminal and in a pipe", () => {
    fc.assert(
      fc.property(stream, ({ script, failedUrns }) => {
        const { progress, now } = play(script);
        progress.finish();
        const final = renderFinal(progress, options(), Infinity, now);
        const failures = final.filter((each) => FAILED.test(screenText([each])));
        expect(failures).toHaveLength(failedUrns.length);
        const plain = print("plain", script).split("\n");
        expect(plain.filter((each) => FAILED.test(each))).toHaveLength(failedUrns.length);
      }),
    );
  });

  it("keeps failed rows in the frame while there is room for them", () => {
    fc.assert(
      fc.property(stream, ({ script, failedUrns }) => {
        const { progress, now } = play(script);
        const height = 4 + 2 * (failedUrns.length + 1) * 6;
        const frame = screenText(renderFrame(progress, options(), { width: 400, height }, now));
        expect(frame.split("\n").filter((each) => FAILED.test(each)).length).toBeGreaterThanOrEqual(
          failedUrns.length,
        );
      }),
    );
  });

  it("never shows what a secret carries, in any mode", () => {
    fc.assert(
      fc.property(
        stream,
        fc.constantFrom("plain", "live", "json"),
        fc.boolean(),
        ({ script }, mode, isPreview) => {
          expect(print(mode, script, { isPreview, showDiff: true, showSames: true })).not.toContain(
            CANARY,
          );
        },
      ),
      { numRuns: 200 },
    );
  });
});

/** Everything a display writes for a script. */
export function print(
  mode: DisplayOptions["mode"],
  script: Script,
  overrides: Partial<DisplayOptions> = {},
): string {
  let text = "";
  let now = 0;
  const display = createDisplay(
    { ...options(), mode, showDiff: false, isColored: false, ...overrides },
    {
      now: () => now,
      size: () => ({ width: 100, height: 30 }),
      write: (more) => (text += more),
      frame: (frame) => (text += frame),
      every: () => () => undefined,
    },
  );
  for (const entry of script) {
    if (typeof entry === "number") now += entry;
    else display.event(stamp(entry));
  }
  text += display.details();
  display.finish();
  return text;
}
