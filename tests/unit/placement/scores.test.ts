import { describe, expect, it } from "vitest";
import type { StrategySpec } from "../../../provider/placement/model.js";
import {
  evenScore,
  exponentialScore,
  linearScore,
  planAll,
  preferenceScore,
  targetScore,
} from "../../../provider/placement/index.js";
import { ask, GiB, host, hostsOf, input, replicas } from "./make.js";

/** Share of a host with 2048 cpu units or 4096 units of memory. */
const cpu = (taken: number) => ({ usable: 2048, taken });
const memory = (taken: number) => ({ usable: 4096, taken });

describe("the exponential score, 0 to 18", () => {
  it.each([
    ["full", 2048, 4096, 18],
    ["empty", 0, 0, 0],
    ["half", 1024, 2048, 13.675],
    ["cpu full", 2048, 0, 9],
    ["over-full", 3000, 5000, 18],
  ])("%s: binpack", (_, cpus, bytes, expected) => {
    const binpack = exponentialScore("binpack", cpu(cpus), memory(bytes));
    expect(binpack).toBeCloseTo(expected, 3);
    expect(binpack + exponentialScore("spread", cpu(cpus), memory(bytes))).toBeCloseTo(18, 9);
  });

  it("takes a resource that a host does not have for full", () => {
    const none = { usable: 0, taken: 0 };
    expect(exponentialScore("spread", none, none)).toBe(0);
  });
});

describe("the linear score, 0 to 100", () => {
  const free = (
    host: [cpus: number, bytes: number],
    taken: [cpus: number, bytes: number],
    weights?: { cpu?: number; memory?: number },
  ) =>
    Math.floor(
      linearScore(
        "spread",
        { usable: host[0], taken: taken[0] },
        { usable: host[1], taken: taken[1] },
        weights,
      ),
    );

  it.each([
    ["small host", [4000, 10000], [3000, 5000], undefined, 37],
    ["large host", [6000, 10000], [3000, 5000], undefined, 50],
    ["cpu reserved", [10000, 20000], [6000, 0], undefined, 70],
    ["both reserved", [10000, 20000], [6000, 5000], undefined, 57],
    ["memory twice as heavy, small", [4000, 10000], [3000, 5000], { memory: 2, cpu: 1 }, 41],
    ["memory twice as heavy, large", [6000, 10000], [3000, 5000], { memory: 2, cpu: 1 }, 50],
    ["cpu over-asked", [4000, 10000], [6000, 0], undefined, 50],
    ["cpu over-asked, memory half", [4000, 10000], [6000, 5000], undefined, 25],
  ] as const)("%s", (_, of, taken, weights, expected) => {
    expect(free([...of], [...taken], weights)).toBe(expected);
  });

  it("counts what is taken for binpack", () => {
    expect(linearScore("binpack", { usable: 4, taken: 1 }, { usable: 4, taken: 3 })).toBe(50);
    expect(linearScore("binpack", { usable: 4, taken: 4 }, { usable: 4, taken: 4 })).toBe(100);
    expect(linearScore("binpack", { usable: 0, taken: 0 }, { usable: 4, taken: 4 })).toBe(50);
    expect(linearScore("binpack", cpu(0), memory(0), { cpu: 0, memory: 0 })).toBe(0);
  });
});

describe("spread scores", () => {
  it.each([
    ["80 % of 10 with 2 there", 8, 2, 0.625],
    ["the other 20 %", 2, 0, 0.5],
    ["the target reached", 8, 7, 0],
    ["no target", 0, 0, -1],
  ])("target: %s", (_, target, count, expected) => {
    expect(targetScore(target, count)).toBe(expected);
  });

  it.each([
    [
      [0, 0],
      [0, 0],
    ],
    [
      [2, 0],
      [-1, 1],
    ],
    [
      [2, 3],
      [0.5, -0.5],
    ],
    [
      [1, 1],
      [-1, -1],
    ],
  ])("even: %j scores %j", (counts, expected) => {
    expect(counts.map((count) => evenScore(counts, count))).toEqual(expected);
  });

  it("even: a new value beside equal ones is the best", () => {
    expect(evenScore([1, 1, 0], 1)).toBe(-1);
    expect(evenScore([1, 1, 0], 0)).toBe(1);
  });
});

