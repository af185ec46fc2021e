import { describe, expect, it } from "vitest";
import { planAll } from "../../../provider/placement/index.js";
import type { ConstraintSpec, PlanInput, StrategySpec } from "../../../provider/placement/model.js";
import { BandPicker } from "../../../provider/placement/pickers/band.js";
import { ScanPicker } from "../../../provider/placement/pickers/scan.js";
import { ask, GiB, host, hostsOf, input, other, replicas, sentences } from "./make.js";

const depthFirst = { strategies: [{ kind: "depthFirst" as const }] };
const gpu = { devices: [{ kind: "gpu", attributes: {}, ids: ["a", "b"] }] };
const http = [{ hostPort: 80, protocol: "tcp" as const, hostAddress: "" }];
const zoned = (name: string, zone: string) => host(name, { labels: { zone } });
const amd = { os: "linux", arch: "amd64" };
const arm = { os: "linux", arch: "arm64" };
const together = (rules: string): ConstraintSpec => ({ kind: "affinity", rules });

/** Work is shared between requests that are equal. These are equal but for one thing, and must not share it. */
const cases: [string, Partial<PlanInput>, Record<string, string>][] = [
  [
    "the disk that they need",
    {
      candidates: [
        host("h1", { disk: { freeBytes: GiB } }),
        host("h2", { disk: { freeBytes: 3 * GiB } }),
      ],
      requests: [ask("web-0"), ask("web-1", { diskBytes: 2 * GiB })],
      ...depthFirst,
    },
    { "web-0": "h1", "web-1": "h2" },
  ],
  [
    "how much disk they need, the larger first",
    {
      candidates: [
        host("h1", { disk: { freeBytes: 2 * GiB } }),
        host("h2", { disk: { freeBytes: 3 * GiB } }),
      ],
      requests: [
        ask("web-0", { type: "large", diskBytes: 3 * GiB }),
        ask("web-1", { diskBytes: GiB }),
        ask("web-2", { diskBytes: GiB }),
      ],
      ...depthFirst,
    },
    { "web-0": "h2", "web-1": "h1", "web-2": "h1" },
  ],
  [
    "the devices that they need",
    {
      candidates: [host("h1"), host("h2", gpu)],
      requests: [ask("web-0"), ask("web-1", { devices: [{ kind: "gpu", count: 1 }] })],
      ...depthFirst,
    },
    { "web-0": "h1", "web-1": "h2" },
  ],
  [
    "the port that they publish",
    {
      candidates: [host("h1", { others: [other("x", { ports: http })] }), host("h2")],
      requests: [ask("web-0"), ask("web-1", { ports: http })],
      ...depthFirst,
    },
    { "web-0": "h1", "web-1": "h2" },
  ],
  [
    "the platform of their image",
    {
      candidates: [host("h1", { platform: amd }), host("h2", { platform: arm })],
      requests: [ask("web-0", { platforms: [amd] }), ask("web-1", { platforms: [arm] })],
    },
    { "web-0": "h1", "web-1": "h2" },
  ],
  [
    "what they prefer",
    {
      candidates: [host("h1"), host("h2"), host("h3")],
      requests: ["h2", "h3"].map((pattern, i) =>
        ask(`web-${i}`, {
          preferences: [{ weight: 1, prefer: { kind: "hostname", pattern } }],
        }),
      ),
      ...depthFirst,
    },
    { "web-0": "h2", "web-1": "h3" },
  ],
  [
    "their application's layer",
    {
      candidates: [host("h1"), host("h2")],
      requests: [ask("a", { application: "shop" }), ask("b", { application: "blog" })],
      applications: {
        shop: { constraints: [{ kind: "host", host: "h2" }] },
        blog: { constraints: [{ kind: "host", host: "h1" }] },
      },
    },
    { a: "h2", b: "h1" },
  ],
  [
    "their type, which a comparator looks at",
    {
      candidates: [host("h1"), host("h2")],
      requests: [ask("web"), ask("db")],
      strategies: [{ kind: "leastContainers" }, { kind: "comparator", name: "mine" }],
      functions: {
        comparators: {
          mine: (a, b, { type }) =>
            type === "db" ? b.name.localeCompare(a.name) : a.name.localeCompare(b.name),
        },
      },
    },
    { web: "h1", db: "h2" },
  ],
  [
    "their type, which a comparator of their own looks at",
    {
      candidates: [host("h1"), host("h2")],
      requests: ["web", "db"].map((type) =>
        ask(type, { strategies: [{ kind: "comparator", name: "mine" }] }),
      ),
      functions: {
        comparators: {
          mine: (a, b, { type }) =>
            type === "db" ? b.name.localeCompare(a.name) : a.name.localeCompare(b.name),
        },
      },
    },
    { web: "h1", db: "h2" },
  ],
  [
    "their type, which a score looks at",
    {
      candidates: [host("h1"), host("h2")],
      requests: [ask("web-0"), ask("web-1"), ask("db-0"), ask("db-1")],
      strategies: [{ kind: "score", name: "mine" }],
      functions: {
        scores: { mine: ({ name }, { type }) => ((name === "h1") === (type === "web") ? 1 : 0) },
      },
    },
    { "web-0": "h1", "web-1": "h1", "db-0": "h2", "db-1": "h2" },
  ],
  [
    "the group of hosts that they ask for",
    {
      candidates: [host("h1", { groups: ["a"] }), host("h2", { groups: ["b"] })],
      requests: ["a", "b"].map((group, i) =>
        ask(`web-${i}`, { constraints: [{ kind: "hostGroup", groups: [group] }] }),
      ),
    },
    { "web-0": "h1", "web-1": "h2" },
  ],
  [
    "their own limit of containers",
    {
      candidates: [
        host("h1", { others: [other("x", { owner: "p/s/x", application: "x" })] }),
        host("h2"),
      ],
      requests: [5, 2].map((max, i) =>
        ask(`web-${i}`, { constraints: [{ kind: "maxContainers", max }] }),
      ),
      ...depthFirst,
    },
    { "web-0": "h1", "web-1": "h2" },
  ],
  [
    "their type, by which a label keeps them apart",
    {
      candidates: [zoned("h1", "a"), zoned("h2", "b")],
      requests: [ask("web-0"), ask("db-0"), ask("web-1")],
      constraints: [{ kind: "distinct", label: "zone" }],
      ...depthFirst,
    },
    { "web-0": "h1", "db-0": "h1", "web-1": "h2" },
  ],
  [
    "their type, where only one of the strategies looks at it",
    {
      candidates: [host("h1"), host("h2")],
      requests: [ask("web-0"), ask("web-1"), ask("web-2"), ask("db-0"), ask("db-1")],
      strategies: [{ kind: "leastContainers" }, { kind: "breadthFirst" }],
    },
    { "web-0": "h1", "web-1": "h2", "web-2": "h1", "db-0": "h2", "db-1": "h1" },
  ],
];

