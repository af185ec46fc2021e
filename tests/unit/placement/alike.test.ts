import { describe, expect, it } from "vitest";
import type { Candidate, PlacementRequest, PlanInput } from "../../../provider/placement/model.js";
import { planAll } from "../../../provider/placement/plan.js";
import { after, ask, assigned, GiB, host, hostsOf, input, other, replicas } from "./make.js";

/** h1 comes first by name, and lacks what the second container of the type needs; h2 has it. */
const TOLD_APART: readonly [
  string,
  Partial<PlacementRequest>,
  Partial<Candidate>,
  Partial<Candidate>,
][] = [
  ["cpus", { cpus: 2 }, { cpus: 1 }, {}],
  ["memory", { memoryBytes: 2 * GiB }, { memoryBytes: GiB }, {}],
  ["disk", { diskBytes: GiB }, { disk: { freeBytes: 0 } }, { disk: { freeBytes: 2 * GiB } }],
  [
    "ports",
    { ports: [{ hostPort: 80, protocol: "tcp", hostAddress: "" }] },
    { others: [other("x", { ports: [{ hostPort: 80, protocol: "tcp", hostAddress: "" }] })] },
    {},
  ],
  ["volumes", { volumes: ["data"] }, {}, { volumes: ["data"] }],
  ["constraints", { constraints: [{ kind: "label", expression: "disk=ssd" }] }, {}, ssd()],
  ["strategies", { strategies: [{ kind: "leastContainers" }] }, {}, {}],
  [
    "preferences",
    { preferences: [{ weight: 1, prefer: { kind: "label", expression: "disk=ssd" } }] },
    {},
    ssd(),
  ],
  [
    "devices",
    { devices: [{ kind: "gpu", count: 1 }] },
    {},
    { devices: [{ kind: "gpu", attributes: {}, ids: ["a"] }] },
  ],
  [
    "platforms",
    { platforms: [{ os: "linux", arch: "arm64" }] },
    { platform: { os: "linux", arch: "amd64" } },
    { platform: { os: "linux", arch: "arm64" } },
  ],
];

/** What is asked of hosts for containers that are there already too. */
const DRIVES_AWAY = new Set([
  "cpus",
  "memory",
  "ports",
  "volumes",
  "constraints",
  "devices",
  "platforms",
]);

function ssd(): Partial<Candidate> {
  return { labels: { disk: "ssd" } };
}

describe("two containers of one type that differ only in their", () => {
  it.each(TOLD_APART)("%s are told apart", (_what, over, first, second) => {
    const web = (name: string, own: Partial<PlacementRequest> = {}) =>
      ask(name, { type: "web", ...own });
    const plan = (requests: PlacementRequest[]): Record<string, string> =>
      hostsOf(
        planAll(
          input({
            candidates: [host("h1", first), host("h2", second)],
            requests,
            strategies: [],
          }),
        ),
      );
    expect(plan([web("a"), web("b", over)])).toEqual({ a: "h1", b: "h2" });
    expect(plan([web("a"), web("b", over), web("c")])).toEqual({ a: "h1", b: "h2", c: "h1" });
  });

  it.each(TOLD_APART.filter(([what]) => DRIVES_AWAY.has(what)))(
    "%s are told apart where they lie already",
    (_what, over, first, second) => {
      const plan = planAll(
        input({
          candidates: [host("h1", first), host("h2", second)],
          requests: [ask("a", { type: "web" }), ask("b", { type: "web", ...over })],
          previous: { assignments: { a: assigned("h1"), b: assigned("h1") }, networks: {} },
        }),
      );
      expect(hostsOf(plan)).toEqual({ a: "h1", b: "h2" });
    },
  );

  it("ports' numbers have their hosts each", () => {
    const web = (name: string, hostPort: number) =>
      ask(name, { type: "web", ports: [{ hostPort, protocol: "tcp", hostAddress: "" }] });
    const requests = [web("a", 80), web("b", 80), web("c", 81)];
    const plan = planAll(input({ candidates: [host("h1")], requests }));
    expect(hostsOf(plan)).toEqual({ a: "h1", c: "h1" });
  });

  it("volumes' names have their hosts each", () => {
    const db = (name: string, volume: string) =>
      ask(name, { type: "db", cpus: 1, volumes: [volume] });
    const candidates = [host("h1"), host("h2", { cpus: 0, volumes: ["far"] })];
    const requests = [db("a", "near"), db("b", "far"), db("c", "new")];
    const plan = planAll(input({ candidates, requests }));
    expect(hostsOf(plan)).toEqual({ a: "h1", c: "h1" });
  });

  it("group are told apart", () => {
    const constraints: PlacementRequest["constraints"] = [{ kind: "group" }];
    const web = (name: string, group: string) => ask(name, { type: "web", group, constraints });
    const candidates = [host("h1"), host("h2")];
    const requests = [web("a", "blue"), web("b", "green"), web("c", "blue")];
    const plan = planAll(input({ candidates, requests, strategies: [] }));
    expect(hostsOf(plan)).toEqual({ a: "h1", b: "h2", c: "h1" });
  });

  it("folders' hosts do not stand in for each other", () => {
    const requests = replicas("web", 3, { folders: ["/srv/data"] });
    const previous = {
      assignments: { "web-1": assigned("h9") },
      networks: {},
      folders: { "web-1": ["/srv/data"] },
    };
    const plan = planAll(input({ candidates: [host("h1"), host("h2")], requests, previous }));
    expect(Object.keys(plan.assignments)).toEqual(["web-0", "web-2"]);
    expect(plan.refusals.map(({ name }) => name)).toEqual(["web-1"]);
  });
});