describe("preferences", () => {
  const weights = [100, -100, 50, 50];
  it.each([
    [[true, false, true, false], 0.5],
    [[false, true, false, false], -1 / 3],
    [[false, true, true, false], -1 / 6],
    [[true, false, false, false], 1 / 3],
    [[true, true, false, false], 0],
  ])("weights 100, -100, 50, 50 that are met %j score %f", (met, expected) => {
    const wishes = weights.map((weight, i) => ({ weight, met: met[i] === true }));
    expect(preferenceScore(wishes)).toBeCloseTo(expected, 9);
  });

  it("score 0 where nothing is wished", () => {
    expect(preferenceScore([])).toBe(0);
  });

  it("decide before the strategies, the cloud's and the container's together", () => {
    const candidates = [
      host("h1", { labels: { disk: "hdd" } }),
      host("h2", { labels: { disk: "ssd" } }),
      host("h3", { labels: { disk: "ssd", zone: "eu" } }),
    ];
    const result = planAll(
      input({
        candidates,
        preferences: [{ weight: 50, prefer: { kind: "label", expression: "disk=ssd" } }],
        requests: [
          ask("web", {
            preferences: [{ weight: -100, prefer: { kind: "zone", in: ["eu"] } }],
          }),
        ],
      }),
    );
    expect(result.assignments["web"]).toMatchObject({
      host: "h2",
      score: 1 / 3,
      reason: "preferred with 0.33 (label disk=ssd), h1 with 0",
    });
  });

  it.each([
    [0, "label"],
    [101, "label"],
    [Number.NaN, "label"],
  ] as const)("of weight %d are refused", (weight, kind) => {
    const preferences = [{ weight, prefer: { kind, expression: "a exists" } }];
    const plan = input({ candidates: [host("h1")], requests: [ask("web")], preferences });
    expect(planAll(plan).refusals[0]?.sentence).toBe(
      `no host for web: a preference's weight must be from -100 to 100 and not 0, but is ${weight}`,
    );
  });

  it("cannot be of a kind that looks at other hosts", () => {
    const preferences = [{ weight: 1, prefer: { kind: "distinct" as const, label: "zone" } }];
    const plan = input({ candidates: [host("h1")], requests: [ask("web")], preferences });
    expect(planAll(plan).refusals[0]?.sentence).toBe(
      "no host for web: a preference cannot be of kind distinct; use the strategy spreadOver",
    );
  });

  it("may ask for company that comes and goes", () => {
    const preferences = [
      { weight: 1, prefer: { kind: "affinity" as const, rules: "SOME TYPE cache" } },
    ];
    const requests = [
      ask("a", { preferences }),
      ask("cache", { constraints: [{ kind: "host", host: "h2" }] }),
      ...replicas("web", 2, { preferences }),
    ];
    const result = planAll(input({ candidates: [host("h1"), host("h2")], requests }));
    expect(hostsOf(result)).toEqual({ a: "h1", cache: "h2", "web-0": "h2", "web-1": "h2" });
    expect(result.assignments["web-0"]?.reason).toBe(
      "preferred with 1 (affinity SOME TYPE cache), h1 with 0",
    );
  });
});

