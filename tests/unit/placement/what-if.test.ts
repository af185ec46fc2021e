import { describe, expect, it } from "vitest";
import {
  changeText,
  explainWhy,
  explainWhyNot,
  parseChanges,
  planAll,
  survivesAnyLoss,
  survivesLossOf,
  whatIf,
} from "../../../provider/placement/index.js";
import type { Change, Plan, PlanInput, WhatIf } from "../../../provider/placement/model.js";
import { ask, GiB, host, hostsOf, input, network, on, replicas } from "./make.js";

const planOf = (over: Partial<PlanInput>): Plan => {
  const world = input(over);
  return { input: world, result: planAll(world) };
};
const shop = planOf({
  candidates: [host("h1"), host("h2", { labels: { disk: "ssd" } }), host("h3")],
  requests: [...replicas("web", 3, { memoryBytes: GiB }), ask("db", { volumes: ["data"] })],
});
const after = (text: string, plan = shop): WhatIf => {
  const changes = parseChanges(text);
  if ("error" in changes) throw new Error(changes.error);
  const result = whatIf(plan, changes);
  if ("error" in result) throw new Error(result.error);
  return result;
};

describe("changes as people write them", () => {
  it.each<[string, Change[], string?]>([
    ["remove h2", [{ kind: "removeHost", host: "h2" }]],
    ["Remove host h2", [{ kind: "removeHost", host: "h2" }], "remove h2"],
    ["lose h2", [{ kind: "loseHost", host: "h2" }]],
    ["drain h2", [{ kind: "drainHost", host: "h2" }]],
    ["add 2 hosts like h1", [{ kind: "addHosts", count: 2, like: "h1" }]],
    ["add a host", [{ kind: "addHosts", count: 1 }], "add 1 host"],
    ["add host like h3", [{ kind: "addHosts", count: 1, like: "h3" }], "add 1 host like h3"],
    [
      "add 1 host of 8 cpus 16 GiB zone=eu",
      [
        {
          kind: "addHosts",
          count: 1,
          shape: { cpus: 8, memoryBytes: 16 * GiB, labels: { zone: "eu" } },
        },
      ],
      "add 1 host",
    ],
    [
      "add 3 hosts like h1 with 0.5 cpu and 512 MB a=b c=",
      [
        {
          kind: "addHosts",
          count: 3,
          like: "h1",
          shape: { cpus: 0.5, memoryBytes: 512e6, labels: { a: "b", c: "" } },
        },
      ],
      "add 3 hosts like h1",
    ],
    ["scale web to 40", [{ kind: "scale", type: "web", count: 40 }]],
    ["scale web of shop to 0", [{ kind: "scale", type: "web", count: 0, application: "shop" }]],
    ["rebalance", [{ kind: "rebalance" }]],
    ["rebalance 5", [{ kind: "rebalance", maxMoves: 5 }]],
    [
      "remove h1, drain h2",
      [
        { kind: "removeHost", host: "h1" },
        { kind: "drainHost", host: "h2" },
      ],
      "remove h1, drain h2",
    ],
  ])("%s", (text, changes, written = text) => {
    expect(parseChanges(text)).toEqual(changes);
    expect(changes.map(changeText).join(", ")).toBe(written);
  });

  it.each([
    "",
    "explode",
    "remove",
    "remove h1 h2",
    "scale web",
    "add 2 hosts of gold",
    "add two hosts",
    "remove h1,,drain h2",
    "rebalance now",
  ])("refuses %j", (text) => {
    const part = text.split(",").find((each) => each.trim() === "" || each === text) ?? "";
    expect(parseChanges(text)).toEqual({
      error: `what if "${part}": this is no change; write "remove h2", "lose h2", "drain h2", "add 2 hosts like h1", "add 1 host of 8 cpus 16 GiB zone=eu", "scale web to 40", "scale web of shop to 40" or "rebalance 5"`,
    });
  });
});

