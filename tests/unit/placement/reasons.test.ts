import { describe, expect, it } from "vitest";
import { explainWhy, planAll } from "../../../provider/placement/index.js";
import type {
  Candidate,
  ConstraintSpec,
  PlacementRequest,
  PlanInput,
} from "../../../provider/placement/model.js";
import { bytes, kilometres, listing } from "../../../provider/placement/words.js";
import { ask, GiB, host, hostsOf, input, other, sentences } from "./make.js";

const paris = { latitude: 48.8566, longitude: 2.3522 };
const london = { coordinates: { latitude: 51.5074, longitude: -0.1278 } };
const used = (cpu: number, ageSeconds = 5) => ({ usage: { cpu, memory: cpu, ageSeconds } });
const gpu = { kind: "gpu", attributes: { memory: "8" } };

/** What a container wants, a host, and what speaks against that host. */
const cases: [Partial<PlacementRequest> | ConstraintSpec, Partial<Candidate>, string][] = [
  [{ cpus: 3 }, { cpus: 2 }, "lacks 3 cpus (2 cpus free, 1 cpu short)"],
  [
    { cpus: 3 },
    { cpus: 1, others: [other("x", { cpus: 2 })] },
    "lacks 3 cpus (0 cpus free, 3 cpus short)",
  ],
  [
    { memoryBytes: 3 * GiB },
    { memoryBytes: GiB },
    "lacks 3 GiB of memory (1 GiB free, 2 GiB short)",
  ],
  [{ memoryBytes: 1 }, { memoryBytes: 0 }, "lacks 1 B of memory (0 B free, 1 B short)"],
  [
    { memoryBytes: GiB },
    { memoryBytes: GiB, others: [other("x", { memoryBytes: 2 * GiB })] },
    "lacks 1 GiB of memory (0 B free, 1 GiB short)",
  ],
  [
    { diskBytes: 3 * GiB },
    { disk: { freeBytes: GiB } },
    "lacks 3 GiB of disk (1 GiB free, 2 GiB short)",
  ],
  [{ diskBytes: GiB }, {}, "does not say its free disk (1 GiB is needed)"],
  [
    { kind: "distance", from: paris, withinKm: 300, place: "Paris" },
    { location: london },
    "is 344 km from Paris, not within 300 km",
  ],
  [
    { kind: "distance", from: paris, withinKm: 9.5 },
    {},
    "has no coordinates (9.5 km around 48.8566,2.3522 is wanted)",
  ],
  [
    { kind: "jurisdiction", allow: ["US"] },
    { location: { country: "de" } },
    "falls under DE, not US",
  ],
  [
    { kind: "jurisdiction", allow: ["US", "CA"] },
    { location: { jurisdictions: ["gdpr", "EU"] } },
    "falls under GDPR, EU, not US or CA",
  ],
  [{ kind: "maxCpuUsage", max: 0.3 }, used(0.42), "uses 42 % of its cpu, the limit is 30 %"],
  [
    { kind: "maxMemoryUsage", maxAgeSeconds: 60 },
    used(0, 60.6),
    "memory use is not known: sampled 61 s ago, 60 s is the limit",
  ],
  [
    { kind: "maxCpuUsage" },
    { usage: { ageSeconds: 1, missing: "the host has no cgroup statistics" } },
    "cpu use is not known: the host has no cgroup statistics",
  ],
  [
    { kind: "maxCpuUsage" },
    { usage: { ageSeconds: 1 } },
    "cpu use is not known: it was not sampled",
  ],
  [{ kind: "hostname", pattern: "[1-9]", syntax: "regexp" }, {}, "does not match hostname [1-9]"],
  [
    { devices: [{ kind: "gpu", count: 1 }] },
    { devices: [{ kind: "tpu", attributes: {}, ids: ["a"] }] },
    "lacks 1 gpu (none there)",
  ],
  [{ kind: "hostname", pattern: "web-*" }, {}, "does not match hostname web-*"],
  [{ kind: "hostGroup", groups: ["front"] }, {}, "is not in group front"],
  [{ kind: "zone", in: ["a", "b"] }, {}, "does not say its zone (a or b is wanted)"],
  [{ kind: "zone", in: ["a"] }, { labels: { zone: "c" } }, "is in zone c, not a"],
  [{ kind: "host", host: "h9" }, {}, "is not h9, to which it is pinned"],
  [{ kind: "maxContainers", max: 0 }, {}, "runs its limit of 0 containers"],
  [{ kind: "distinct", label: "rack" }, {}, "lacks label rack, by which web is kept apart"],
  [
    { devices: [{ kind: "gpu", count: 2 }] },
    { devices: [{ ...gpu, ids: ["a"] }] },
    "lacks 2 gpus (1 there)",
  ],
  [
    { devices: [{ kind: "gpu", count: 1, where: ["memory > 16"] }] },
    { devices: [{ ...gpu, ids: ["a"] }] },
    "lacks 1 gpu with memory > 16 (0 there)",
  ],
  [
    {
      devices: [
        { kind: "gpu", count: 1 },
        { kind: "gpu", count: 1, where: ["memory != 16"] },
      ],
    },
    { devices: [{ ...gpu, ids: ["a"] }] },
    "lacks 1 gpu and 1 gpu with no memory=16",
  ],
  [{ devices: [{ kind: "gpu", count: 1 }] }, { devices: [] }, "lacks 1 gpu (none there)"],
];

