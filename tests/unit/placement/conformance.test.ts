import { describe, expect, it } from "vitest";
import { explainWhy, planAll } from "../../../provider/placement/index.js";
import type {
  Candidate,
  PlacementRequest,
  PlanInput,
  PlanResult,
  StrategySpec,
} from "../../../provider/placement/model.js";
import { ScanPicker } from "../../../provider/placement/pickers/scan.js";
import { after, ask, assigned, GiB, host, hostsOf, input, MiB, other, replicas } from "./make.js";

/** Every strategy with every parameter: a new one is added here and has then to keep all promises below. */
const all: [string, ...StrategySpec[]][] = [
  ["random", { kind: "random" }],
  ["random with a seed", { kind: "random", seed: "other" }],
  ["depthFirst", { kind: "depthFirst" }],
  ["breadthFirst", { kind: "breadthFirst" }],
  ["leastContainers", { kind: "leastContainers" }],
  ["lowestCpuUsage", { kind: "lowestCpuUsage" }],
  ["lowestMemoryUsage", { kind: "lowestMemoryUsage", maxAgeSeconds: 30 }],
  ["binpack", { kind: "binpack" }],
  ["binpack, linear", { kind: "binpack", scoring: "linear", weights: { cpu: 2 } }],
  ["spread", { kind: "spread" }],
  ["spread, linear", { kind: "spread", scoring: "linear" }],
  ["spreadOver", { kind: "spreadOver", over: [{ label: "zone" }] }],
  ["spreadOver, nested", { kind: "spreadOver", over: [{ label: "zone" }, { label: "rack" }] }],
  [
    "spreadOver with targets",
    { kind: "spreadOver", over: [{ label: "zone", targets: { a: 70, b: 20 } }] },
  ],
  ["comparator", { kind: "comparator", name: "byMemory" }],
  ["score", { kind: "score", name: "free" }],
  ["a list", { kind: "binpack" }, { kind: "leastContainers" }, { kind: "breadthFirst" }],
  ["a list that ends at random", { kind: "random" }, { kind: "leastContainers" }],
  ["none"],
];
const functions: PlanInput["functions"] = {
  comparators: { byMemory: (a, b) => b.memoryBytes - a.memoryBytes },
  scores: { free: ({ freeMemoryBytes, replicas: there }) => freeMemoryBytes / GiB - there },
};

/** Six hosts of every condition. */
const hosts: Candidate[] = [
  host("h1", {
    labels: { zone: "a", rack: "r1" },
    usage: { cpu: 0.3, memory: 0.2, ageSeconds: 1 },
  }),
  host("h2", {
    labels: { zone: "a", rack: "r2" },
    others: [other("agent", { memoryBytes: 512 * MiB })],
    usage: { cpu: 0.1, memory: 0.9, ageSeconds: 1 },
  }),
  host("h3", { labels: { zone: "b", rack: "r1" }, cpus: 8, memoryBytes: 6 * GiB }),
  host("h4", { labels: { zone: "b" }, usage: { cpu: 0.2, memory: 0.2, ageSeconds: 60 } }),
  host("h10", { maxContainers: 2, headroom: { cpus: 1, memoryBytes: GiB } }),
  host("h11", { labels: { zone: "c" }, notReady: "cannot be reached: timed out" }),
];
const requests: PlacementRequest[] = [
  ...replicas("web", 7, { cpus: 0.25, memoryBytes: 256 * MiB }),
  ask("db", { cpus: 1, memoryBytes: GiB, volumes: ["data"] }),
  ...replicas("api", 4, {
    memoryBytes: 512 * MiB,
    ports: [{ hostPort: 80, protocol: "tcp", hostAddress: "" }],
  }),
  ask("cron"),
];
const promised = new Set(["h1", "h2", "h3", "h4", "h10"]);

function placedOn(result: PlanResult, name: string): string[] {
  return Object.keys(result.assignments).filter((each) => result.assignments[each]?.host === name);
}