describe("what if", () => {
  it("a host is removed", () => {
    const { moves, removed, added, refusals, sentence } = after("remove h2");
    expect(moves).toEqual([
      {
        name: "web-1",
        from: "h2",
        to: "h3",
        cause: "rule",
        why: "h2 is no longer a host of the cloud",
      },
    ]);
    expect({ removed, added, refusals }).toEqual({ removed: [], added: [], refusals: [] });
    expect(sentence).toBe(
      "remove h2: 1 container moves; the cloud does not survive the loss of h1: without h1 1 container has no place (db)",
    );
  });

  it("a host is removed with its data: what has it there is refused", () => {
    const { moves, refusals, sentence } = after("remove h1");
    expect(moves.map(({ name, to }) => `${name} to ${to}`)).toEqual(["web-0 to h2"]);
    expect(refusals.map((refusal) => refusal.sentence)).toEqual([
      "no host for db: its volume data is on h1, which is no longer a host of the cloud; bring h1 back, or bring the volume to another host first",
    ]);
    expect(sentence).toContain("remove h1: 1 container moves, 1 has no host (db); ");
  });

  it("a host is lost: it takes its data with it", () => {
    const lost = after("lose h1");
    expect(lost.moves.map(({ name, to }) => `${name} to ${to}`)).toEqual(["web-0 to h2"]);
    expect(lost.stuck.map(({ sentence }) => sentence)).toEqual([
      "db stays on h1, which is lost: its volume data is there",
    ]);
    expect(lost.sentence).toContain("lose h1: 1 container moves, 1 cannot leave (db); ");
  });

  it("a host is drained", () => {
    const drained = after("drain h1");
    expect(drained.moves.map(({ name, cause }) => `${name}: ${cause}`)).toEqual(["web-0: drain"]);
    expect(drained.stuck.map(({ name }) => name)).toEqual(["db"]);
    expect(shop.input.candidates[0]).not.toHaveProperty("drain");
  });

  it("hosts are added: empty copies, named on", () => {
    const { input: changed, moves } = after("add 2 hosts like h2 with 9 cpus zone=eu");
    expect(moves).toEqual([]);
    expect(changed.candidates.slice(3)).toEqual(
      ["hnew1", "hnew2"].map((name): unknown =>
        expect.objectContaining({
          name,
          cpus: 9,
          memoryBytes: 4 * GiB,
          labels: { disk: "ssd", zone: "eu" },
          others: [],
          volumes: [],
        }),
      ),
    );
    const again = after("add 1 host", { ...shop, input: changed });
    expect(again.input.candidates.at(-1)?.name).toBe("hnew3");
    const used = { usage: { cpu: 0.9, memory: 0.9, ageSeconds: 60 }, drain: true, lost: true };
    const from = planOf({ candidates: [host("h1", { ...used, notReady: "is down" })] });
    const copy = after("add 1 host", from).input.candidates[1];
    expect(copy).toMatchObject({ usage: { cpu: 0, memory: 0, ageSeconds: 0 } });
    for (const key of ["drain", "lost", "notReady", "underlay"])
      expect(copy).not.toHaveProperty(key);
  });

  it("a service is scaled", () => {
    const more = after("scale web to 5");
    expect(more.added).toEqual([
      { name: "web-3", host: "h2" },
      { name: "web-4", host: "h3" },
    ]);
    expect(more.moves).toEqual([]);
    expect(more.sentence).toContain("scale web to 5: 2 come; ");
    expect(more.input.requests.map(({ name }) => name)).toEqual([
      "web-0",
      "web-1",
      "web-2",
      "web-3",
      "web-4",
      "db",
    ]);
    const less = after("scale web to 1");
    expect(less.removed).toEqual(["web-1", "web-2"]);
    expect(less.sentence).toContain("scale web to 1: 2 go; ");
    const tooMany = after("scale web to 14");
    expect(tooMany.refusals.map(({ name }) => name)).toEqual(["web-12", "web-13"]);
    expect(tooMany.sentence).toContain("9 come, 2 have no host (web-12 and web-13); ");
    expect(after("scale web to 13").sentence).toContain("9 come, 1 has no host (web-12); ");
    expect(after("scale web to 4").sentence).toContain("1 comes; ");
    expect(after("scale web to 2").sentence).toContain("1 goes; ");
  });

  it("a container without a number is scaled", () => {
    const one = planOf({ candidates: [host("h1")], requests: [ask("web")] });
    expect(after("scale web to 2", one).added).toEqual([{ name: "web-0", host: "h1" }]);
    expect(after("scale web to 0", one).removed).toEqual(["web"]);
  });

  it("says only what has no host because of the change", () => {
    const world = planOf({
      candidates: [host("h1"), host("h2", { maxContainers: 0 })],
      requests: [ask("big", { cpus: 9 }), ask("web")],
    });
    const { refusals, sentence } = after("remove h1", world);
    expect(refusals.map(({ name }) => name)).toEqual(["web"]);
    expect(sentence).toContain("remove h1: 1 has no host (web); ");
  });

  it("hosts of one shape are numbered, a single one has the name that it is given", () => {
    const names = (count: number) => {
      const result = whatIf(shop, [{ kind: "addHosts", count, shape: { name: "big" } }]);
      return "error" in result
        ? result.error
        : result.input.candidates.slice(3).map(({ name }) => name);
    };
    expect(names(1)).toEqual(["big"]);
    expect(names(2)).toEqual(["big1", "big2"]);
  });

  it("copies keep their networks, but not a fixed address", () => {
    const plan = planOf({
      candidates: [host("h1")],
      networks: [network("app")],
      requests: [
        ask("api2", {
          type: "api",
          networks: [on("app", { address: "10.128.0.77", aliases: ["api"] })],
        }),
      ],
    });
    const { input: changed } = after("scale api to 2", plan);
    expect(changed.requests[1]).toMatchObject({
      name: "api-0",
      networks: [{ network: "app", aliases: ["api"] }],
    });
    expect(changed.requests[1]?.networks[0]).not.toHaveProperty("address");
  });

  it("it is rebalanced, which a plan for something else is not", () => {
    const world = input({
      ...shop.input,
      candidates: [...shop.input.candidates, host("h4")],
      rebalance: {},
    });
    const full = planOf({ candidates: [host("h1")], requests: replicas("web", 4) });
    const plan = { ...full, input: { ...full.input, candidates: [host("h1"), host("h2")] } };
    expect(after("rebalance 1", plan).moves).toHaveLength(1);
    expect(after("rebalance", plan).sentence).toContain("rebalance: 2 containers move; ");
    expect(after("drain h4", { ...plan, input: world }).moves).toEqual([]);
  });

  it("nothing happens", () => {
    expect(after("add 1 host").sentence).toContain("add 1 host: nothing moves; ");
  });

  it.each<[string, Change[], string]>([
    ["no such host", [{ kind: "removeHost", host: "h9" }], "h9 is not a host of the cloud"],
    ["no such host to lose", [{ kind: "loseHost", host: "h9" }], "h9 is not a host of the cloud"],
    ["no such host to drain", [{ kind: "drainHost", host: "h9" }], "h9 is not a host of the cloud"],
    [
      "no such model",
      [{ kind: "addHosts", count: 1, like: "h9" }],
      "h9 is not a host of the cloud",
    ],
    ["no hosts to add", [{ kind: "addHosts", count: 0 }], "0 is no number of hosts to add"],
    ["half a host", [{ kind: "addHosts", count: 1.5 }], "1.5 is no number of hosts to add"],
    [
      "a name that is taken",
      [{ kind: "addHosts", count: 1, shape: { name: "h1" } }],
      "there is a host h1 already",
    ],
    [
      "no such type",
      [{ kind: "scale", type: "api", count: 1 }],
      "there is no container of type api",
    ],
    [
      "less than none",
      [{ kind: "scale", type: "web", count: -1 }],
      "-1 is no number of containers",
    ],
    [
      "the second of two changes",
      [
        { kind: "removeHost", host: "h1" },
        { kind: "drainHost", host: "h1" },
      ],
      "h1 is not a host of the cloud",
    ],
  ])("%s is an error", (_, changes, error) => {
    expect(whatIf(shop, changes)).toEqual({ error });
  });

  it("asks which application is meant", () => {
    const plan = planOf({
      candidates: [host("h1")],
      requests: [ask("a", { type: "web" }), ask("b", { type: "web", application: "blog" })],
    });
    expect(whatIf(plan, [{ kind: "scale", type: "web", count: 3 }])).toEqual({
      error: "type web is in shop and blog: name the application",
    });
    expect(after("scale web of blog to 2", plan).added).toEqual([{ name: "b-0", host: "h1" }]);
    const empty = planOf({ candidates: [] });
    expect(whatIf(empty, [{ kind: "addHosts", count: 1 }])).toEqual({
      error: "the cloud has no host to copy",
    });
    expect(
      after("add 1 host", planOf({ candidates: [host("web")] })).input.candidates[1]?.name,
    ).toBe("webnew1");
    const named = whatIf(shop, [{ kind: "addHosts", count: 1, shape: { name: "big" } }]);
    expect("error" in named || named.input.candidates.at(-1)?.name).toBe("big");
  });
});

