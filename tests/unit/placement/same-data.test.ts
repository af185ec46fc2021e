import { describe, expect, it } from "vitest";
import { sameData } from "../../../provider/placement/same-data.js";

const always = (): boolean => true;

describe("equal data", () => {
  it.each<[unknown, unknown]>([
    [1, 1],
    [NaN, NaN],
    [undefined, undefined],
    [[], []],
    [{}, {}],
    [
      [1, ["a", { b: null }]],
      [1, ["a", { b: null }]],
    ],
    [
      { kind: "zone", in: ["a", "b"] },
      { in: ["a", "b"], kind: "zone" },
    ],
    [{ test: always }, { test: always }],
  ])("%j and %j", (a, b) => {
    expect(sameData(a, b)).toBe(true);
  });
});

describe("different data", () => {
  it.each<[unknown, unknown]>([
    [1, "1"],
    [0, -0],
    [null, undefined],
    [null, {}],
    [[], {}],
    [{}, []],
    [[1], [1, 2]],
    [
      ["a", "b"],
      ["b", "a"],
    ],
    [{ a: 1 }, { a: 2 }],
    [{ a: 1 }, { b: 1 }],
    [{ a: undefined }, { b: undefined }],
    [{ a: 1 }, { a: 1, b: 2 }],
    [{ test: always }, { test: (): boolean => true }],
    [new Date(0), new Date(0)],
  ])("%j and %j", (a, b) => {
    expect(sameData(a, b)).toBe(false);
  });
});
