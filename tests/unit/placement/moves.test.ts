import { describe, expect, it } from "vitest";
import { planAll } from "../../../provider/placement/index.js";
import type {
  Candidate,
  ConstraintSpec,
  PlacementRequest,
  PlanInput,
  StrategySpec,
} from "../../../provider/placement/model.js";
import { after, ask, assigned, GiB, host, hostsOf, input, other, replicas } from "./make.js";

const pinned = (name: string): ConstraintSpec[] => [{ kind: "host", host: name }];
const before = (hosts: Record<string, string>) => ({
  previous: {
    assignments: Object.fromEntries(
      Object.entries(hosts).map(([name, where]) => [name, assigned(where)]),
    ),
    networks: {},
  },
});
const plan = (over: Partial<PlanInput>) => planAll(input(over));
const two = (first: Partial<Candidate>, second: Partial<Candidate> = {}) => [
  host("h1", first),
  host("h2", second),
];

describe("a host that is drained", () => {
  it("loses its containers, what others depend on first", () => {
    const result = plan({
      candidates: two({ drain: true }),
      requests: [
        ask("web", { dependsOn: ["api", "nobody"] }),
        ask("api", { dependsOn: ["db"] }),
        ask("stays"),
        ask("db"),
      ],
      ...before({ web: "h1", api: "h1", db: "h1", stays: "h2" }),
    });
    const move = { from: "h1", to: "h2", cause: "drain", why: "h1 is drained" };
    expect(result.moves).toEqual(["db", "api", "web"].map((name) => ({ name, ...move })));
    expect(result.assignments["db"]?.reason).toBe("the only host that fits");
    expect(result).not.toHaveProperty("stuck");
    const next = planAll(after(input({ candidates: two({ drain: true }) }), result));
    expect(next).not.toHaveProperty("moves");
  });

  it("as one at fault is, is left for another however many are there", () => {
    const there = replicas("other", 5).map(({ name }) => other(name));
    const before = input({ candidates: [host("h1")], requests: replicas("web", 2) });
    const candidates = [host("h1", { drain: true }), host("h2", { others: there })];
    const now = { ...after(before, planAll(before)), candidates, requests: replicas("web", 3) };
    expect(hostsOf(planAll(now))).toEqual({ "web-0": "h2", "web-1": "h2", "web-2": "h2" });
  });

  it("loses what others depend on first, also through one that stays", () => {
    const result = plan({
      candidates: two({ drain: true }),
      requests: [
        ask("stays", { dependsOn: ["cache"] }),
        ask("cache", { dependsOn: ["db"] }),
        ask("web", { dependsOn: ["stays"] }),
        ask("db"),
        ask("lone"),
      ],
      ...before({ web: "h1", cache: "h2", db: "h1", stays: "h2", lone: "h1" }),
    });
    expect(result.moves?.map(({ name }) => name)).toEqual(["db", "web", "lone"]);
  });

  it("cuts a circle of dependencies where program order enters it", () => {
    const result = plan({
      candidates: two({ drain: true }),
      requests: [
        ask("a", { dependsOn: ["b"] }),
        ask("b", { dependsOn: ["c", "a"] }),
        ask("c", { dependsOn: ["a"] }),
      ],
      ...before({ a: "h1", b: "h1", c: "h1" }),
    });
    expect(result.moves?.map(({ name }) => name)).toEqual(["c", "b", "a"]);
  });

  it("moves all that one of them depends on before it", () => {
    const result = plan({
      candidates: two({ drain: true }),
      requests: [ask("web", { dependsOn: ["api", "db"] }), ask("api"), ask("db")],
      ...before({ web: "h1", api: "h1", db: "h1" }),
    });
    expect(result.moves?.map(({ name }) => name)).toEqual(["api", "db", "web"]);
  });

  it("keeps what has data there or no other place, and says why", () => {
    const result = plan({
      candidates: two({ drain: true, volumes: ["data"] }, { memoryBytes: GiB }),
      requests: [
        ask("db", { volumes: ["data"] }),
        ask("fresh", { volumes: ["none-yet"] }),
        ask("big", { memoryBytes: 2 * GiB }),
        ask("web"),
      ],
      ...before({ db: "h1", fresh: "h1", big: "h1", web: "h1" }),
    });
    expect(result.moves?.map(({ name }) => name)).toEqual(["web"]);
    expect(result.stuck).toEqual([
      {
        name: "db",
        host: "h1",
        cause: "drain",
        sentence: "db stays on h1, which is drained: its volume data is there",
      },
      {
        name: "fresh",
        host: "h1",
        cause: "drain",
        sentence: "fresh stays on h1, which is drained: its volume none-yet is there",
      },
      {
        name: "big",
        host: "h1",
        cause: "drain",
        sentence:
          "big stays on h1, which is drained: 1 host is being drained, 1 host lacks 2 GiB of memory (largest free 1 GiB on h2)",
      },
    ]);
    expect(result.refusals).toEqual([]);
    expect(result.assignments["big"]).toEqual(assigned("h1"));
  });

  it("keeps everything while it cannot be seen", () => {
    const result = plan({
      candidates: two({ drain: true, notReady: "cannot be reached: timed out" }),
      requests: [ask("web")],
      ...before({ web: "h1" }),
    });
    expect(hostsOf(result)).toEqual({ web: "h1" });
    expect(result.stuck?.[0]?.sentence).toBe(
      "web stays on h1, which is drained: it cannot be reached: timed out",
    );
  });

  it("gives up a container that it runs without a state, too", () => {
    const own = { web: { networks: {} } };
    const result = plan({ candidates: two({ drain: true, own }), requests: [ask("web")] });
    expect(result.moves).toEqual([
      { name: "web", from: "h1", to: "h2", cause: "drain", why: "h1 is drained" },
    ]);
    const alone = plan({ candidates: [host("h1", { drain: true, own })], requests: [ask("web")] });
    expect(alone.assignments["web"]).toMatchObject({
      host: "h1",
      reason: "its container already runs here",
      score: 0,
    });
    expect(alone.stuck?.map(({ name }) => name)).toEqual(["web"]);
  });

  it("lets a container stay with what already runs elsewhere", () => {
    const result = plan({
      candidates: two({ drain: true }, { own: { web: { networks: {} } } }),
      requests: [ask("web")],
      ...before({ web: "h1" }),
    });
    expect(result.assignments["web"]).toMatchObject({
      host: "h2",
      reason: "its container already runs here",
    });
  });

  it("takes nothing new, and what is pinned there is stuck", () => {
    const result = plan({
      candidates: two({ drain: true }),
      requests: [ask("old", { constraints: pinned("h1") }), ask("new")],
      ...before({ old: "h1" }),
    });
    expect(hostsOf(result)).toEqual({ old: "h1", new: "h2" });
    expect(result.stuck?.[0]?.sentence).toBe(
      "old stays on h1, which is drained: 1 host is not h1, to which it is pinned, 1 host is being drained",
    );
  });

  it("keeps the devices of who is stuck", () => {
    const devices = [{ kind: "gpu", attributes: {}, ids: ["g0", "g1"] }];
    const result = plan({
      candidates: two({ drain: true, devices }),
      requests: [ask("ai", { devices: [{ kind: "gpu", count: 1 }] })],
      previous: { assignments: { ai: assigned("h1", { devices: ["g1"] }) }, networks: {} },
    });
    expect(result.assignments["ai"]).toEqual(assigned("h1", { devices: ["g1"] }));
  });
});

