import { describe, expect, it } from "vitest";
import type { MakePicker } from "../../../provider/placement/make-picker.js";
import type { HostNow, PlanInput, StrategySpec } from "../../../provider/placement/model.js";
import { ScanPicker } from "../../../provider/placement/pickers/scan.js";
import { planAll } from "../../../provider/placement/plan.js";
import { after, ask, host, hostsOf, input, other, replicas, sentences } from "./make.js";

const three = [host("h1"), host("h2"), host("h3")];
describe("breadthFirst", () => {
  const plan = input({ candidates: three, requests: [ask("redis"), ...replicas("web", 3)] });

  it("goes round the hosts in program order", () => {
    expect(hostsOf(planAll(plan))).toEqual({
      redis: "h1",
      "web-0": "h2",
      "web-1": "h3",
      "web-2": "h1",
    });
  });

  it("says why", () => {
    const { assignments } = planAll(plan);
    expect(Object.values(assignments).map(({ reason }) => reason)).toEqual([
      "breadth first: 0 redis here and on h2; first by name",
      "breadth first: 0 web here and on h3; first by name",
      "breadth first: 0 containers of the plan here, 1 on h1",
      "breadth first: 0 web here, 1 on h2",
    ]);
  });

  it("counts hosts as people do: h2 before h10", () => {
    const candidates = [host("h10"), host("h2"), host("h1")];
    const result = planAll(input({ candidates, requests: replicas("web", 3) }));
    expect(Object.values(hostsOf(result))).toEqual(["h1", "h2", "h10"]);
  });

  it("spreads a service evenly though another one was pinned", () => {
    const redis = ask("redis", { constraints: [{ kind: "host", host: "h3" }] });
    const result = planAll({ ...plan, requests: [redis, ...replicas("web", 3)] });
    expect(hostsOf(result)).toEqual({ redis: "h3", "web-0": "h1", "web-1": "h2", "web-2": "h3" });
    expect(result.assignments["redis"]?.reason).toBe("pinned to h3");
  });

  it("is even after scaling up and down, whatever the history", () => {
    let world = input({ candidates: three });
    for (const count of [1, 4, 2, 6, 3, 6]) {
      world = { ...world, requests: replicas("web", count) };
      world = after(world, planAll(world));
    }
    const hosts = Object.values(world.previous.assignments).map((each) => each.host);
    expect(["h1", "h2", "h3"].map((name) => hosts.filter((each) => each === name).length)).toEqual([
      2, 2, 2,
    ]);
  });

  it("evens out against room: one each, though one host has room for three", () => {
    const candidates = [
      host("h1", { maxContainers: 2, others: [other("x", { owner: "a/b/x" })] }),
      host("h2", { maxContainers: 3 }),
    ];
    const result = planAll(input({ candidates, requests: replicas("web", 2) }));
    expect(hostsOf(result)).toEqual({ "web-0": "h1", "web-1": "h2" });
  });
});

describe("leastContainers", () => {
  const strategies: StrategySpec[] = [{ kind: "leastContainers" }];

  it("takes the emptiest host, foreign containers counted", () => {
    const candidates = [
      host("h1", { others: [other("x")] }),
      host("h2", { others: [other("x"), other("y")] }),
      host("h3"),
    ];
    const result = planAll(input({ candidates, requests: [ask("web")], strategies }));
    expect(result.assignments["web"]).toMatchObject({
      host: "h3",
      score: 0,
      reason: "fewest containers: 0 here, 1 on h1",
    });
  });

  it("breaks ties by name and says so", () => {
    const result = planAll(input({ candidates: three, requests: [ask("web")], strategies }));
    expect(result.assignments["web"]).toMatchObject({
      host: "h1",
      reason: "fewest containers: 0 here and on h2; first by name",
    });
  });
});

describe("depthFirst", () => {
  it("fills the first host before the next", () => {
    const candidates = three.map((each) => ({ ...each, maxContainers: 2 }));
    const strategies: StrategySpec[] = [{ kind: "depthFirst" }];
    const result = planAll(input({ candidates, requests: replicas("web", 5), strategies }));
    expect(Object.values(hostsOf(result))).toEqual(["h1", "h1", "h2", "h2", "h3"]);
    expect(Object.values(result.assignments).map(({ reason }) => reason)).toEqual([
      ...Array<string>(4).fill("depth first: the first by name with room"),
      "the only host that fits",
    ]);
  });
});

