import { describe, expect, it } from "vitest";
import { distanceKm, jurisdictionsOf, planAll, runsOn } from "../../../provider/placement/index.js";
import type { Candidate, ConstraintSpec, PlanInput } from "../../../provider/placement/model.js";
import {
  after,
  ask,
  assigned,
  GiB,
  host,
  hostsOf,
  input,
  other,
  replicas,
  sentences,
} from "./make.js";

const zurich = { latitude: 47.3769, longitude: 8.5417 };
const london = { latitude: 51.5074, longitude: -0.1278 };
const paris = { latitude: 48.8566, longitude: 2.3522 };
const used = (cpu: number, memory: number, ageSeconds = 5) => ({
  usage: { cpu, memory, ageSeconds },
});
const at = (country: string) => ({ location: { country } });
const gpus = (kind: string, memory: string, ids: string[]) => ({
  devices: [{ kind, attributes: { memory, model: "A100" }, ids }],
});

/** A constraint on `web`, hosts, and either the host that it gets or the sentence that refuses it. */
const cases: [string, ConstraintSpec | ConstraintSpec[], Candidate[], string][] = [
  [
    "hostname as a regular expression",
    { kind: "hostname", pattern: "h[2-9]", syntax: "regexp" },
    [host("h1"), host("xh2"), host("h3")],
    "h3",
  ],
  [
    "a hostname that is no expression",
    { kind: "hostname", pattern: "h[", syntax: "regexp" },
    [host("h1")],
    'no host for web: hostname: "h[" is no regular expression',
  ],
  [
    "a group of hosts",
    { kind: "hostGroup", groups: ["front", "edge"] },
    [host("h1"), host("h2", { groups: ["edge"] })],
    "h2",
  ],
  [
    "no host in the group",
    { kind: "hostGroup", groups: ["front", "edge"] },
    [host("h1"), host("h2", { groups: ["back"] })],
    "no host for web: 2 hosts are not in group front or edge",
  ],
  [
    "a region by location",
    { kind: "region", in: ["eu"] },
    [host("h1", { location: { region: "us" } }), host("h2", { location: { region: "eu" } })],
    "h2",
  ],
  [
    "a zone by label",
    { kind: "zone", in: ["a", "b"] },
    [host("h1", { labels: { zone: "c" } }), host("h2", { labels: { zone: "b" } })],
    "h2",
  ],
  [
    "regions that are wrong or unsaid",
    { kind: "region", in: ["eu"] },
    [
      host("h1"),
      host("h2", { labels: { region: "us" } }),
      host("h3", { labels: { region: "us" } }),
    ],
    "no host for web: 2 hosts are in region us, not eu, 1 host does not say its region (eu is wanted)",
  ],
  [
    "a distance",
    { kind: "distance", from: paris, withinKm: 400 },
    [
      host("h1", { location: { coordinates: zurich } }),
      host("h2", { location: { coordinates: london } }),
    ],
    "h2",
  ],
  [
    "a distance too far, with the nearest",
    { kind: "distance", from: paris, withinKm: 300, place: "Paris" },
    [
      host("h1", { location: { coordinates: zurich } }),
      host("h2", { location: { coordinates: london } }),
      host("h3"),
    ],
    "no host for web: 2 hosts are not within 300 km around Paris (nearest h2 at 344 km), 1 host has no coordinates",
  ],
  [
    "a place that is nowhere",
    { kind: "distance", from: { latitude: 91, longitude: 0 }, withinKm: 1 },
    [host("h1")],
    "no host for web: distance: latitude must be from -90 to 90 and longitude from -180 to 180",
  ],
  [
    "a union of countries",
    { kind: "jurisdiction", allow: ["EU"] },
    [host("h1", at("US")), host("h2", at("de"))],
    "h2",
  ],
  [
    "a list of countries",
    { kind: "jurisdiction", allow: ["CH", "NO"] },
    [host("h1", at("DE")), host("h2", at("CH"))],
    "h2",
  ],
  [
    "a denied jurisdiction",
    { kind: "jurisdiction", allow: ["EEA"], deny: ["HU"] },
    [host("h1", at("HU")), host("h2", at("US")), host("h3")],
    "no host for web: 1 host falls under HU, which is denied, 1 host falls under US, not EEA, 1 host does not say its jurisdiction",
  ],
  ["cpu use", { kind: "maxCpuUsage" }, [host("h1", used(0.5, 0)), host("h2", used(0.49, 1))], "h2"],
  [
    "cpu use that is too high",
    { kind: "maxCpuUsage", max: 0.3 },
    [host("h1", used(0.5, 0)), host("h2", used(0.42, 0))],
    "no host for web: 2 hosts use 30 % of their cpu or more (lowest 42 % on h2)",
  ],
  [
    "cpu use that is old or missing",
    { kind: "maxCpuUsage", max: 0.3, maxAgeSeconds: 60 },
    [host("h1", used(0.1, 0, 61)), host("h2")],
    "no host for web: 1 host has unknown cpu use (sampled 61 s ago, 60 s is the limit), 1 host has unknown cpu use (it was not sampled)",
  ],
  [
    "memory use",
    { kind: "maxMemoryUsage" },
    [host("h1", used(0, 0.8)), host("h2", used(0, 0.79))],
    "h2",
  ],
  [
    "memory use that is too high",
    { kind: "maxMemoryUsage" },
    [host("h1", used(0, 0.95))],
    "no host for web: 1 host uses 80 % of its memory or more (lowest 95 % on h1)",
  ],
  [
    "two labels",
    [
      { kind: "label", expression: "cores >= 8" },
      { kind: "label", expression: 'engine version ">=24 <27"' },
    ],
    [
      host("h1", { labels: { cores: "10", engine: "27.0.1" } }),
      host("h2", { labels: { cores: "16", engine: "v26.1" } }),
    ],
    "h2",
  ],
  [
    "a predicate that nobody defined",
    { kind: "predicate", name: "quiet" },
    [host("h1")],
    "no host for web: there is no function quiet among the cloud's predicates",
  ],
];

