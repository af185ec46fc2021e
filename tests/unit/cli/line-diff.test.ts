import { describe, expect, it } from "vitest";
import { type DiffLine, lineDiff } from "../../../cli/display/line-diff.js";

const shown = (lines: DiffLine[]): string[] =>
  lines.map((line) =>
    line.kind === "gap"
      ? `...${line.lines}`
      : { same: " ", add: "+", delete: "-" }[line.kind] + line.text,
  );
const diff = (old: string, now: string): string[] =>
  shown(lineDiff(old.replaceAll(" ", "\n"), now.replaceAll(" ", "\n")));

describe("texts line by line", () => {
  it.each([
    ["a b c", "a x c", [" a", "-b", "+x", " c"]],
    ["a b", "a b c", [" a", " b", "+c"]],
    ["a b c", "c", ["-a", "-b", " c"]],
    ["a b c d", "b x d y", ["-a", " b", "-c", "+x", " d", "+y"]],
    [
      "1 2 3 4 x 5 6 7 8",
      "1 2 3 4 y 5 6 7 8",
      ["...2", " 3", " 4", "-x", "+y", " 5", " 6", "...2"],
    ],
    ["a a a", "a a", [" a", " a", "-a"]],
  ])("%s => %s", (old, now, lines) => {
    expect(diff(old, now)).toEqual(lines);
  });

  it("gives the new text again, whatever has changed", () => {
    const words = (seed: number): string =>
      Array.from({ length: 40 }, (_, at) => ((at * seed) % 7).toString()).join("\n");
    let checked = 0;
    for (let seed = 1; seed < 20; seed++) {
      const [old, now] = [words(seed), words(seed + 3)];
      const lines = lineDiff(old, now).filter((line) => line.kind !== "gap");
      const gaps = lineDiff(old, now).some(({ kind }) => kind === "gap");
      if (gaps) continue;
      checked++;
      const side = (gone: DiffLine["kind"]): string =>
        lines.flatMap((line) => (line.kind === gone ? [] : [line.text])).join("\n");
      expect(side("delete")).toBe(now);
      expect(side("add")).toBe(old);
    }
    expect(checked).toBeGreaterThan(5);
  });

  it("puts very long changes one below the other, in no time", () => {
    const many = (word: string): string => Array(5000).fill(word).join("\n");
    const lines = lineDiff(many("a"), many("b"));
    expect(lines.filter(({ kind }) => kind === "delete")).toHaveLength(5000);
    expect(lines.filter(({ kind }) => kind === "add")).toHaveLength(5000);
  });
});