const WISHES = [
  { weight: 2, prefer: { kind: "label" as const, expression: "disk=ssd" } },
  { weight: -1, prefer: { kind: "hostname" as const, pattern: "h[14]" } },
];
const CHANGING = [{ weight: 1, prefer: { kind: "maxContainers" as const, max: 1 } }];

describe("random", () => {
  const place = (seed: string, names: string[]) =>
    hostsOf(
      planAll(
        input({
          candidates: three,
          requests: names.map((n) => ask(n)),
          strategies: [{ kind: "random", seed }],
        }),
      ),
    );

  it("depends on seed and name, not on the others", () => {
    const many = replicas("web", 60).map(({ name }) => name);
    const all = place("a", many);
    expect(place("a", ["web-7"])).toEqual({ "web-7": all["web-7"] });
    expect(place("b", many)).not.toEqual(all);
    const used = Object.values(all);
    for (const { name } of three) {
      expect(used.filter((each) => each === name).length).toBeGreaterThan(8);
    }
  });

  describe("below wishes", () => {
    const ssd = { labels: { disk: "ssd" } };
    const candidates = [
      ...["h1", "h2", "h3"].map((name) => host(name, { maxContainers: 2 })),
      ...["h4", "h5"].map((name) => host(name, { ...ssd, maxContainers: 2 })),
      host("h6", { ...ssd, notReady: "cannot be reached: timed out" }),
    ];
    const wishing = (over: Partial<PlanInput> = {}) =>
      input({
        candidates,
        requests: replicas("web", 11),
        strategies: [{ kind: "random" }],
        preferences: [{ weight: 1, prefer: { kind: "label", expression: "disk=ssd" } }],
        ...over,
      });
    const scan: MakePicker = ({ hosts, ordering, accepts }) =>
      new ScanPicker(hosts, ordering, accepts);

    it("fills the hosts that are wished for, then the others", () => {
      const result = planAll(wishing());
      const used = Object.values(hostsOf(result));
      expect(used.slice(0, 4).sort()).toEqual(["h4", "h4", "h5", "h5"]);
      expect(used.slice(4).sort()).toEqual(["h1", "h1", "h2", "h2", "h3", "h3"]);
      expect(result.assignments["web-3"]?.reason).toMatch(/^preferred with 1 .*, h\d with 0$/);
      expect(sentences(result)).toEqual([
        "no host for web-10: 5 hosts run their limit of 2 containers, 1 host is not ready (h6 cannot be reached: timed out)",
      ]);
    });

    it.each<[string, Partial<PlanInput>]>([
      ["as they are", {}],
      ["that several hosts meet in part", { preferences: WISHES }],
      ["for what changes", { preferences: CHANGING }],
      ["of hosts that may accept later", { constraints: [{ kind: "predicate", name: "even" }] }],
    ])("is what a scan of all hosts gives: wishes %s", (_, over) => {
      const functions = { predicates: { even: ({ containers }: HostNow) => containers % 2 === 0 } };
      const plan = wishing({ ...over, functions });
      expect(planAll(plan)).toEqual(planAll(plan, scan));
    });
  });
});

describe("two layers of strategies", () => {
  const candidates = [host("h1", { others: [other("x")] }), host("h2"), host("h3")];

  it("lets the request's decide and the cloud's break its ties", () => {
    const plan = input({
      candidates,
      requests: [ask("web-0"), ask("web-1", { strategies: [{ kind: "leastContainers" }] })],
      strategies: [{ kind: "breadthFirst" }],
    });
    expect(hostsOf(planAll(plan))).toEqual({ "web-0": "h1", "web-1": "h2" });
  });

  it("lets an order without ties override all before it", () => {
    const plan = input({
      candidates,
      requests: [ask("web", { strategies: [{ kind: "depthFirst" }] })],
      strategies: [{ kind: "leastContainers" }],
    });
    expect(hostsOf(planAll(plan))).toEqual({ web: "h1" });
  });
});