describe("a constraint", () => {
  it.each(cases)("%s", (_, spec, candidates, expected) => {
    const plan = planAll(
      input({ candidates, requests: [ask("web", { constraints: [spec].flat() })] }),
    );
    expect(hostsOf(plan)["web"] ?? sentences(plan)[0]).toBe(expected);
    // The cloud's layer says the same.
    const cloud = planAll(
      input({ candidates, requests: [ask("web")], constraints: [spec].flat() }),
    );
    expect(hostsOf(cloud)["web"] ?? sentences(cloud)[0]).toBe(expected);
  });

  it.each(cases)("%s: says of one host what it says of all", (_, spec, candidates) => {
    const plan = input({ candidates, requests: [ask("web", { constraints: [spec].flat() })] });
    for (const { hosts } of planAll(plan).refusals) {
      for (const { reason } of hosts) expect(reason).toMatch(/^\S.*\S$/);
    }
  });
});

const places: [string, Partial<PlanInput>, string][] = [
  [
    "platform",
    {
      candidates: [
        host("h1", { platform: { os: "linux", arch: "aarch64" } }),
        host("h2", { platform: { os: "linux", arch: "x86_64" } }),
      ],
      requests: [ask("web", { platforms: [{ os: "linux", arch: "amd64" }] })],
    },
    "h2",
  ],
  [
    "no platform",
    {
      candidates: [host("h1", { platform: { os: "linux", arch: "arm64" } }), host("h2")],
      requests: [
        ask("web", {
          platforms: [
            { os: "linux", arch: "amd64" },
            { os: "linux", arch: "arm", variant: "v7" },
          ],
        }),
      ],
    },
    "no host for web: 1 host is linux/arm64, the image is built for linux/amd64 and linux/arm/v7, 1 host does not say its platform (the image is built for linux/amd64 and linux/arm/v7)",
  ],
  [
    "disk",
    {
      candidates: [
        host("h1", { disk: { freeBytes: GiB } }),
        host("h2", { disk: { freeBytes: 3 * GiB } }),
      ],
      requests: [ask("web", { diskBytes: 2 * GiB })],
    },
    "h2",
  ],
  [
    "no disk",
    {
      candidates: [
        host("h1", { disk: { freeBytes: GiB } }),
        host("h2"),
        host("h3", { disk: { freeBytes: 0 } }),
      ],
      requests: [ask("web", { diskBytes: 2 * GiB })],
    },
    "no host for web: 2 hosts lack 2 GiB of disk (largest free 1 GiB on h1), 1 host does not say its free disk",
  ],
  [
    "devices",
    {
      candidates: [
        host("h1", gpus("amd/gpu", "40", ["a"])),
        host("h2", gpus("nvidia/gpu", "40", ["b", "c"])),
      ],
      requests: [
        ask("web", { devices: [{ kind: "nvidia/gpu", count: 2, where: ["memory >= 16"] }] }),
      ],
    },
    "h2",
  ],
  [
    "any vendor's device",
    {
      candidates: [host("h1"), host("h2", gpus("amd/gpu", "40", ["a"]))],
      requests: [ask("web", { devices: [{ kind: "gpu", count: 1 }] })],
    },
    "h2",
  ],
  [
    "no devices",
    {
      candidates: [
        host("h1"),
        host("h2", gpus("gpu", "8", ["a", "b"])),
        host("h3", { ...gpus("gpu", "40", ["a", "b"]), others: [other("x", { devices: ["b"] })] }),
      ],
      requests: [ask("web", { devices: [{ kind: "gpu", count: 2, where: ["memory > 16"] }] })],
    },
    "no host for web: 1 host lacks 2 gpus with memory > 16 (none there), 1 host lacks 2 gpus with memory > 16 (0 there), 1 host lacks 2 gpus with memory > 16 (1 free)",
  ],
  [
    "devices that others hold",
    {
      candidates: [
        host("h1", { ...gpus("gpu", "8", ["a"]), others: [other("x", { devices: ["a"] })] }),
      ],
      requests: [ask("web", { devices: [{ kind: "gpu", count: 1 }] })],
    },
    "no host for web: 1 host lacks 1 gpu (0 free)",
  ],
  [
    "a device that is none",
    { candidates: [host("h1")], requests: [ask("web", { devices: [{ kind: "gpu", count: 0 }] })] },
    "no host for web: devices: 0 of gpu is not a whole number from 1",
  ],
  [
    "a device condition that cannot be read",
    {
      candidates: [host("h1")],
      requests: [ask("web", { devices: [{ kind: "gpu", count: 1, where: ["memory"] }] })],
    },
    'no host for web: device gpu: label expression "memory": an operator is missing after "memory"; use =, !=, in (a,b), notin (a,b), contains (a,b), exists, !exists, >, >=, <, <=, ~, !~ or version',
  ],
  [
    "a host that is drained",
    { candidates: [host("h1", { drain: true }), host("h2")], requests: [ask("web")] },
    "h2",
  ],
  [
    "only hosts that are drained or lost",
    {
      candidates: [host("h1", { drain: true }), host("h2", { lost: true })],
      requests: [ask("web")],
    },
    "no host for web: 1 host is not ready (h2 is lost), 1 host is being drained",
  ],
];