describe("a container that is about to leave", () => {
  const ports = [{ hostPort: 80, protocol: "tcp" as const, hostAddress: "" }];
  it.each<
    [
      string,
      Partial<PlacementRequest>,
      Partial<Candidate["own"][string]>,
      Partial<PlacementRequest>,
    ]
  >([
    ["the cores that it was seen with", { cpus: 1 }, { cpus: 3 }, { cpus: 2 }],
    ["the cores that it asks for", { cpus: 3 }, {}, { cpus: 2 }],
    ["the memory that it was seen with", {}, { memoryBytes: 3 * GiB }, { memoryBytes: 2 * GiB }],
    ["the memory that it asks for", { memoryBytes: 3 * GiB }, {}, { memoryBytes: 2 * GiB }],
    ["the ports that it was seen with", {}, { ports }, { ports }],
    ["the ports that it asks for", { ports }, {}, { ports }],
  ])("holds %s until it is gone", (_, asks, own, others) => {
    const result = plan({
      candidates: [host("h1", { own: { web: { networks: {}, ...own } } }), host("h2"), host("h3")],
      requests: [ask("web", { ...asks, constraints: pinned("h2") }), ask("db", others)],
      strategies: [{ kind: "depthFirst" }],
      ...before({ web: "h1" }),
    });
    expect(hostsOf(result)).toMatchObject({ web: "h2" });
    expect(hostsOf(result)["db"]).not.toBe("h1");
    const free = plan({
      candidates: [host("h1"), host("h2"), host("h3")],
      requests: [ask("db", others)],
      strategies: [{ kind: "depthFirst" }],
    });
    expect(hostsOf(free)).toEqual({ db: "h1" });
  });

  it("keeps its place on a host that does not exist yet, whatever room that has", () => {
    const result = plan({
      candidates: two({ pending: true, cpus: 1 }),
      requests: [ask("web", { cpus: 2 })],
      ...before({ web: "h1" }),
    });
    expect(hostsOf(result)).toEqual({ web: "h1" });
  });

  it("is where it was found, which is a move only from a host that is still there", () => {
    const found = (previous: string) =>
      plan({
        candidates: two({}, { labels: { disk: "ssd" }, own: { web: { networks: {} } } }),
        requests: [ask("web", { constraints: [{ kind: "label", expression: "disk=ssd" }] })],
        ...before({ web: previous }),
      });
    expect(hostsOf(found("h9"))).toEqual({ web: "h2" });
    expect(found("h9")).not.toHaveProperty("moves");
    expect(found("h1").moves).toEqual([
      { name: "web", from: "h1", to: "h2", cause: "rule", why: "h1 lacks label disk=ssd" },
    ]);
  });

  it("is stuck with the reason that it runs there where no plan knows it", () => {
    const result = plan({
      candidates: two({ drain: true, own: { web: { networks: {} } } }),
      requests: [ask("web", { volumes: ["data"] })],
    });
    expect(result.assignments["web"]).toMatchObject({
      host: "h1",
      reason: "its container already runs here",
      score: 0,
    });
  });

  it("is stuck where it runs, not on a host that is gone", () => {
    const result = plan({
      candidates: two({ drain: true, own: { db: { networks: {} } }, volumes: ["data"] }),
      requests: [ask("db", { volumes: ["data"] })],
      ...before({ db: "old1" }),
    });
    expect(result.assignments["db"]?.host).toBe("h1");
    expect(result.stuck?.map(({ sentence }) => sentence)).toEqual([
      "db stays on h1, which is drained: its volume data is there",
    ]);
    expect(result).not.toHaveProperty("moves");
  });

  it("may be called as what every object has", () => {
    const result = plan({ candidates: two({}), requests: [ask("constructor")] });
    expect(hostsOf(result)).toEqual({ constructor: "h1" });
    expect(result).not.toHaveProperty("moves");
  });

  it("is kept with its own devices, not with those of the smallest group", () => {
    const gpu = { kind: "gpu", attributes: {} };
    const result = plan({
      candidates: two({
        devices: [
          { ...gpu, ids: ["a", "b"] },
          { ...gpu, ids: ["c"] },
        ],
      }),
      requests: [ask("web", { devices: [{ kind: "gpu", count: 1 }] })],
      previous: { assignments: { web: assigned("h1", { devices: ["b"] }) }, networks: {} },
    });
    expect(result.assignments["web"]).toMatchObject({ host: "h1", devices: ["b"] });
    const fresh = plan({
      candidates: two({
        devices: [
          { ...gpu, ids: ["a", "b"] },
          { ...gpu, ids: ["c"] },
        ],
      }),
      requests: [ask("web", { devices: [{ kind: "gpu", count: 1 }] })],
    });
    expect(fresh.assignments["web"]).toMatchObject({ host: "h1", devices: ["c"] });
  });
});