describe("binpack and spread", () => {
  const four = (name: string) => host(name, { memoryBytes: 4 * GiB });
  const place = (kind: "binpack" | "spread", sizes: number[], over: Partial<StrategySpec> = {}) =>
    planAll(
      input({
        candidates: [four("h1"), four("h2")],
        requests: sizes.map((size, i) => ask(`c${i}`, { memoryBytes: size * GiB })),
        strategies: [{ kind, ...over } as StrategySpec],
      }),
    );

  it("binpack puts the third beside the 3 GiB", () => {
    const result = place("binpack", [2, 3, 1]);
    expect(hostsOf(result)).toEqual({ c0: "h1", c1: "h2", c2: "h2" });
    expect(result.assignments["c2"]?.reason).toBe("binpack: 9 of 18 here, 8.22 on h1");
  });

  it("binpack follows what the plan itself makes fuller", () => {
    const candidates = [host("h1"), host("h2"), host("h3")];
    const pinned = ask("p", { cpus: 1, constraints: [{ kind: "host", host: "h3" }] });
    const requests = [...replicas("a", 1, { cpus: 1 }), pinned, pinned].map((each, i) => ({
      ...each,
      name: `x${i}`,
    }));
    const result = planAll(
      input({
        candidates,
        requests: [...requests, ...replicas("web", 3, { cpus: 1 })],
        strategies: [{ kind: "binpack" }],
      }),
    );
    expect(hostsOf(result)).toMatchObject({
      x0: "h1",
      "web-0": "h3",
      "web-1": "h3",
      "web-2": "h1",
    });
  });

  it("spread takes the emptiest, and goes by containers where nothing is reserved", () => {
    expect(hostsOf(place("spread", [2, 1, 1]))).toEqual({ c0: "h1", c1: "h2", c2: "h2" });
    expect(hostsOf(place("spread", [0, 0, 0]))).toEqual({ c0: "h1", c1: "h2", c2: "h1" });
  });

  it("score linearly if asked", () => {
    const result = place("spread", [2], { scoring: "linear" });
    expect(result.assignments["c0"]).toMatchObject({
      score: 75,
      reason: "spread: 75 of 100 here and on h2; first by name",
    });
  });

  it("never overcommit: 100 GiB take 100 and refuse 101", () => {
    const big = host("h1", { memoryBytes: 100 * GiB });
    const plan = (size: number) =>
      planAll(
        input({
          candidates: [big],
          requests: [ask("c", { memoryBytes: size * GiB })],
          strategies: [{ kind: "binpack" }],
        }),
      );
    expect(hostsOf(plan(100))).toEqual({ c: "h1" });
    expect(plan(101).refusals[0]?.sentence).toBe(
      "no host for c: 1 host lacks 101 GiB of memory (largest free 100 GiB on h1)",
    );
  });
});

describe("lowest use", () => {
  const used = (name: string, cpu: number, memory: number, ageSeconds = 5) =>
    host(name, { usage: { cpu, memory, ageSeconds } });
  const place = (
    kind: "lowestCpuUsage" | "lowestMemoryUsage",
    candidates = [used("h1", 0.5, 0.1), used("h2", 0.2, 0.4)],
  ) =>
    planAll(input({ candidates, requests: [ask("web")], strategies: [{ kind }] })).assignments[
      "web"
    ];

  it("takes the host that works least", () => {
    expect(place("lowestCpuUsage")).toMatchObject({
      host: "h2",
      score: 0.8,
      reason: "lowest cpu use: 20 % here, 50 % on h1",
    });
    expect(place("lowestMemoryUsage")).toMatchObject({
      host: "h1",
      reason: "lowest memory use: 10 % here, 40 % on h2",
    });
  });

  it("puts hosts without a fresh sample last, and says why", () => {
    const stale = used("h1", 0, 0, 300);
    const missing = host("h3", { usage: { ageSeconds: 1, missing: "the host has no cgroups" } });
    expect(place("lowestCpuUsage", [stale, used("h2", 0.9, 0.9)])).toMatchObject({
      host: "h2",
      reason: "lowest cpu use: 90 % here, not known on h1 (sampled 300 s ago, 120 s is the limit)",
    });
    expect(place("lowestCpuUsage", [stale, missing, host("h4")])).toMatchObject({
      host: "h1",
      score: 0,
    });
    const strategies: StrategySpec[] = [{ kind: "lowestCpuUsage" }];
    const requests = replicas("web", 4);
    const plan = input({ candidates: [missing, host("h4")], requests, strategies });
    expect(planAll(plan).assignments["web-0"]?.reason).toBe(
      "cpu use is not known of any host that fits (here: the host has no cgroups); first by name",
    );
  });

  it("counts what the plan itself adds, so that a burst does not go to one host", () => {
    const candidates = [used("h1", 0.1, 0), used("h2", 0.12, 0)];
    const strategies: StrategySpec[] = [{ kind: "lowestCpuUsage" }];
    const plan = input({ candidates, requests: replicas("web", 4), strategies });
    expect(Object.values(hostsOf(planAll(plan)))).toEqual(["h1", "h2", "h1", "h2"]);
  });
});