describe("what speaks against one host", () => {
  it.each(cases)("for %j", (wants, over, reason) => {
    const request = "kind" in wants ? { constraints: [wants] } : wants;
    const plan = planAll(
      input({ candidates: [host("h1", over)], requests: [ask("web", request)] }),
    );
    expect(plan.refusals[0]?.hosts).toEqual([{ host: "h1", reason }]);
  });

  it("is the wish that comes first, in whatever order they are written", () => {
    const wishes: [ConstraintSpec, RegExp][] = [
      [{ kind: "host", host: "h9" }, /pinned/],
      [{ kind: "hostname", pattern: "h9" }, /hostname/],
      [{ kind: "label", expression: "a=b" }, /label/],
      [{ kind: "hostGroup", groups: ["front"] }, /group/],
      [{ kind: "region", in: ["eu"] }, /region/],
      [{ kind: "zone", in: ["a"] }, /zone/],
      [{ kind: "distance", from: paris, withinKm: 1 }, /coordinates/],
      [{ kind: "jurisdiction", allow: ["EU"] }, /jurisdiction/],
    ];
    wishes.forEach(([, first], i) => {
      const constraints = wishes.slice(i).map(([spec]) => spec);
      for (const specs of [constraints, [...constraints].reverse()]) {
        const plan = planAll(
          input({ candidates: [host("h1")], requests: [ask("web", { constraints: specs })] }),
        );
        expect(plan.refusals[0]?.hosts[0]?.reason).toMatch(first);
      }
    });
  });
});