describe("a host that is lost", () => {
  const lost = two(
    { lost: true, notReady: "cannot be reached: no route" },
    { volumes: [], memoryBytes: 2 * GiB },
  );
  const world = input({
    candidates: lost,
    requests: [ask("web"), ask("db", { volumes: ["data"] }), ask("new")],
    ...before({ web: "h1", db: "h1" }),
  });

  it("keeps everything until it is to be replaced", () => {
    const result = planAll(world);
    expect(hostsOf(result)).toEqual({ web: "h1", db: "h1", new: "h2" });
    expect(result).not.toHaveProperty("moves");
  });

  it("then gives up what has no data there", () => {
    const result = planAll({ ...world, replaceLost: true });
    expect(result.moves).toEqual([
      {
        name: "web",
        from: "h1",
        to: "h2",
        cause: "lost",
        why: "h1 is lost: it cannot be reached: no route",
      },
    ]);
    expect(result.stuck?.map(({ sentence }) => sentence)).toEqual([
      "db stays on h1, which is lost: its volume data is there",
    ]);
    const unsaid = planAll({ ...world, candidates: two({ lost: true }), replaceLost: true });
    expect(unsaid.moves?.[0]?.why).toBe("h1 is lost");
  });

  it("keeps what has no other place", () => {
    const requests = [ask("web", { memoryBytes: 3 * GiB })];
    const result = planAll({ ...world, requests, replaceLost: true });
    expect(hostsOf(result)).toEqual({ web: "h1" });
    expect(result.stuck?.[0]?.sentence).toBe(
      "web stays on h1, which is lost: 1 host is not ready (h1 cannot be reached: no route), 1 host lacks 3 GiB of memory (largest free 2 GiB on h2)",
    );
  });
});