describe("what a container needs", () => {
  it.each(places)("%s", (_, over, expected) => {
    const plan = planAll(input(over));
    expect(hostsOf(plan)["web"] ?? sentences(plan)[0]).toBe(expected);
  });

  it("gets devices of its own, and keeps them", () => {
    const candidates = [host("h1", gpus("gpu", "40", ["g0", "g1", "g2"]))];
    const requests = replicas("web", 3, { devices: [{ kind: "gpu", count: 1 }] });
    const first = planAll(input({ candidates, requests: requests.slice(0, 2) }));
    expect(Object.values(first.assignments).map(({ devices }) => devices)).toEqual([
      ["g0"],
      ["g1"],
    ]);
    const next = after(input({ candidates, requests: requests.slice(1) }), first);
    const second = planAll(next);
    expect(second.assignments["web-1"]?.devices).toEqual(["g1"]);
    expect(second.assignments["web-2"]?.devices).toEqual(["g0"]);
  });

  it("chooses groups so that all devices are found, and spares large groups", () => {
    const device = (memory: string, ids: string[]) => ({
      kind: "gpu",
      attributes: { memory },
      ids,
    });
    const candidates = [host("h1", { devices: [device("80", ["a", "b"]), device("16", ["c"])] })];
    const devices = [
      { kind: "gpu", count: 1 },
      { kind: "gpu", count: 1, where: ["memory = 16"] },
    ];
    const plan = planAll(input({ candidates, requests: [ask("web", { devices })] }));
    expect(plan.assignments["web"]?.devices).toEqual(["a", "c"]);
    const two = planAll(
      input({ candidates, requests: [ask("web", { devices: [{ kind: "gpu", count: 1 }] })] }),
    );
    expect(two.assignments["web"]?.devices).toEqual(["c"]);
    const both = [...devices, { kind: "gpu", count: 2 }];
    expect(
      sentences(planAll(input({ candidates, requests: [ask("web", { devices: both })] }))),
    ).toEqual(["no host for web: 1 host lacks 1 gpu and 1 gpu with memory=16 and 2 gpus"]);
  });

  it("counts disk and use of what is placed in the same plan", () => {
    const candidates = [host("h1", { disk: { freeBytes: 3 * GiB }, ...used(0.4, 0) })];
    const disk = planAll(
      input({ candidates, requests: replicas("web", 2, { diskBytes: 2 * GiB }) }),
    );
    expect(sentences(disk)).toEqual([
      "no host for web-1: 1 host lacks 2 GiB of disk (largest free 1 GiB on h1)",
    ]);
    const constraints: ConstraintSpec[] = [{ kind: "maxCpuUsage" }];
    const busy = planAll(
      input({ candidates, requests: replicas("web", 2, { cpus: 0.4, constraints }) }),
    );
    expect(sentences(busy)).toEqual([
      "no host for web-1: 1 host uses 50 % of its cpu or more (lowest 50 % on h1)",
    ]);
  });

  it("does not leave a host because that is busy or its disk full now", () => {
    const candidates = [
      host("h1", { disk: { freeBytes: 0 }, ...used(0.9, 0.9) }),
      host("h2", used(0, 0)),
    ];
    const constraints: ConstraintSpec[] = [{ kind: "maxCpuUsage" }, { kind: "maxMemoryUsage" }];
    const requests = [ask("web", { diskBytes: GiB, constraints })];
    const previous = { assignments: { web: assigned("h1") }, networks: {} };
    expect(planAll(input({ candidates, requests, previous })).assignments["web"]).toEqual(
      assigned("h1"),
    );
  });
});