describe("spread over labels", () => {
  const zones = (zone: string, rack: string, over = {}) => ({ labels: { zone, rack }, ...over });

  it("is even over zones, then over racks, then over hosts, as far as there is room", () => {
    const room = (bytes: number, cpus: number) => ({ memoryBytes: bytes, cpus });
    const candidates = [
      host("h0", zones("az1", "r1", room(1e8, 6))),
      host("h1", zones("az1", "r1", room(1e9, 10))),
      ...["h2", "h3", "h4"].map((name) => host(name, zones("az2", "r1", room(1e9, 6)))),
      ...["h5", "h6"].map((name) => host(name, zones("az2", "r2", room(1e9, 6)))),
    ];
    const plan = input({
      candidates,
      requests: replicas("web", 12, { memoryBytes: 2e8, cpus: 2 }),
      strategies: [{ kind: "spreadOver", over: [{ label: "zone" }, { label: "rack" }] }],
    });
    const result = planAll(plan);
    const counts = Object.fromEntries(
      candidates.map(({ name }) => [
        name,
        Object.values(hostsOf(result)).filter((each) => each === name).length,
      ]),
    );
    expect(counts).toEqual({ h0: 0, h1: 5, h2: 2, h3: 1, h4: 1, h5: 2, h6: 1 });
    expect(result.assignments["web-1"]?.reason).toBe(
      "spread over zone: 0 web in zone=az2, as on h3; first by name",
    );
  });

  it("meets target shares", () => {
    const candidates = ["a1", "a2", "b1", "c1"].map((name) =>
      host(name, { labels: { dc: `dc-${name[0] ?? ""}` } }),
    );
    const targets = { "dc-a": 60, "dc-b": 30 };
    const plan = input({
      candidates,
      requests: replicas("web", 10),
      strategies: [{ kind: "spreadOver", over: [{ label: "dc", targets }] }],
    });
    const result = planAll(plan);
    const hosts = Object.values(hostsOf(result));
    expect(candidates.map(({ name }) => hosts.filter((each) => each === name).length)).toEqual([
      3, 3, 3, 1,
    ]);
    expect(result.assignments["web-0"]).toMatchObject({
      score: 0.833,
      reason: "spread over dc: 0 of 6 web in dc=dc-a, as on a2; first by name",
    });
    expect(result.assignments["web-1"]?.reason).toBe(
      "spread over dc: 1 of 6 web in dc=dc-a and in dc=dc-b; first by name",
    );
  });

  it("gives a value without a share nothing while others have room", () => {
    const candidates = [host("h1", { labels: { dc: "b" } }), host("h2", { labels: { dc: "a" } })];
    const over = [{ label: "dc", targets: { a: 100 } }];
    const plan = input({
      candidates,
      requests: replicas("web", 3),
      strategies: [{ kind: "spreadOver", over }],
    });
    expect(Object.values(hostsOf(planAll(plan)))).toEqual(["h2", "h2", "h2"]);
  });

  it("counts hosts without the label as one more value, and asks for at least one label", () => {
    const candidates = [host("h1"), host("h2"), host("h3", { location: { zone: "a" } })];
    const spread = (over: { label: string }[]) =>
      planAll(
        input({
          candidates,
          requests: replicas("web", 2),
          strategies: [{ kind: "spreadOver", over }],
        }),
      );
    expect(Object.values(hostsOf(spread([{ label: "zone" }])))).toEqual(["h1", "h3"]);
    expect(spread([]).refusals[0]?.sentence).toBe(
      "no host for web-0: spreadOver needs at least one label",
    );
  });

  it("starts from what lies there already", () => {
    const candidates = [
      host("h1", { labels: { zone: "a" } }),
      host("h2", { labels: { zone: "b" } }),
    ];
    const requests = [
      ...replicas("web", 2, { constraints: [{ kind: "host", host: "h1" }] }),
      ...["web-2", "web-3"].map((name) => ask(name)),
    ];
    const plan = input({
      candidates,
      requests,
      strategies: [{ kind: "spreadOver", over: [{ label: "zone" }] }],
    });
    expect(Object.values(hostsOf(planAll(plan)))).toEqual(["h1", "h1", "h2", "h2"]);
  });
});