describe("requests that differ only in", () => {
  it.each(cases)("%s", (_, over, expected) => {
    expect(hostsOf(planAll(input(over)))).toEqual(expected);
  });
});

describe("equal requests", () => {
  it.each<StrategySpec["kind"]>(["random", "depthFirst", "breadthFirst", "leastContainers"])(
    "placed %s are tried again once their company is there",
    (kind) => {
      const plan = planAll(
        input({
          candidates: [host("h1"), host("h2"), host("h3")],
          requests: [
            ask("web-0", { constraints: [together("SOME TYPE db")] }),
            ask("web-1", { constraints: [together("SOME TYPE db")] }),
            ask("db", { constraints: [{ kind: "host", host: "h2" }] }),
          ],
          strategies: [{ kind } as StrategySpec],
        }),
      );
      expect(hostsOf(plan)).toEqual({ "web-0": "h2", "web-1": "h2", db: "h2" });
      const chain = planAll(
        input({
          candidates: [host("h1"), host("h2"), host("h3")],
          requests: [
            ...replicas("late", 3, { constraints: [together("SOME TYPE web")] }),
            ask("web", { constraints: [together("SOME TYPE db")] }),
            ask("db", { constraints: [{ kind: "host", host: "h2" }] }),
          ],
          strategies: [{ kind } as StrategySpec],
        }),
      );
      expect(new Set(Object.values(hostsOf(chain)))).toEqual(new Set(["h2"]));
      expect(Object.keys(hostsOf(chain))).toHaveLength(5);
    },
  );

  it("follow a wish that comes true between them, beside one that is only declared", () => {
    const plan = planAll(
      input({
        candidates: [host("h1", { labels: { disk: "ssd" } }), host("h2")],
        requests: [
          ask("web-0"),
          ask("db", { constraints: [{ kind: "host", host: "h2" }] }),
          ask("web-1"),
        ].map((each) => ({
          ...each,
          preferences: [
            { weight: 1, prefer: { kind: "label" as const, expression: "disk=ssd" } },
            { weight: 10, prefer: together("SOME TYPE db") },
          ],
        })),
      }),
    );
    expect(hostsOf(plan)).toEqual({ "web-0": "h1", db: "h2", "web-1": "h2" });
  });

  it("count by application where only a wish of the cloud or of an application asks for it", () => {
    const prefer: ConstraintSpec = { kind: "maxPerHost", max: 1, of: "application" };
    const world = {
      candidates: [host("h1"), host("h2")],
      requests: [ask("web"), ask("db")],
      ...depthFirst,
    };
    const apart = { web: "h1", db: "h2" };
    const preferences = [{ weight: 1, prefer }];
    expect(hostsOf(planAll(input({ ...world, preferences })))).toEqual(apart);
    expect(hostsOf(planAll(input({ ...world, applications: { shop: { preferences } } })))).toEqual(
      apart,
    );
    expect(hostsOf(planAll(input(world)))).toEqual({ web: "h1", db: "h1" });
  });

  it("that are refused are each told what speaks against it: a port that it holds itself does not", () => {
    const ports = [{ hostPort: 80, protocol: "tcp" as const, hostAddress: "" }];
    const needs = { ports, devices: [{ kind: "gpu", count: 1 }] };
    const plan = planAll(
      input({
        candidates: [host("h1", { own: { "web-0": { networks: {}, ports } } })],
        requests: [ask("web-0", needs), ask("web-1", needs)],
      }),
    );
    expect(sentences(plan)).toEqual([
      "no host for web-0: 1 host lacks 1 gpu (none there)",
      "no host for web-1: 1 host has port 80/tcp in use (by web-0 on h1)",
    ]);
  });

  it.each<[string, StrategySpec[]]>([
    ["", [{ kind: "binpack" }]],
    [" within a zone", [{ kind: "binpack" }, { kind: "spreadOver", over: [{ label: "zone" }] }]],
  ])("binpack%s sees what many others made fuller meanwhile", (_, strategies) => {
    const one = { cpus: 0.5, memoryBytes: GiB / 2 };
    const ssd = { disk: "ssd" };
    const plan = planAll(
      input({
        candidates: [
          host("h1", { labels: { ...ssd, zone: "a" } }),
          host("h2", { labels: { ...ssd, zone: "a" } }),
          host("h3", { labels: { zone: "b" } }),
        ],
        requests: [
          ask("web-0", { ...one, constraints: [{ kind: "label", expression: "disk=ssd" }] }),
          ...replicas("fill", 3, { ...one, constraints: [{ kind: "host", host: "h2" }] }),
          ask("web-1", { ...one, constraints: [{ kind: "label", expression: "disk=ssd" }] }),
        ],
        strategies,
      }),
    );
    expect(hostsOf(plan)).toMatchObject({ "web-0": "h1", "web-1": "h2" });
  });
});