describe("the earth", () => {
  it.each([
    ["London", "Paris", london, paris, 343.6],
    ["Zurich", "London", zurich, london, 776.3],
    ["Paris", "Paris", paris, paris, 0],
    [
      "the poles",
      "each other",
      { latitude: 90, longitude: 0 },
      { latitude: -90, longitude: 77 },
      20015.1,
    ],
    [
      "Fiji",
      "Samoa over the date line",
      { latitude: -17.8, longitude: 178 },
      { latitude: -13.8, longitude: -172 },
      1158.5,
    ],
  ])("%s to %s", (_, __, a, b, km) => {
    expect(distanceKm(a, b)).toBeCloseTo(km, -0.5);
    expect(distanceKm(b, a)).toBeCloseTo(distanceKm(a, b), 6);
  });

  it("knows unions and what the program adds", () => {
    expect(jurisdictionsOf({ country: "no", jurisdictions: ["gdpr"] })).toEqual([
      "NO",
      "EEA",
      "GDPR",
    ]);
    expect(jurisdictionsOf({ country: "FR" })).toEqual(["FR", "EU", "EEA"]);
    expect(jurisdictionsOf(undefined)).toEqual([]);
  });
});

describe("platforms", () => {
  const linux = (arch: string, variant?: string) => ({
    os: "linux",
    arch,
    ...(variant ? { variant } : {}),
  });
  it.each([
    [linux("amd64"), linux("x86_64"), true],
    [linux("arm64"), linux("aarch64"), true],
    [linux("arm", "v6"), linux("armv7l"), true],
    [linux("arm", "v7"), linux("armv6l"), false],
    [linux("arm", "v7"), linux("arm", "v7"), true],
    [linux("arm", "v8"), linux("armv7l"), false],
    [linux("arm", "v7"), linux("arm"), true],
    [linux("386"), linux("i686"), true],
    [{ os: "Linux", arch: "AMD64" }, linux("x86_64"), true],
    [linux("arm"), linux("arm", "v7"), true],
    [linux("amd64"), linux("arm64"), false],
    [{ os: "windows", arch: "amd64" }, linux("amd64"), false],
  ])("%j on %j: %s", (image, there, expected) => {
    expect(runsOn(image, there)).toBe(expected);
  });
});