describe("a host", () => {
  it("will do with exactly the disk that is asked for", () => {
    const candidates = [host("h1", { disk: { freeBytes: GiB } }), host("h2")];
    const requests = [ask("web", { diskBytes: GiB })];
    expect(hostsOf(planAll(input({ candidates, requests })))).toEqual({ web: "h1" });
  });

  it("will not do with one of two ports", () => {
    const port = (hostPort: number) => ({ hostPort, protocol: "tcp" as const, hostAddress: "" });
    const candidates = [host("h1", { others: [other("x", { ports: [port(80)] })] }), host("h2")];
    const requests = [ask("web", { ports: [port(80), port(443)] })];
    expect(hostsOf(planAll(input({ candidates, requests })))).toEqual({ web: "h2" });
  });
});

describe("what is looked up once", () => {
  it("is not a wish that depends on what lies on a host", () => {
    const plan = planAll(
      input({
        candidates: [host("h1"), host("h2")],
        requests: replicas("web", 2),
        strategies: [],
        preferences: [{ weight: 1, prefer: { kind: "maxContainers", max: 1 } }],
      }),
    );
    expect(hostsOf(plan)).toEqual({ "web-0": "h1", "web-1": "h2" });
  });

  it("is not who keeps whom company on a host that wants somebody to be there", () => {
    const cloud = (affinity: string[]): PlanInput =>
      input({
        candidates: [host("h1", { affinity }), host("h2")],
        requests: replicas("web", 2),
        previous: {
          assignments: { "web-0": assigned("h1"), "web-1": assigned("h1") },
          networks: {},
        },
      });
    expect(planAll(cloud(["NOT EMPTY"])).moves).toBeUndefined();
    expect(planAll(cloud(["NOT EMPTY", "TYPE"])).moves).toBeUndefined();
    const alone = cloud(["NOT EMPTY"]);
    alone.requests.pop();
    expect(hostsOf(planAll(alone))).toEqual({ "web-0": "h2" });
  });
});

describe("a rule about the container itself", () => {
  const two = replicas("web", 2, { constraints: [{ kind: "affinity", rules: "NOT ID" }] });

  it("is not about the first of its replicas", () => {
    const plan = planAll(input({ candidates: [host("h1")], requests: two }));
    expect(hostsOf(plan)).toEqual({ "web-0": "h1", "web-1": "h1" });
  });

  it("may be the host's", () => {
    const candidates = [host("h1", { affinity: ["NOT ID"] })];
    const requests = replicas("web", 2);
    const both = { "web-0": "h1", "web-1": "h1" };
    expect(hostsOf(planAll(input({ candidates, requests })))).toEqual(both);
    for (const there of ["web-0", "web-1"]) {
      const previous = { assignments: { [there]: assigned("h1") }, networks: {} };
      expect(hostsOf(planAll(input({ candidates, requests, previous })))).toEqual(both);
    }
  });
});