describe("equal requests, again", () => {
  it.each([1, 4])(
    "see a zone whose best host has become better by %d others meanwhile",
    (fills) => {
      const one = { cpus: 0.5, memoryBytes: GiB / 2 };
      const ssd = [{ kind: "label" as const, expression: "disk=ssd" }];
      const plan = planAll(
        input({
          candidates: [
            host("h1", { labels: { disk: "ssd", zone: "a" } }),
            host("h2", { labels: { disk: "ssd", zone: "b" } }),
          ],
          requests: [
            ask("web-0", { ...one, constraints: ssd }),
            ...replicas("fill", fills, {
              cpus: 2 / fills,
              memoryBytes: GiB / fills,
              constraints: [{ kind: "host", host: "h2" }],
            }),
            ask("web-1", { ...one, constraints: ssd }),
          ],
          strategies: [{ kind: "spreadOver", over: [{ label: "zone" }] }, { kind: "binpack" }],
        }),
      );
      expect(hostsOf(plan)).toMatchObject({ "web-0": "h1", "web-1": "h2" });
    },
  );

  it.each([0, 1, 2, 3, 4, 5])("drawn with seed %d fill every host, as a scan would", (seed) => {
    const world = input({
      candidates: Array.from({ length: 13 }, (_, i) => host(`h${i}`, { maxContainers: 1 })),
      requests: replicas("web", 15),
      strategies: [{ kind: "random", seed: String(seed) }],
    });
    const plan = planAll(world);
    expect(new Set(Object.values(hostsOf(plan))).size).toBe(13);
    const scanned = planAll(
      world,
      ({ hosts, ordering, accepts }) => new ScanPicker(hosts, ordering, accepts),
    );
    expect(plan).toEqual(scanned);
  });
});