/** The most frequent reason comes first; of equal hosts the first is named. */
const many: [Partial<PlacementRequest> | ConstraintSpec, Candidate[], string][] = [
  [
    { diskBytes: 2 * GiB },
    [host("h1", { disk: { freeBytes: GiB } }), host("h2"), host("h3")],
    "2 hosts do not say its free disk, 1 host lacks 2 GiB of disk (largest free 1 GiB on h1)",
  ],
  [
    { kind: "distance", from: paris, withinKm: 300 },
    [host("h1", { location: london }), host("h2"), host("h3")],
    "2 hosts have no coordinates, 1 host is not within 300 km around 48.8566,2.3522 (nearest h1 at 344 km)",
  ],
  [
    { kind: "maxCpuUsage", max: 0.3 },
    [host("h1", used(0.4)), host("h2"), host("h3")],
    "2 hosts have unknown cpu use (it was not sampled), 1 host uses 30 % of its cpu or more (lowest 40 % on h1)",
  ],
  [
    { kind: "distance", from: paris, withinKm: 300 },
    [host("h1", { location: london })],
    "1 host is not within 300 km around 48.8566,2.3522 (nearest h1 at 344 km)",
  ],
  [
    { kind: "distance", from: { latitude: 0, longitude: 181 }, withinKm: 300 },
    [host("h1")],
    "distance: latitude must be from -90 to 90 and longitude from -180 to 180",
  ],
  [
    { kind: "label", expression: "disk !exists" },
    [host("h1", { labels: { disk: "ssd" } }), host("h2", { labels: { disk: "hdd" } })],
    "2 hosts have label disk",
  ],
  [
    { kind: "maxCpuUsage", max: 0.3 },
    [host("h1")],
    "1 host has unknown cpu use (it was not sampled)",
  ],
  [
    { volumes: ["data"] },
    [host("h1"), host("h2"), host("h3", { volumes: ["data"], drain: true })],
    "2 hosts do not hold volume data, which is on h3, 1 host is being drained",
  ],
  [
    { kind: "maxCpuUsage", max: 0.3 },
    [host("h1", used(0.4)), host("h2", used(0.4))],
    "2 hosts use 30 % of their cpu or more (lowest 40 % on h1)",
  ],
  [
    { cpus: 5 },
    [host("h1", { cpus: 1 }), host("h2"), host("h3")],
    "3 hosts lack 5 cpus (most free 4 cpus on h2)",
  ],
  [
    { memoryBytes: 5 * GiB },
    [host("h1"), host("h2")],
    "2 hosts lack 5 GiB of memory (largest free 4 GiB on h1)",
  ],
];

describe("what speaks against several hosts", () => {
  it.each(many)("for %j", (wants, candidates, why) => {
    const request = "kind" in wants ? { constraints: [wants] } : wants;
    const plan = planAll(input({ candidates, requests: [ask("web", request)] }));
    expect(sentences(plan)).toEqual([`no host for web: ${why}`]);
  });
});

describe("the limit of a sample's age", () => {
  it("is an age that will still do", () => {
    const spec: ConstraintSpec = { kind: "maxCpuUsage", maxAgeSeconds: 60 };
    const plan = planAll(
      input({
        candidates: [host("h1", used(0.1, 60))],
        requests: [ask("web", { constraints: [spec, { ...spec, kind: "maxMemoryUsage" }] })],
      }),
    );
    expect(hostsOf(plan)).toEqual({ web: "h1" });
  });
});

describe("who asks for nothing", () => {
  it("is taken by a host that has nothing left, and by one that does not say what it has", () => {
    const full = host("h1", {
      cpus: 1,
      memoryBytes: GiB,
      others: [other("x", { cpus: 2, memoryBytes: 2 * GiB })],
    });
    expect(hostsOf(planAll(input({ candidates: [full], requests: [ask("web")] })))).toEqual({
      web: "h1",
    });
    const unsaid = host("h1", { cpus: 0, memoryBytes: 0, ...used(0.1) });
    const limits: ConstraintSpec[] = [{ kind: "maxCpuUsage" }, { kind: "maxMemoryUsage" }];
    expect(
      hostsOf(
        planAll(input({ candidates: [unsaid], requests: [ask("web")], constraints: limits })),
      ),
    ).toEqual({ web: "h1" });
  });
});

describe("a port", () => {
  const port = (hostPort: number, protocol: "tcp" | "udp", hostAddress = "") => [
    { hostPort, protocol, hostAddress },
  ];
  const taken = (...ports: ReturnType<typeof port>[]) => [
    host("h1", { others: ports.map((each, i) => other(`x${i}`, { ports: each })) }),
  ];
  const fits = (candidates: Candidate[], ports: ReturnType<typeof port>) =>
    hostsOf(planAll(input({ candidates, requests: [ask("web", { ports })] })))["web"] === "h1";

  it("is taken whoever else has the same number for another protocol or address", () => {
    const both = taken(port(53, "tcp"), port(53, "udp"));
    expect(fits(both, port(53, "tcp"))).toBe(false);
    expect(fits(both, port(53, "udp"))).toBe(false);
    expect(fits(both, port(54, "udp"))).toBe(true);
    expect(fits(taken(port(53, "udp", "10.0.0.1")), port(53, "udp", "10.0.0.2"))).toBe(true);
  });

  it.each(["", "0.0.0.0", "::"])("on every address (%j) meets any other", (any) => {
    expect(fits(taken(port(53, "udp", any)), port(53, "udp", "10.0.0.2"))).toBe(false);
    expect(fits(taken(port(53, "udp", "10.0.0.1")), port(53, "udp", any))).toBe(false);
  });
});

