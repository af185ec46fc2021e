import { describe, expect, it } from "vitest";
import type { StrategySpec } from "../../../provider/placement/model.js";
import { planAll } from "../../../provider/placement/plan.js";
import { after, ask, host, hostsOf, input, other, replicas } from "./make.js";

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