describe("a rule about the container's own type", () => {
  it("is about another type for each that asks for it in the same words", () => {
    const constraints: PlacementRequest["constraints"] = [{ kind: "affinity", rules: "NOT TYPE" }];
    const requests = [
      ...replicas("db", 2, { constraints }),
      ...replicas("web", 3, { constraints }),
    ];
    const plan = planAll(input({ candidates: [host("h1"), host("h2")], requests, strategies: [] }));
    expect(hostsOf(plan)).toEqual({ "db-0": "h1", "db-1": "h2", "web-0": "h1", "web-1": "h2" });
  });
});

describe("a rule that names one of several replicas", () => {
  it("does not close its host to the others", () => {
    const rules = "NOT NAME web-1";
    const requests = [
      ask("db", { constraints: [{ kind: "affinity", rules }] }),
      ...replicas("web", 3),
    ];
    const candidates = [host("h1"), host("h2")];
    const plan = planAll(input({ candidates, requests, strategies: [{ kind: "depthFirst" }] }));
    expect(hostsOf(plan)).toEqual({ db: "h1", "web-0": "h1", "web-1": "h2", "web-2": "h1" });
  });
});

describe("a rule about applications", () => {
  it("does not mind capitals", () => {
    const rules = "NOT APPLICATION SHOP";
    const requests = [
      ask("a", { application: "Shop" }),
      ask("b", { application: "office", constraints: [{ kind: "affinity", rules }] }),
    ];
    const candidates = [host("h1"), host("h2")];
    const plan = planAll(input({ candidates, requests, strategies: [] }));
    expect(hostsOf(plan)).toEqual({ a: "h1", b: "h2" });
  });
});

describe("a container that stays", () => {
  it("is on the first of several hosts where it is seen", () => {
    const own = { web: { networks: {} } };
    const candidates = [host("h1"), host("h2", { own }), host("h3", { own })];
    const plan = planAll(input({ candidates, requests: [ask("web")] }));
    expect(hostsOf(plan)).toEqual({ web: "h2" });
  });

  it("is on the next of them when the first will not do", () => {
    const own = { web: { networks: {} } };
    const candidates = [host("h1"), host("h2", { own, drain: true }), host("h3", { own })];
    const plan = planAll(input({ candidates, requests: [ask("web")] }));
    expect(plan.assignments["web"]).toMatchObject({
      host: "h3",
      reason: "its container already runs here",
    });
  });

  it("is counted once, where a plan has it and it is seen", () => {
    const own = { web: { networks: {}, cpus: 3, memoryBytes: GiB } };
    const plan = planAll(
      input({
        candidates: [host("h1", { own }), host("h2")],
        requests: [ask("web", { cpus: 3, memoryBytes: GiB }), ask("db", { cpus: 1 })],
        previous: { assignments: { web: assigned("h1") }, networks: {} },
        strategies: [{ kind: "depthFirst" }],
      }),
    );
    expect(hostsOf(plan)).toEqual({ web: "h1", db: "h1" });
  });

  it("has its assignment of the plan before, but for what it no longer asks for", () => {
    const devices = [{ kind: "gpu", attributes: {}, ids: ["a"] }];
    const before = input({
      candidates: [host("h1", { devices })],
      requests: [ask("train", { devices: [{ kind: "gpu", count: 1 }] }), ask("web")],
    });
    const plan = planAll(before);
    const again = planAll(after({ ...before, requests: [ask("train"), ask("web")] }, plan));
    expect(again.assignments["web"]).toBe(plan.assignments["web"]);
    expect(plan.assignments["train"]?.devices).toEqual(["a"]);
    expect(again.assignments["train"]).not.toHaveProperty("devices");
    const changed = planAll(after({ ...before, requests: [ask("web", { revision: "r2" })] }, plan));
    expect(changed.assignments["web"]).toEqual({ ...plan.assignments["web"], revision: "r2" });
    const was = { ...plan.assignments["web"]!, addresses: { gone: "10.1.0.2" } };
    const left = planAll({ ...before, previous: { assignments: { web: was }, networks: {} } });
    expect(left.assignments["web"]?.addresses).toEqual({});
  });

  it("is in the live use already", () => {
    const used = (memory: number) => ({ usage: { cpu: 0, memory, ageSeconds: 1 } });
    const plan = planAll(
      input({
        candidates: [host("h1", used(0.1)), host("h2", used(0.2))],
        requests: [ask("db", { memoryBytes: 2 * GiB }), ask("web")],
        previous: { assignments: { db: assigned("h1") }, networks: {} },
        strategies: [{ kind: "lowestMemoryUsage" }],
      }),
    );
    expect(hostsOf(plan)).toEqual({ db: "h1", web: "h1" });
  });

  it("on a drained host for its data keeps the reason that it had", () => {
    const plan = planAll(
      input({
        candidates: [host("h1", { drain: true, volumes: ["data"] }), host("h2")],
        requests: [ask("db", { volumes: ["data"] })],
        previous: { assignments: { db: assigned("h1", { reason: "as ever" }) }, networks: {} },
      }),
    );
    expect(plan.assignments["db"]).toMatchObject({ host: "h1", reason: "as ever" });
    expect(plan.stuck).toHaveLength(1);
  });

  it("keeps the devices that it is seen to hold, though no plan gave them", () => {
    const devices = [{ kind: "gpu", attributes: {}, ids: ["a", "b"] }];
    const own = { train: { networks: {}, devices: ["b"] } };
    const cloud = input({
      candidates: [host("h1", { devices, own })],
      requests: [ask("train", { devices: [{ kind: "gpu", count: 1 }] })],
    });
    const plan = planAll(cloud);
    expect(plan.assignments["train"]?.devices).toEqual(["b"]);
    expect(planAll(after(cloud, plan)).assignments).toEqual(plan.assignments);
  });
});