describe("a hostname's pattern", () => {
  it.each([
    ["web-*", "web-1", true],
    ["web-*", "web-", true],
    ["web-*", "my-web-1", false],
    ["w?b", "wab", true],
    ["w?b", "wb", false],
    ["*.example.com", "a.example.com", true],
    ["*.example.com", "aXexampleXcom", false],
    ["**1", "h1", true],
    ["h1", "h11", false],
  ])("%s on %s: %s", (pattern, name, expected) => {
    const constraints: ConstraintSpec[] = [{ kind: "hostname", pattern }];
    const plan = planAll(
      input({ candidates: [host(name)], requests: [ask("web", { constraints })] }),
    );
    expect(hostsOf(plan)["web"] === name).toBe(expected);
  });
});

describe("a host that does not exist yet", () => {
  const open = (over: Partial<Candidate>, request: Partial<PlacementRequest>) =>
    planAll(
      input({
        candidates: [host("h1", { pending: true, ...over })],
        requests: [ask("web", request)],
      }),
    ).pending.requests;
  const label: ConstraintSpec[] = [{ kind: "label", expression: "disk=ssd" }];
  const zone: ConstraintSpec[] = [{ kind: "zone", in: ["a"] }];
  const platforms = [{ os: "linux", arch: "arm64" }];

  it("may come to have the labels and the platform that nobody knows now", () => {
    expect(open({ labelsUnknown: true }, { constraints: label })).toEqual(["web"]);
    expect(open({ labelsUnknown: true }, { constraints: zone })).toEqual(["web"]);
    expect(open({}, { platforms })).toEqual(["web"]);
  });

  it("has no others than those that are known", () => {
    expect(open({}, { constraints: label })).toEqual([]);
    expect(open({}, { constraints: zone })).toEqual([]);
    expect(open({ platform: { os: "linux", arch: "amd64" } }, { platforms })).toEqual([]);
  });

  it("leaves a draw open even where it has no room itself", () => {
    const world = {
      candidates: [host("h1"), host("h2"), host("h3", { pending: true, cpus: 1 })],
      requests: [ask("web", { cpus: 2 })],
    };
    const pending = (over: Partial<PlanInput>) =>
      planAll(input({ ...world, ...over })).pending.requests;
    expect(pending({ strategies: [{ kind: "random" }] })).toEqual(["web"]);
    expect(pending({})).toEqual([]);
  });

  it("leaves open what is spread over labels where a sibling may come to lie", () => {
    const zoned = (name: string, zone: string) => host(name, { labels: { zone } });
    const only = (pattern: string): ConstraintSpec[] => [
      { kind: "hostname", pattern, syntax: "regexp" },
    ];
    const world = {
      candidates: [zoned("h1", "a"), zoned("h2", "b"), host("h3", { pending: true })],
      requests: [
        ask("web-0", { constraints: only("h3") }),
        ask("web-1", { constraints: only("h[12]") }),
      ],
    };
    const pending = (over: Partial<PlanInput>) =>
      planAll(input({ ...world, ...over })).pending.requests;
    expect(pending({ strategies: [{ kind: "spreadOver", over: [{ label: "zone" }] }] })).toEqual([
      "web-0",
      "web-1",
    ]);
    expect(pending({})).toEqual(["web-0"]);
  });

  it("leaves nothing open for a request that only one host could take, and that one exists", () => {
    const constraints: ConstraintSpec[] = [{ kind: "host", host: "h1" }];
    const plan = planAll(
      input({
        candidates: [host("h1"), host("h2", { pending: true })],
        requests: [ask("web"), ask("db", { constraints })],
      }),
    );
    expect(plan.pending.requests).toEqual(["web"]);
    expect(hostsOf(plan)).toEqual({ db: "h1" });
  });
});