describe("containers that count together", () => {
  it("at most so many of a type on a host, whoever asks for it", () => {
    const limited = ask("web-0", { constraints: [{ kind: "maxPerHost", max: 1 }] });
    const plan = input({
      candidates: [host("h1"), host("h2")],
      requests: [ask("web-1"), limited, ask("web-2"), ask("db")],
      strategies: [{ kind: "depthFirst" }],
    });
    const result = planAll(plan);
    expect(hostsOf(result)).toEqual({ "web-1": "h1", "web-0": "h2", db: "h1" });
    expect(sentences(result)).toEqual([
      "no host for web-2: 2 hosts run their limit of 1 container of web",
    ]);
    expect(planAll(after(plan, result)).assignments).toEqual(result.assignments);
  });

  it("at most so many of an application, other plans' counted", () => {
    const candidates = [
      host("h1", { others: [other("x", { owner: "a/b/x", application: "shop", type: "db" })] }),
      host("h2"),
    ];
    const constraints: ConstraintSpec[] = [{ kind: "maxPerHost", max: 1, of: "application" }];
    const result = planAll(input({ candidates, requests: [ask("web"), ask("api")], constraints }));
    expect(hostsOf(result)).toEqual({ web: "h2" });
    expect(sentences(result)).toEqual([
      "no host for api: 2 hosts run their limit of 1 container of application shop",
    ]);
  });

  it("several limits of one type all hold, whoever asks for them", () => {
    const zoned = (name: string, zone: string) => host(name, { labels: { zone } });
    const result = planAll(
      input({
        candidates: [zoned("h1", "a"), zoned("h2", "a"), zoned("h3", "a"), zoned("h4", "b")],
        requests: [
          ask("web-0", { constraints: [{ kind: "maxPerHost", max: 1 }] }),
          ask("web-1", { constraints: [{ kind: "distinct", label: "zone", max: 2 }] }),
          ask("web-2"),
        ],
        strategies: [{ kind: "depthFirst" }],
      }),
    );
    expect(hostsOf(result)).toEqual({ "web-0": "h1", "web-1": "h2", "web-2": "h4" });
  });

  it.each([
    [3, 1],
    [1, 3],
  ])("of limits of %d and %d on a host the lower one counts", (one, other) => {
    const limited = (name: string, max: number) =>
      ask(name, { constraints: [{ kind: "maxPerHost", max }] });
    const result = planAll(
      input({
        candidates: [host("h1"), host("h2")],
        requests: [limited("web-0", one), limited("web-1", other)],
        strategies: [{ kind: "depthFirst" }],
      }),
    );
    expect(hostsOf(result)).toEqual({ "web-0": "h1", "web-1": "h2" });
  });

  it("a container's own limit of its host binds those who come later", () => {
    const result = planAll(
      input({
        candidates: [host("h1"), host("h2")],
        requests: [ask("a", { constraints: [{ kind: "maxContainers", max: 1 }] }), ask("b")],
        strategies: [{ kind: "depthFirst" }],
      }),
    );
    expect(hostsOf(result)).toEqual({ a: "h1", b: "h2" });
  });

  it("at most so many of an application, whoever of it asks", () => {
    const limited = ask("web", {
      constraints: [{ kind: "maxPerHost", max: 1, of: "application" }],
    });
    const result = planAll(
      input({
        candidates: [host("h1"), host("h2")],
        requests: [limited, ask("db"), ask("api"), ask("post", { application: "blog" })],
        strategies: [{ kind: "depthFirst" }],
      }),
    );
    expect(hostsOf(result)).toEqual({ web: "h1", db: "h2", post: "h1" });
  });

  it("others count where their owner, application and type are known", () => {
    const known = { owner: "a/b/x", application: "shop", type: "web" };
    const constraints: ConstraintSpec[] = [{ kind: "maxPerHost", max: 1 }];
    const hostOf = (over: object, application = "shop") =>
      hostsOf(
        planAll(
          input({
            candidates: [host("h1", { others: [other("x", { ...known, ...over })] }), host("h2")],
            requests: [ask("web", { application, constraints })],
          }),
        ),
      )["web"];
    expect(hostOf({})).toBe("h2");
    expect(hostOf({ owner: "" })).toBe("h1");
    expect(hostOf({ application: "" }, "")).toBe("h1");
    expect(hostOf({ type: undefined })).toBe("h1");
  });

  it("groups: siblings of another plan are siblings, by their type where they name no group", () => {
    const theirs = { owner: "a/b/x", application: "shop", type: "web" };
    const homeOf = (over: object, group?: string) =>
      hostsOf(
        planAll(
          input({
            candidates: [host("h1"), host("h2", { others: [other("x", { ...theirs, ...over })] })],
            requests: [
              ask("web", {
                constraints: [{ kind: "group" }],
                ...(group === undefined ? {} : { group }),
              }),
            ],
          }),
        ),
      )["web"];
    expect(homeOf({})).toBe("h2");
    expect(homeOf({ group: "front" }, "front")).toBe("h2");
    expect(homeOf({ group: "front" })).toBe("h1");
  });

  it("distinct by a label", () => {
    const rack = (name: string) => ({ labels: { rack: name } });
    const candidates = [
      host("h1", rack("a")),
      host("h2", rack("a")),
      host("h3", rack("b")),
      host("h4"),
    ];
    const constraints: ConstraintSpec[] = [{ kind: "distinct", label: "rack" }];
    const result = planAll(input({ candidates, requests: replicas("web", 3, { constraints }) }));
    expect(hostsOf(result)).toEqual({ "web-0": "h1", "web-1": "h3" });
    expect(sentences(result)).toEqual([
      "no host for web-2: 2 hosts are in rack=a, which has its limit of 1 container of web, 1 host is in rack=b, which has its limit of 1 container of web, 1 host lacks label rack, by which web is kept apart",
    ]);
    const two = planAll(
      input({
        candidates,
        requests: replicas("web", 5, {
          constraints: [{ kind: "distinct", label: "rack", max: 2 }],
        }),
      }),
    );
    expect(Object.values(hostsOf(two))).toEqual(["h1", "h2", "h3", "h3"]);
  });

  it("groups: siblings together, other groups of the application apart", () => {
    const constraints: ConstraintSpec[] = [{ kind: "group" }];
    const grouped = (name: string, group: string, application = "shop") =>
      ask(name, { group, application, constraints });
    const requests = [
      grouped("a1", "front"),
      grouped("b1", "back"),
      grouped("a2", "front"),
      grouped("b2", "back"),
      grouped("c1", "third"),
      grouped("x", "front", "blog"),
    ];
    const plan = input({
      candidates: [host("h1"), host("h2")],
      requests,
      strategies: [{ kind: "depthFirst" }],
    });
    const result = planAll(plan);
    expect(hostsOf(result)).toEqual({ a1: "h1", b1: "h2", a2: "h1", b2: "h2", x: "h1" });
    expect(sentences(result)).toEqual([
      "no host for c1: 2 hosts run another group of application shop",
    ]);
    expect(planAll(after(plan, result)).assignments).toEqual(result.assignments);
  });

  it("groups: full home, exclusive hosts, neighbours without the rule", () => {
    const constraints: ConstraintSpec[] = [{ kind: "group", exclusive: true }];
    const requests = [
      ask("x", { application: "blog" }),
      ask("a1", { group: "front", constraints }),
      ask("y", { application: "blog" }),
      ask("z", { group: "other" }),
      ask("a2", { group: "front", constraints, memoryBytes: 5 * GiB }),
    ];
    const strategies = [{ kind: "depthFirst" as const }];
    const result = planAll(input({ candidates: [host("h1"), host("h2")], requests, strategies }));
    expect(hostsOf(result)).toEqual({ x: "h1", a1: "h2", y: "h1", z: "h1" });
    expect(sentences(result)).toEqual([
      "no host for a2: 1 host is not h2, where its group is, 1 host lacks 5 GiB of memory (largest free 4 GiB on h2)",
    ]);
    const alone = planAll(
      input({ candidates: [host("h2")], requests: [requests[1]!, requests[2]!, requests[3]!] }),
    );
    expect(sentences(alone)).toEqual([
      "no host for y: 1 host belongs to an exclusive group",
      "no host for z: 1 host is for one group of application shop alone",
    ]);
    const full = planAll(
      input({ candidates: [host("h1")], requests: [requests[0]!, requests[1]!] }),
    );
    expect(sentences(full)).toEqual([
      "no host for a1: 1 host is not empty, and the group wants a host for itself",
    ]);
  });

  it("layers: the cloud's, the application's, the container's", () => {
    const candidates = [1, 2, 3, 4].map((n) =>
      host(`h${n}`, {
        labels: {
          ...(n > 1 ? { ssd: "1" } : {}),
          ...(n > 2 ? { eu: "1" } : {}),
          ...(n > 3 ? { big: "1" } : {}),
        },
      }),
    );
    const label = (key: string): ConstraintSpec => ({ kind: "label", expression: `${key} exists` });
    const requests = [
      ask("a", { application: "blog" }),
      ask("b"),
      ask("c", { constraints: [label("big")] }),
    ];
    const plan = input({
      candidates,
      constraints: [label("ssd")],
      applications: {
        shop: {
          constraints: [label("eu")],
          strategies: [{ kind: "leastContainers" }],
          preferences: [{ weight: 1, prefer: label("big") }],
        },
      },
      requests,
    });
    const result = planAll(plan);
    expect(hostsOf(result)).toEqual({ a: "h2", b: "h4", c: "h4" });
    const later = [...requests.slice(1), ...requests.slice(0, 1)];
    expect(hostsOf(planAll({ ...plan, requests: later }))).toEqual({ a: "h2", b: "h4", c: "h4" });
    expect(result.assignments["b"]?.reason).toBe("preferred with 1 (label big exists), h3 with 0");
  });
});
