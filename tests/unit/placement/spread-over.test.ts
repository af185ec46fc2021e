import { describe, expect, it } from "vitest";
import type { Candidate } from "../../../provider/placement/model.js";
import { planAll } from "../../../provider/placement/index.js";
import { readAsks } from "../../../provider/placement/asks.js";
import type { Ask } from "../../../provider/placement/constraints/index.js";
import { HostState } from "../../../provider/placement/host-state.js";
import { Interner } from "../../../provider/placement/interner.js";
import { shapesOf } from "../../../provider/placement/shapes.js";
import { spreadOver } from "../../../provider/placement/strategies/spread-over.js";
import { Tallies } from "../../../provider/placement/tally.js";
import { ask, GiB, host, hostsOf, input, replicas } from "./make.js";

const racked = (name: string, zone: string, rack: string) => host(name, { labels: { zone, rack } });

describe("a spread over two labels", () => {
  const hosts = [
    racked("h1", "a", "r1"),
    racked("h2", "a", "r2"),
    racked("h3", "b", "r1"),
    racked("h4", "b", "r2"),
  ].map((candidate, rank) => new HostState(candidate, rank));
  const rules = { byName: false, byApplication: false, byGroup: false };
  const [web] = readAsks([ask("web")], shapesOf([ask("web")]), new Interner(), rules) as [Ask];
  [3, 1, 9, 0].forEach((count, i) => hosts[i]?.replicas.set(web.typeId, count));
  const levels = spreadOver([{ label: "zone" }, { label: "rack" }], {
    tallies: new Tallies(hosts),
    totalOf: () => 13,
  });

  it("counts at each level what lies there, and scores it against its siblings alone", () => {
    const keys = levels.map((level) => hosts.map((each) => level.key(web, each)));
    expect(keys).toEqual([
      [4, 4, 9, 9],
      [3, 1, 9, 0],
    ]);
    const scores = levels.map((level) => hosts.map((each) => level.score(web, each)));
    expect(scores).toEqual([
      [1.25, 1.25, -1.25, -1.25],
      [-2, 2, -1, 1],
    ]);
  });
});

describe("zones that are as good as each other", () => {
  const zoned = (name: string, zone: string, memoryBytes = GiB) =>
    host(name, { labels: { zone }, memoryBytes });
  const placed = (...candidates: Candidate[]) =>
    planAll(
      input({
        candidates,
        requests: replicas("web", 2, { memoryBytes: GiB }),
        strategies: [{ kind: "spreadOver", over: [{ label: "zone" }] }],
      }),
    ).assignments["web-0"];

  it("come in the order of their first hosts with room", () => {
    const full = zoned("h1", "a", 0);
    expect(placed(full, zoned("h2", "b"), zoned("h3", "b"), zoned("h4", "a"))).toMatchObject({
      host: "h2",
      reason: "spread over zone: 0 web in zone=b, as on h3; first by name",
    });
  });

  it("are left out when they are full", () => {
    expect(placed(zoned("h1", "a"), zoned("h2", "a"), zoned("h3", "b", 0))?.reason).toBe(
      "spread over zone: 0 web in zone=a, as on h2; first by name",
    );
  });
});

describe("the next host", () => {
  it("is the first by name of those that are as good, in the same zone or another", () => {
    const zoned = (name: string, zone: string) => host(name, { labels: { zone } });
    const reason = (...zones: string[]) =>
      planAll(
        input({
          candidates: zones.map((zone, i) => zoned(`h${i + 1}`, zone)),
          requests: replicas("web", 2),
          strategies: [{ kind: "spreadOver", over: [{ label: "zone" }] }],
        }),
      ).assignments["web-0"]?.reason;
    expect(reason("a", "b", "a")).toBe(
      "spread over zone: 0 web in zone=a and in zone=b; first by name",
    );
    expect(reason("a", "a", "b")).toBe(
      "spread over zone: 0 web in zone=a, as on h2; first by name",
    );
  });
});

describe("targets", () => {
  it("of the second level are shares of an equal part of the first", () => {
    const plan = planAll(
      input({
        candidates: [
          racked("h1", "a", "r1"),
          racked("h2", "a", "r2"),
          racked("h3", "b", "r1"),
          racked("h4", "b", "r2"),
        ],
        requests: replicas("web", 8),
        strategies: [
          { kind: "spreadOver", over: [{ label: "zone" }, { label: "rack", targets: { r1: 75 } }] },
        ],
      }),
    );
    const counts = Object.values(hostsOf(plan)).sort();
    expect(counts).toEqual(["h1", "h1", "h1", "h2", "h3", "h3", "h3", "h4"]);
  });

  it("leave nothing for a value without a share, and say so", () => {
    const plan = planAll(
      input({
        candidates: [host("h1", { labels: { zone: "a" } }), host("h2", { labels: { zone: "b" } })],
        requests: replicas("web", 4),
        strategies: [{ kind: "spreadOver", over: [{ label: "zone", targets: { a: 100 } }] }],
      }),
    );
    expect(plan.assignments["web-0"]?.reason).toBe(
      "spread over zone: 0 of 4 web in zone=a, 0 of 0 web in zone=b",
    );
    expect(Object.values(hostsOf(plan))).toEqual(["h1", "h1", "h1", "h1"]);
  });

  it.each([
    [{ a: 60, b: 60 }, "0 of 0 web in zone=c"],
    [{ a: 60, b: 30 }, "0 of 0.4 web in zone=c"],
  ])("%j: what is left of 100, never less than nothing", (targets, rest) => {
    const plan = planAll(
      input({
        candidates: ["a", "c"].map((zone, i) => host(`h${i}`, { labels: { zone } })),
        requests: replicas("web", 4),
        strategies: [{ kind: "spreadOver", over: [{ label: "zone", targets }] }],
      }),
    );
    expect(plan.assignments["web-0"]?.reason).toBe(
      `spread over zone: 0 of 2.4 web in zone=a, ${rest}`,
    );
  });
});
