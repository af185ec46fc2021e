import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { wantsColor } from "../../../cli/display/paint.js";
import {
  cut,
  cutLine,
  lineWidth,
  plainText,
  sanitize,
  span,
  toLines,
  width,
} from "../../../cli/display/text.js";
import { isDefaultProvider, parseUrn, shortType } from "../../../cli/display/urn.js";
import { duration, elapsed, took } from "../../../cli/display/words.js";

describe("text", () => {
  it("is measured in cells of the terminal", () => {
    expect(width("web-0")).toBe(5);
    expect(width("名前")).toBe(4);
    expect(width("e\u0301")).toBe(1);
    expect(width("🐳")).toBe(2);
  });

  it("is cut with an ellipsis, and never in the middle of a wide character", () => {
    expect(cut("fewest containers", 8)).toBe("fewest…");
    expect(cut("fewest", 6)).toBe("fewest");
    expect(cut("名前名前", 4)).toBe("名…");
    expect(cut("abc", 0)).toBe("");
  });

  it("keeps its styles when cut", () => {
    const cutOff = cutLine([span("ab", "red"), span("cdef", "green")], 4);
    expect(cutOff).toEqual([span("ab", "red"), span("c…", "green")]);
    expect(cutLine([span("ab"), span("cd")], 2).map(({ text }) => text)).toEqual(["a…"]);
  });

  it("fits wherever it is cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: "grapheme" }).map(sanitize), { maxLength: 5 }),
        fc.nat(30),
        (texts, limit) => {
          const spans = texts.map((text) => span(text));
          const result = cutLine(spans, limit);
          expect(lineWidth(result)).toBeLessThanOrEqual(limit);
          if (lineWidth(spans) <= limit) expect(plainText(result)).toBe(plainText(spans));
        },
      ),
    );
  });

  it("of others loses escape sequences, colour directives and control characters", () => {
    expect(sanitize("\u001b[31mred\u001b[0m <{%fg 1%}>blue<{%reset%}>\u0007 a\r\nb\tc")).toBe(
      "red blue a\nb  c",
    );
    expect(sanitize("\u001b]8;;http://x\u0007link\u001b]8;;\u0007")).toBe("link");
    expect(toLines("\n\n  a \nb\n\n")).toEqual(["  a", "b"]);
  });
});

describe("times", () => {
  it("are short", () => {
    expect([duration(0.2), duration(59), duration(125), duration(3603)]).toEqual([
      "1s",
      "59s",
      "2m5s",
      "1h0m3s",
    ]);
    expect([took(40), took(1_260), took(9_960), took(61_000)]).toEqual([
      "0.0s",
      "1.3s",
      "10s",
      "1m1s",
    ]);
    expect([elapsed(900), elapsed(61_900)]).toEqual(["0s", "1m1s"]);
  });
});

describe("URNs", () => {
  it("are read in their parts, whatever the name", () => {
    expect(
      parseUrn(
        "urn:pulumi:dev::shop::clocker:index:Blueprint$pulumi-nodejs:dynamic/clocker:DockerHost::a::b",
      ),
    ).toEqual({
      stack: "dev",
      project: "shop",
      type: "pulumi-nodejs:dynamic/clocker:DockerHost",
      name: "a::b",
    });
  });

  it("have short types", () => {
    expect(shortType("pulumi-nodejs:dynamic/clocker:PlacedContainer")).toBe(
      "clocker:PlacedContainer",
    );
    expect(shortType("aws:s3/bucket:Bucket")).toBe("aws:s3:Bucket");
    expect(shortType("command:local:Command")).toBe("command:local:Command");
    expect(shortType("pulumi:pulumi:Stack")).toBe("pulumi:pulumi:Stack");
  });

  it("tell the engine's own providers from the user's", () => {
    const provider = (name: string): string =>
      `urn:pulumi:dev::shop::pulumi:providers:aws::${name}`;
    expect(isDefaultProvider(provider("default_6_1_0"))).toBe(true);
    expect(isDefaultProvider(provider("defaults"))).toBe(false);
    expect(isDefaultProvider(provider("mine"))).toBe(false);
  });
});

describe("colour", () => {
  it("is for terminals, unless somebody says otherwise", () => {
    expect(wantsColor("auto", true, {})).toBe(true);
    expect(wantsColor("auto", false, {})).toBe(false);
    expect(wantsColor("auto", true, { NO_COLOR: "1" })).toBe(false);
    expect(wantsColor("auto", true, { TERM: "dumb" })).toBe(false);
    expect(wantsColor("auto", false, { FORCE_COLOR: "1" })).toBe(true);
    expect(wantsColor("never", true, { FORCE_COLOR: "1" })).toBe(false);
    expect(wantsColor("always", false, { NO_COLOR: "1" })).toBe(true);
  });
});