describe("a host that is no longer there, or breaks a rule now", () => {
  it.each<[string, Partial<PlanInput>, string]>([
    ["gone", { candidates: [host("h2")] }, "h1 is no longer a host of the cloud"],
    [
      "without its label",
      {
        constraints: [{ kind: "label", expression: "zone=eu" }],
        candidates: two({}, { labels: { zone: "eu" } }),
      },
      "h1 lacks label zone=eu",
    ],
    [
      "too small",
      { candidates: two({ memoryBytes: GiB }) },
      "h1 lacks 2 GiB of memory (1 GiB free, 1 GiB short)",
    ],
    [
      "too small, where others care for their neighbours",
      {
        candidates: two({ memoryBytes: GiB }),
        requests: [
          ask("web", { memoryBytes: 2 * GiB }),
          ask("shy", { constraints: [{ kind: "affinity", rules: "NOT TYPE db" }] }),
        ],
      },
      "h1 lacks 2 GiB of memory (1 GiB free, 1 GiB short)",
    ],
    [
      "without those it wants to be with",
      {
        candidates: two({}, { others: [other("db", { owner: "a/b/db", type: "db" })] }),
        constraints: [{ kind: "affinity", rules: "SOME TYPE db" }],
      },
      "h1 does not meet affinity SOME TYPE db",
    ],
  ])("%s: the move says so", (_, over, why) => {
    const result = plan({
      candidates: two({}),
      requests: [ask("web", { memoryBytes: 2 * GiB })],
      ...before({ web: "h1" }),
      ...over,
    });
    expect(result.moves).toEqual([{ name: "web", from: "h1", to: "h2", cause: "rule", why }]);
  });

  it("is no move where nothing else will do: that is refused", () => {
    const result = plan({
      candidates: [host("h2", { memoryBytes: GiB })],
      requests: [ask("web", { memoryBytes: 2 * GiB })],
      ...before({ web: "h1" }),
    });
    expect(result).not.toHaveProperty("moves");
    expect(result.refusals.map(({ sentence }) => sentence)).toEqual([
      "no host for web: 1 host lacks 2 GiB of memory (largest free 1 GiB on h2)",
    ]);
  });
});