describe("the loss of any one host", () => {
  it("is survived where all else has room", () => {
    const plan = planOf({
      candidates: [host("h1"), host("h2")],
      requests: replicas("web", 4, { memoryBytes: GiB }),
      rebalance: {},
    });
    expect(survivesAnyLoss(plan)).toMatchObject({
      survives: true,
      sentence: "the cloud survives the loss of any one host",
    });
    expect(survivesLossOf(plan, "h1")).toMatchObject({
      host: "h1",
      survives: true,
      losses: [],
      moves: [
        { name: "web-0", from: "h1", to: "h2", cause: "rule" },
        { name: "web-2", from: "h1", to: "h2", cause: "rule" },
      ],
    });
  });

  it("is not survived without room, or where data lies", () => {
    const plan = planOf({
      candidates: [host("h1"), host("h2"), host("h3", { pending: true })],
      requests: [
        ask("db", { volumes: ["data"], constraints: [{ kind: "host", host: "h1" }] }),
        ...replicas("web", 5, {
          memoryBytes: GiB,
          constraints: [{ kind: "hostname", pattern: "h[12]", syntax: "regexp" }],
        }),
        ask("never", { memoryBytes: 99 * GiB }),
      ],
    });
    expect(survivesAnyLoss(plan)).toMatchObject({
      survives: false,
      sentence:
        "the cloud does not survive the loss of h1 or h2: without h1 2 containers have no place (db and web-3)",
    });
    expect(survivesLossOf(plan, "h1").losses).toEqual([
      { name: "db", sentence: "db would be lost: its volume data is on h1" },
      {
        name: "web-3",
        sentence: expect.stringContaining("no host for web-3: 1 host ") as string,
      },
    ]);
    expect(survivesLossOf(plan, "h2").losses.map(({ name }) => name)).toEqual(["web-4"]);
  });

  it("says so where there is nothing to lose", () => {
    expect(survivesAnyLoss(planOf({})).sentence).toBe("the cloud has no hosts to lose");
  });
});

