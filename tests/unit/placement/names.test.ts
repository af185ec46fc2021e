import { describe, expect, it } from "vitest";
import { planAll } from "../../../provider/placement/index.js";
import { compareNames, sortedByName } from "../../../provider/placement/order.js";
import { ask, host, hostsOf, input, replicas } from "./make.js";

/** In their order. */
const NAMES = [
  "1",
  "2a",
  "9",
  "10",
  "10a",
  "a",
  "h",
  "h-1",
  "h1",
  "h02",
  "h02b",
  "h2",
  "h2a",
  "h9",
  "h10",
  "x",
];

describe("the order of host names", () => {
  it("is by numbers where both have one, digits before letters, the shorter first", () => {
    const order = [
      "1",
      "2a",
      "9",
      "10",
      "a",
      "h",
      "h1",
      "h2",
      "h02",
      "h2a",
      "h02b",
      "h9",
      "h10",
      "x",
    ];
    const shuffled = [...order].reverse();
    expect(sortedByName(shuffled.map((name) => ({ name }))).map(({ name }) => name)).toEqual(
      shuffled.sort(compareNames),
    );
    expect(shuffled).toEqual([
      ...["1", "2a", "9", "10", "a", "h", "h1", "h02", "h2", "h2a", "h02b", "h9", "h10", "x"],
    ]);
  });

  it("is total: names that read alike have an order too", () => {
    for (const names of [
      ["h2", "h02"],
      ["h02", "h2"],
    ]) {
      const sorted = sortedByName(names.map((name) => ({ name })));
      expect(sorted.map(({ name }) => name)).toEqual(["h02", "h2"]);
    }
  });

  it("puts a sign before a number", () => {
    expect(compareNames("-b", "12")).toBeLessThan(0);
  });

  it("is the same both ways round", () => {
    for (const a of NAMES) {
      for (const b of NAMES) {
        if (a !== b) expect(compareNames(a, b)).not.toBe(0);
        expect(Math.sign(compareNames(a, b))).toBe(0 - Math.sign(compareNames(b, a)));
      }
      expect(compareNames(a, a)).toBe(0);
    }
  });

  it("decides ties of a plan in whatever order the hosts come", () => {
    const names = ["x", "h10", "12", "h9"];
    const plan = planAll(
      input({ candidates: names.map((name) => host(name)), requests: replicas("web", 4) }),
    );
    expect(Object.values(hostsOf(plan))).toEqual(["12", "h9", "h10", "x"]);
    expect(hostsOf(planAll(input({ candidates: [host("h2")], requests: [ask("a")] })))).toEqual({
      a: "h2",
    });
  });
});
