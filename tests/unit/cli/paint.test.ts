import { describe, expect, it } from "vitest";
import { wantsColor } from "../../../cli/display/paint.js";

describe("colours", () => {
  it.each([
    ["a terminal", "auto", true, {}, true],
    ["a terminal that is dumb", "auto", true, { TERM: "dumb" }, false],
    ["a terminal whose user wants none", "auto", true, { NO_COLOR: "1" }, false],
    ["a pipe in CI, where Node knows of no terminal", "auto", undefined, { CI: "true" }, false],
    ["a pipe whose reader wants them", "auto", undefined, { FORCE_COLOR: "1" }, true],
    ["a pipe, asked for on the command line", "always", undefined, { NO_COLOR: "1" }, true],
    ["a terminal, refused on the command line", "never", true, {}, false],
  ] as const)("on %s", (_where, choice, isTerminal, env, expected) => {
    expect(wantsColor(choice, isTerminal, env)).toBe(expected);
  });
});