describe("why and why not", () => {
  it("answer for any container and host", () => {
    expect(explainWhy(shop, "web-1")).toEqual({
      name: "web-1",
      sentence: "web-1 is on h2: breadth first: 0 web here and on h3; first by name",
      hosts: [
        {
          host: "h1",
          verdict: "possible",
          reasons: ["accepts it, but h2 comes first: breadth first: 0 web here, 1 on h1"],
          score: -1,
        },
        {
          host: "h2",
          verdict: "here",
          reasons: ["breadth first: 0 web here and on h3; first by name"],
          score: 0,
        },
        {
          host: "h3",
          verdict: "possible",
          reasons: ["accepts it, but h2 comes first: breadth first: 0 web here, 1 on h3"],
          score: -1,
        },
      ],
    });
    expect(explainWhyNot(shop, "web-9", "h1")).toBe("web-9 is not a container of the plan");
    expect(explainWhyNot(shop, "web-1", "h9")).toBe("h9 is not a host of the cloud");
  });

  it("name every rule that a host breaks", () => {
    const plan = planOf({
      candidates: [
        host("h1", { notReady: "cannot be reached", memoryBytes: 0, labels: { old: "1" } }),
        host("h2"),
      ],
      requests: [
        ask("web", {
          memoryBytes: GiB,
          constraints: [{ kind: "label", expression: "old !exists" }],
        }),
      ],
    });
    expect(explainWhyNot(plan, "web", "h1")).toBe(
      "web is not on h1: has label old; cannot be reached; lacks 1 GiB of memory (0 B free, 1 GiB short)",
    );
  });

  it("speak of the plan as it stands, of draws, of names and of who stays", () => {
    const one = (over: Partial<PlanInput>, where: string) =>
      explainWhyNot(
        planOf({ candidates: [host("h1"), host("h2")], requests: [ask("web")], ...over }),
        "web",
        where,
      );
    const stays = { previous: { assignments: {}, networks: {} } };
    expect(one({ strategies: [{ kind: "random", seed: "a" }] }, "h2")).toMatch(
      /^web is (not on h2: accepts it, but h1 was drawn first|on h2: random: drawn by its name from 2 hosts)$/,
    );
    expect(one({ strategies: [{ kind: "depthFirst" }] }, "h2")).toBe(
      "web is not on h2: accepts it, but h1 comes first by name",
    );
    const kept = {
      ...stays,
      previous: {
        assignments: {
          web: { host: "h2", addresses: {}, score: 0, reason: "as before", revision: "r1" },
        },
        networks: {},
      },
    };
    expect(one({ ...kept, strategies: [{ kind: "depthFirst" }] }, "h1")).toBe(
      "web is not on h1: would come first by name now, but web stays on h2",
    );
    const full = { requests: [ask("web"), ...replicas("api", 2)] };
    expect(one({ ...kept, ...full, strategies: [{ kind: "leastContainers" }] }, "h1")).toMatch(
      /^web is not on h1: /,
    );
  });

  it("say it of who waits, who is stuck and who has no host", () => {
    const pending = planOf({
      candidates: [host("h1", { pending: true }), host("h2")],
      requests: [ask("web")],
    });
    expect(explainWhy(pending, "web")?.sentence).toBe("web is placed after hosts exist");
    expect(explainWhyNot(pending, "web", "h2")).toBe("web is not on h2: would accept it");
    const refused = planOf({ candidates: [host("h1")], requests: [ask("web", { cpus: 9 })] });
    expect(explainWhy(refused, "web")?.sentence).toBe(
      "no host for web: 1 host lacks 9 cpus (most free 4 cpus on h1)",
    );
    const stuck = planOf({
      candidates: [host("h1", { drain: true, own: { web: { networks: {} } } })],
      requests: [ask("web")],
    });
    expect(explainWhyNot(stuck, "web", "h1")).toBe(
      "web stays on h1, which is drained: 1 host is being drained",
    );
    const unreadable = planOf({
      candidates: [host("h1")],
      requests: [ask("web", { constraints: [{ kind: "label", expression: "=" }] })],
    });
    expect(explainWhy(unreadable, "web")?.sentence).toMatch(/^no host for web: label expression/);
    expect(hostsOf(unreadable.result)).toEqual({});
  });
});