describe("equal requests with wishes, drawn at random", () => {
  const label = (expression: string): ConstraintSpec => ({ kind: "label", expression });
  /** Two hosts, with room for three containers each, in every one of four bands. */
  const world = (count: number) =>
    input({
      candidates: Array.from({ length: 8 }, (_, i) =>
        host(`h${i}`, {
          labels: { disk: i & 1 ? "ssd" : "hdd", zone: i & 2 ? "a" : "b" },
          maxContainers: 3,
        }),
      ),
      requests: replicas("web", count, {
        preferences: [
          { weight: 2, prefer: label("disk=ssd") },
          { weight: 1, prefer: label("zone=a") },
        ],
      }),
      strategies: [{ kind: "random" }],
    });

  it.each([
    [2, 1],
    // The last place of a band has no other host of it that would have been next.
    [6, 2],
    [7, 2],
    [24, 4],
  ])("%d of them look into %d of four bands", (count, looked) => {
    let made = 0;
    const plan = planAll(world(count), ({ hosts, ordering, ask, accepts }) => {
      const [wishes, ...others] = ordering.strategies;
      if (!wishes || others.length > 0) throw new Error("wishes are to be the only keys");
      return new BandPicker(hosts, wishes, ask, accepts, (by) => {
        made += 1;
        return new ScanPicker(hosts, { ...ordering, strategies: [] }, by);
      });
    });
    expect(made).toBe(looked);
    expect(plan).toEqual(
      planAll(world(count), (job) => new ScanPicker(job.hosts, job.ordering, job.accepts)),
    );
  });
});

describe("a burst of containers without a reservation", () => {
  it("is taken to use a tenth of a core and 200 MiB each", () => {
    const plan = planAll(
      input({
        candidates: [0.5, 0.53].map((memory, i) =>
          host(`h${i + 1}`, { usage: { cpu: memory, memory, ageSeconds: 1 } }),
        ),
        requests: [ask("a"), ask("b"), ask("c")],
        strategies: [{ kind: "lowestMemoryUsage" }],
      }),
    );
    expect(Object.values(plan.assignments).map(({ host: on, reason }) => [on, reason])).toEqual([
      ["h1", "lowest memory use: 50 % here, 53 % on h2"],
      ["h2", "lowest memory use: 53 % here, 54.9 % on h1"],
      ["h1", "lowest memory use: 54.9 % here, 57.9 % on h2"],
    ]);
  });
});

it("spreads by the values of a label though hosts of one value are not neighbours", () => {
  const plan = planAll(
    input({
      candidates: [zoned("h1", "a"), zoned("h2", "b"), zoned("h3", "a")],
      requests: [ask("web-0"), ask("web-1"), ask("web-2")],
      strategies: [{ kind: "spreadOver", over: [{ label: "zone" }] }],
    }),
  );
  expect(hostsOf(plan)).toEqual({ "web-0": "h1", "web-1": "h2", "web-2": "h3" });
});