describe("a request of which something is not known yet", () => {
  const undecided = { requests: [], revisions: [], networks: [], earlier: false };
  const world = {
    candidates: [host("h1"), host("h2")],
    requests: [
      ask("web"),
      ask("db"),
      ask("pinned", { constraints: [{ kind: "host" as const, host: "h1" }] }),
    ],
  };
  const pending = (over: Partial<PlanInput>) =>
    planAll(input({ ...world, ...over })).pending.requests;

  it("leaves open where the next ones go, unless there is nothing to choose", () => {
    expect(pending({})).toEqual([]);
    expect(pending({ undecided })).toEqual([]);
    expect(pending({ undecided: { ...undecided, requests: ["web"] } })).toEqual(["web", "db"]);
    expect(pending({ undecided: { ...undecided, requests: ["db"] } })).toEqual(["db"]);
    expect(pending({ undecided: { ...undecided, earlier: true } })).toEqual(["web", "db"]);
  });
});

describe("an explanation", () => {
  it("of one that is refused is its own", () => {
    const plan = input({
      candidates: [host("h1")],
      requests: [ask("a", { cpus: 5 }), ask("b", { memoryBytes: 5 * GiB })],
    });
    const result = planAll(plan);
    expect(explainWhy({ input: plan, result }, "b")?.sentence).toBe(
      "no host for b: 1 host lacks 5 GiB of memory (largest free 4 GiB on h1)",
    );
  });

  it("says which host was drawn first", () => {
    const plan = input({
      candidates: [host("h1"), host("h2")],
      requests: [ask("web")],
      strategies: [{ kind: "random" }],
    });
    const result = planAll(plan);
    const home = result.assignments["web"]?.host ?? "";
    const there = explainWhy({ input: plan, result }, "web")?.hosts.find(
      ({ verdict }) => verdict === "possible",
    );
    expect(there?.reasons).toEqual([`accepts it, but ${home} was drawn first`]);
  });

  it("says when a host would come first now, by one container or by name", () => {
    const reasonsAt = (candidates: Candidate[], home: string) => {
      const plan = input({
        candidates,
        requests: [ask("web")],
        strategies: [{ kind: "leastContainers" }],
        previous: {
          assignments: {
            web: { host: home, addresses: {}, score: 0, reason: "as before", revision: "r1" },
          },
          networks: {},
        },
      });
      const explanation = explainWhy({ input: plan, result: planAll(plan) }, "web");
      return explanation?.hosts.find(({ verdict }) => verdict === "possible")?.reasons;
    };
    expect(reasonsAt([host("h1", { others: [other("x")] }), host("h2")], "h1")).toEqual([
      "would come first now, but web stays on h1",
    ]);
    expect(reasonsAt([host("h1"), host("h2")], "h2")).toEqual([
      "would come first by name now, but web stays on h2",
    ]);
    expect(reasonsAt([host("h1"), host("h2")], "h1")).toEqual([
      "accepts it, but h1 comes first by name",
    ]);
  });
});

describe("lists in sentences", () => {
  it.each([
    [[], ""],
    [["a"], "a"],
    [["a", "b"], "a and b"],
    [["a", "b", "c"], "a, b and c"],
    [["a", "b", "c", "d"], "a, b, c and 1 more"],
    [["a", "b", "c", "d", "e"], "a, b, c and 2 more"],
  ])("%j", (items, text) => {
    expect(listing(items)).toBe(text);
  });
});

describe("numbers in sentences", () => {
  it.each([
    [0, "0 B"],
    [-5, "0 B"],
    [1023, "1023 B"],
    [1024, "1 KiB"],
    [1.5 * GiB, "1.5 GiB"],
    [2 ** 50, "1 PiB"],
    [2 ** 60, "1024 PiB"],
  ])("%d bytes are %s", (value, text) => {
    expect(bytes(value)).toBe(text);
  });

  it.each([
    [1.24, "1.2 km"],
    [9.96, "10 km"],
    [10, "10 km"],
    [10.4, "10 km"],
    [343.6, "344 km"],
  ])("%d km are %s", (value, text) => {
    expect(kilometres(value)).toBe(text);
  });
});