describe("a rebalance", () => {
  const all = (count: number, where: string) =>
    before(Object.fromEntries(replicas("web", count).map(({ name }) => [name, where])));
  const moved = (over: Partial<PlanInput>) =>
    (plan(over).moves ?? []).map(({ name, to }) => `${name} to ${to}`);

  it("moves only what makes the balance better, the last replicas first, and then stops", () => {
    const world = input({
      candidates: [host("h1"), host("h2"), host("h3")],
      requests: replicas("web", 6),
      rebalance: {},
      ...all(6, "h1"),
    });
    const result = planAll(world);
    expect(result.moves).toEqual(
      [
        ["web-5", "h2"],
        ["web-4", "h3"],
        ["web-3", "h2"],
        ["web-2", "h3"],
      ]
        .map(([name = "", to = ""]): unknown =>
          expect.objectContaining({ name, to, cause: "rebalance" }),
        )
        .reverse(),
    );
    expect(result.moves?.at(-1)?.why).toBe("breadth first: 0 web here, 5 on h1");
    expect(result.assignments["web-5"]?.reason).toBe("breadth first: 0 web here, 5 on h1");
    expect(planAll(after(world, result))).not.toHaveProperty("moves");
  });

  it("moves no more than it may, and only of the applications that it is for", () => {
    const world = {
      candidates: two({}),
      requests: replicas("web", 6),
      ...all(6, "h1"),
    };
    expect(moved({ ...world, rebalance: { maxMoves: 2 } })).toEqual(["web-4 to h2", "web-5 to h2"]);
    expect(moved({ ...world, rebalance: { maxMoves: 0 } })).toEqual([]);
    expect(moved({ ...world, rebalance: { applications: ["blog"] } })).toEqual([]);
    expect(moved({ ...world, rebalance: { applications: ["shop"] } })).toHaveLength(3);
    expect(moved({ ...world, rebalance: { maxMoves: 0, limits: { shop: 2 } } })).toHaveLength(2);
    expect(moved({ ...world, rebalance: { maxMoves: 1, limits: { blog: 9 } } })).toHaveLength(1);
    expect(moved(world)).toEqual([]);
    const many = { candidates: two({}), requests: replicas("web", 40), ...all(40, "h1") };
    expect(moved({ ...many, rebalance: {} })).toHaveLength(10);
  });

  it.each<[string, Partial<PlanInput>]>([
    ["with a volume", { requests: replicas("web", 4, { volumes: ["data"] }) }],
    ["on a host that cannot be seen", { candidates: two({ notReady: "cannot be reached" }) }],
    ["drawn at random", { strategies: [{ kind: "random" }] }],
    ["pinned", { requests: replicas("web", 4, { constraints: pinned("h1") }) }],
    ["without room elsewhere", { candidates: two({}, { maxContainers: 0 }) }],
  ])("moves nothing %s", (_, over) => {
    const world = { candidates: two({}), requests: replicas("web", 4), ...all(4, "h1") };
    expect(moved({ ...world, rebalance: {}, ...over })).toEqual([]);
  });

  it("keeps capacity in both places: no move relies on another", () => {
    const result = plan({
      candidates: two({ memoryBytes: 4 * GiB }, { memoryBytes: 2 * GiB }),
      requests: replicas("web", 4, { memoryBytes: GiB }),
      rebalance: {},
      ...all(4, "h1"),
    });
    expect(Object.values(hostsOf(result))).toEqual(["h1", "h1", "h2", "h2"]);
  });

  it("moves depth first to the first host with room, and binpack together", () => {
    const strategies: StrategySpec[] = [{ kind: "depthFirst" }];
    const result = plan({
      candidates: two({}),
      requests: replicas("web", 2),
      strategies,
      rebalance: {},
      ...all(2, "h2"),
    });
    expect(result.moves?.map(({ why }) => why)).toEqual([
      "depth first: h1 comes before h2",
      "depth first: h1 comes before h2",
    ]);
    const packed = plan({
      candidates: two({}),
      requests: [ask("a", { cpus: 2 }), ask("b", { cpus: 1 })],
      strategies: [{ kind: "binpack" }],
      rebalance: {},
      ...before({ a: "h1", b: "h2" }),
    });
    expect(hostsOf(packed)).toEqual({ a: "h2", b: "h2" });
  });

  it("does not move for live use, which is another at the next sample", () => {
    const use = (cpu: number) => ({ usage: { cpu, memory: 0, ageSeconds: 1 } });
    const world = (far: number) => ({
      candidates: two(use(0.5), use(far)),
      requests: [ask("web", { cpus: 0.1 })],
      strategies: [{ kind: "lowestCpuUsage" as const }],
      rebalance: {},
      ...before({ web: "h1" }),
    });
    expect(moved(world(0.44))).toEqual([]);
    expect(moved(world(0.1))).toEqual([]);
  });

  it("spreads over zones what was put together", () => {
    const result = plan({
      candidates: two({ labels: { zone: "a" } }, { labels: { zone: "b" } }),
      requests: replicas("web", 4),
      strategies: [{ kind: "spreadOver", over: [{ label: "zone" }] }],
      rebalance: {},
      ...all(4, "h1"),
    });
    expect(result.moves?.map(({ name, why }) => `${name}: ${why}`)).toEqual([
      "web-2: spread over zone: 1 web in zone=b, 2 web in zone=a",
      "web-3: spread over zone: 0 web in zone=b, 3 web in zone=a",
    ]);
  });

  it("leaves the cause of what moves anyway, and gives devices at the new place", () => {
    const gpu = (id: string) => ({
      devices: [{ kind: "gpu", attributes: {}, ids: [id, `${id}x`] }],
    });
    const requests = replicas("web", 2, { devices: [{ kind: "gpu", count: 1 }] });
    const result = plan({
      candidates: two(gpu("a"), gpu("b")),
      requests,
      rebalance: {},
      previous: {
        assignments: {
          "web-0": assigned("h1", { devices: ["a"] }),
          "web-1": assigned("h1", { devices: ["ax"] }),
        },
        networks: {},
      },
    });
    expect(result.assignments["web-1"]).toMatchObject({ host: "h2", devices: ["b"] });
  });

  it("begins with the worst placed", () => {
    const worst = {
      candidates: [host("h1"), host("h2"), host("h3")],
      requests: replicas("web", 5),
      strategies: [{ kind: "leastContainers" as const }],
      rebalance: { maxMoves: 1 },
    };
    const at = (...hosts: string[]) =>
      before(Object.fromEntries(hosts.map((name, i) => [`web-${i}`, name])));
    expect(moved({ ...worst, ...at("h1", "h1", "h1", "h2", "h2") })).toEqual(["web-2 to h3"]);
    expect(moved({ ...worst, ...at("h1", "h1", "h2", "h2", "h2") })).toEqual(["web-4 to h3"]);
  });

  it("looks again at those before, once others have moved", () => {
    const volumes = ["data"];
    const result = moved({
      candidates: [host("h1"), host("h2"), host("h3", { labels: { for: "b" } })],
      requests: [
        ask("a", { constraints: [{ kind: "hostname", pattern: "h[12]", syntax: "regexp" }] }),
        ask("v", { volumes }),
        ask("w", { volumes }),
        ...replicas("b", 2, {
          constraints: [{ kind: "hostname", pattern: "h[23]", syntax: "regexp" }],
        }),
      ],
      strategies: [{ kind: "leastContainers" }],
      rebalance: {},
      ...before({ a: "h1", v: "h1", w: "h1", "b-0": "h2", "b-1": "h2" }),
    });
    expect(result).toEqual(["a to h2", "b-1 to h3"]);
  });

  it("goes by the next strategy where the first one is even", () => {
    const zone = { labels: { zone: "a" } };
    const world = {
      candidates: two(zone, zone),
      requests: [ask("web"), ask("db", { volumes: ["data"] })],
      ...before({ web: "h1", db: "h1" }),
      rebalance: {},
    };
    const over: StrategySpec = { kind: "spreadOver", over: [{ label: "zone" }] };
    expect(moved({ ...world, strategies: [{ kind: "leastContainers" }, over] })).toEqual([
      "web to h2",
    ]);
    const apart = { ...world, candidates: two(zone, { labels: { zone: "b" } }) };
    const fuller = {
      ...apart,
      requests: [...world.requests, ask("cache", { volumes: ["data"] }), ask("web-2")],
      ...before({ web: "h1", db: "h1", cache: "h1", "web-2": "h2" }),
    };
    expect(moved({ ...fuller, strategies: [{ kind: "leastContainers" }, over] })).toEqual([]);
    expect(moved({ ...fuller, strategies: [{ kind: "leastContainers" }] })).toEqual(["web to h2"]);
  });

  it.each<[string, StrategySpec, Partial<Candidate>, Partial<Candidate>, number]>([
    [
      "reserved memory",
      { kind: "spread" },
      {},
      { others: [other("x", { memoryBytes: GiB })] },
      2 * GiB,
    ],
    [
      "memory in use",
      { kind: "lowestMemoryUsage" },
      { usage: { memory: 0.6, ageSeconds: 1 } },
      { usage: { memory: 0.3, ageSeconds: 1 } },
      2 * GiB,
    ],
    [
      "memory that is assumed",
      { kind: "lowestMemoryUsage" },
      { usage: { memory: 0.34, ageSeconds: 1 } },
      { usage: { memory: 0.28, ageSeconds: 1 } },
      0,
    ],
    [
      "cores that are assumed",
      { kind: "lowestCpuUsage" },
      { usage: { cpu: 0.34, ageSeconds: 1 } },
      { usage: { cpu: 0.275, ageSeconds: 1 } },
      0,
    ],
  ])("does not hold a container's own %s against its host", (_, strategy, h1, h2, memoryBytes) => {
    const world = {
      candidates: two(h1, h2),
      requests: [ask("web", { memoryBytes })],
      strategies: [strategy],
      rebalance: {},
      ...before({ web: "h1" }),
    };
    expect(moved(world)).toEqual([]);
  });

  it("never moves what was drawn, nor what a missing function should order", () => {
    const world = {
      candidates: two({}),
      requests: replicas("web", 2),
      rebalance: {},
      ...all(2, "h2"),
    };
    expect(moved({ ...world, strategies: [{ kind: "random" }] })).toEqual([]);
    expect(moved({ ...world, strategies: [{ kind: "comparator", name: "none" }] })).toEqual([]);
    const [first] = Object.values(
      plan({ ...world, strategies: [{ kind: "depthFirst" }] }).assignments,
    );
    expect(first).toMatchObject({ host: "h1", score: 0 });
  });

  it("waits for hosts that do not exist yet", () => {
    const result = plan({
      candidates: [host("h1"), host("h2", { pending: true })],
      requests: [...replicas("web", 2), ask("db", { volumes: ["data"] })],
      rebalance: {},
      ...before({ "web-0": "h1", "web-1": "h1", db: "h1" }),
    });
    expect(result.pending.requests).toEqual(["web-0", "web-1"]);
    expect(hostsOf(result)).toEqual({ db: "h1" });
  });
});