describe.each(all)("strategy %s", (_name, ...strategies) => {
  const world = input({ candidates: hosts, requests, strategies, functions });
  const result = planAll(world);

  it("is deterministic, in any order of hosts", () => {
    expect(planAll(world)).toEqual(result);
    expect(planAll({ ...world, candidates: [...hosts].reverse() })).toEqual(result);
  });

  it("is a total order: every request has one host as long as there is room", () => {
    expect(Object.keys(result.assignments)).toEqual(requests.map(({ name }) => name));
    expect(result.refusals).toEqual([]);
    for (const { host: on } of Object.values(result.assignments)) expect(promised).toContain(on);
  });

  it("is what a look at every host gives", () => {
    const scan = planAll(
      world,
      ({ hosts: some, ordering, accepts }) => new ScanPicker(some, ordering, accepts),
    );
    expect(result).toEqual(scan);
  });

  it("means the same in every layer", () => {
    const inApplication = { ...world, strategies: [], applications: { shop: { strategies } } };
    const own = requests.map((each) => ({ ...each, strategies }));
    expect(planAll(inApplication)).toEqual(result);
    expect(planAll({ ...world, strategies: [], requests: own })).toEqual(result);
  });

  it("gives every assignment a reason and a score", () => {
    for (const { reason, score } of Object.values(result.assignments)) {
      expect(reason).toMatch(/^\S.*\S$/);
      expect(Number.isFinite(score)).toBe(true);
    }
  });

  it("keeps what is placed, with its reason and score", () => {
    const web = assigned("h10", { score: -7, reason: "it was always here" });
    const previous = { assignments: { web }, networks: {} };
    expect(planAll({ ...world, requests: [ask("web")], previous }).assignments).toEqual({ web });
    const again = planAll(after(world, result));
    expect(again.assignments).toEqual(result.assignments);
    expect(again).not.toHaveProperty("moves");
  });

  it("moves only what lay on a host that has left", () => {
    for (const { name } of hosts) {
      const candidates = hosts.filter((each) => each.name !== name);
      const next = planAll({ ...after(world, result), candidates });
      expect(next.moves?.map((move) => move.name) ?? []).toEqual(
        placedOn(result, name).filter((each) => each in next.assignments),
      );
    }
  });

  it("explains every refusal with all hosts", () => {
    const big = [ask("big", { memoryBytes: 7 * GiB })];
    const [refusal] = planAll({ ...world, requests: big }).refusals;
    expect(refusal?.sentence).toBe(
      "no host for big: 5 hosts lack 7 GiB of memory (largest free 6 GiB on h3), 1 host is not ready (h11 cannot be reached: timed out)",
    );
    expect(refusal?.hosts.map((each) => each.host)).toEqual(["h1", "h2", "h3", "h4", "h10", "h11"]);
  });

  it("explains every host for every request", () => {
    for (const { name } of requests) {
      const why = explainWhy({ input: world, result }, name);
      expect(why?.hosts).toHaveLength(hosts.length);
      expect(why?.hosts.filter(({ verdict }) => verdict === "here")).toHaveLength(1);
      for (const { reasons } of why?.hosts ?? []) {
        for (const reason of reasons) expect(reason).toMatch(/^\S.*[^:\s]$/);
      }
    }
  });

  it("never refuses because a host was added, or because one is smaller", () => {
    const full = hosts.map((each) => ({ ...each, maxContainers: 1 }));
    const five = replicas("web", 5);
    expect(planAll({ ...world, candidates: full, requests: five }).refusals).toEqual([]);
    const more = [host("h0"), ...full, host("h99", { labels: { zone: "z" } })];
    expect(planAll({ ...world, candidates: more, requests: five }).refusals).toEqual([]);
    expect(planAll({ ...world, candidates: full, requests: five.slice(1) }).refusals).toEqual([]);
  });

  it("comes to rest when it is rebalanced", () => {
    const skewed = Object.fromEntries(
      requests.map(({ name }) => [
        name,
        assigned(
          name.startsWith("api") ? `h${name.at(-1) === "0" ? 10 : (name.at(-1) ?? "")}` : "h3",
        ),
      ]),
    );
    const start = {
      ...world,
      previous: { assignments: skewed, networks: {} },
      rebalance: { maxMoves: 100 },
    };
    const moved = planAll(start);
    expect(moved.refusals).toEqual([]);
    for (const { why, from, to } of moved.moves ?? []) {
      expect(why).toMatch(/^\S.*\S$/);
      expect(from).not.toBe(to);
    }
    expect(hostsOf(moved)["db"]).toBe("h3");
    const next = planAll({ ...after(start, moved), rebalance: { maxMoves: 100 } });
    expect(next.moves?.length ?? 0).toBeLessThanOrEqual(moved.moves?.length ?? 0);
  });
});