describe("a container that leaves", () => {
  it("leaves the host that the plan gave it, wherever it was seen", () => {
    const candidates = [
      host("h1", { labels: { zone: "b" } }),
      host("h2", { own: { web: { networks: {} } } }),
    ];
    const constraints: PlacementRequest["constraints"] = [{ kind: "label", expression: "zone=b" }];
    const previous = { assignments: { web: assigned("h9") }, networks: {} };
    const plan = planAll(input({ candidates, requests: [ask("web", { constraints })], previous }));
    expect(plan.moves).toEqual([
      {
        name: "web",
        from: "h9",
        to: "h1",
        cause: "rule",
        why: "h9 is no longer a host of the cloud",
      },
    ]);
  });

  it("holds its devices until it is gone", () => {
    const gpu = (id: string) => ({ devices: [{ kind: "gpu", attributes: {}, ids: [id] }] });
    const requests = ["old", "new"].map((name) =>
      ask(name, { devices: [{ kind: "gpu", count: 1 }] }),
    );
    const own = { old: { networks: {}, devices: ["a"] } };
    const plan = planAll(
      input({
        candidates: [host("h1", { ...gpu("a"), own }), host("h2", gpu("b")), host("h3", gpu("c"))],
        requests,
        previous: { assignments: { old: assigned("h2", { devices: ["b"] }) }, networks: {} },
        strategies: [],
      }),
    );
    expect(hostsOf(plan)).toEqual({ old: "h2", new: "h3" });
  });

  it("for the balance has the score of the host that it comes to", () => {
    const requests = replicas("web", 4);
    const there = assigned("h1", { score: 7 });
    const plan = planAll(
      input({
        candidates: [host("h1"), host("h2")],
        requests,
        previous: {
          assignments: Object.fromEntries(requests.map(({ name }) => [name, there])),
          networks: {},
        },
        strategies: [{ kind: "leastContainers" }],
        rebalance: {},
      }),
    );
    const scores = plan.moves?.map(({ name }) => plan.assignments[name]?.score);
    expect(new Set(scores)).toEqual(new Set([-1, 0]));
  });
});
