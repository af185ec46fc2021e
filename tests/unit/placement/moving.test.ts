import { describe, expect, it } from "vitest";
import type { Candidate, Move, PlanInput, PlanResult } from "../../../provider/placement/model.js";
import {
  hostsLeft,
  lostOf,
  movesIn,
  orderOf,
  waitingIn,
} from "../../../provider/resources/placement/moving.js";
import { UNKNOWN } from "../../../provider/unknown.js";
import { ask, assigned, host, input, on, replicas } from "./make.js";
import { inputs, lost, planHost, world } from "./plan-world.js";

/** A plan with these hosts by container, and these moves. */
const planned = (hosts: Record<string, string>, moves: Move[] = []): PlanResult => ({
  assignments: Object.fromEntries(Object.entries(hosts).map(([name, on]) => [name, assigned(on)])),
  networks: {},
  addedNames: {},
  pending: { requests: [], networks: [] },
  refusals: [],
  moves,
});

const move = (name: string, cause: Move["cause"], from = "h1", to = "h2"): Move => ({
  ...{ name, cause, from, to },
  why: "because",
});

describe("the order in which containers move", () => {
  const names = ["db", "api", "web"];
  const world = (before: Record<string, string> = {}): PlanInput =>
    input({
      requests: names.map((name) => ask(name)),
      previous: { assignments: planned(before).assignments, networks: {} },
    });
  const all = (on: string) => Object.fromEntries(names.map((name) => [name, on]));

  it.each<[string, Move[], Record<string, string>]>([
    [
      "is that of the program, which has dependencies first",
      [move("web", "drain"), move("db", "rebalance"), move("api", "drain")],
      { api: "db", web: "api" },
    ],
    ["leaves out who does not move", [move("web", "drain"), move("db", "drain")], { web: "db" }],
    [
      "is nobody's where a host is lost or a rule broken: nothing is served there that could wait",
      [move("db", "lost"), move("api", "rule"), move("web", "drain")],
      {},
    ],
    ["is no order where nothing moves", [], {}],
  ])("%s", (_, moves, expected) => {
    expect(orderOf({}, world(all("h1")), planned(all("h2"), moves))).toEqual(expected);
  });

  it("takes a plan that lists no moves", () => {
    const { moves: _, ...without } = planned(all("h1"));
    expect(orderOf({}, world(all("h1")), without)).toEqual({});
  });

  it("stays while its container stays where it has come to, so that an interrupted up goes on in it", () => {
    const before = { api: "db", web: "api" };
    expect(orderOf(before, world(all("h2")), planned(all("h2")))).toEqual(before);
    const onward = planned({ ...all("h2"), web: "h3" });
    expect(orderOf(before, world(all("h2")), onward)).toEqual({ api: "db" });
  });

  it("is dropped where it would have one wait for who is not there, not placed, or comes later", () => {
    const stays = planned(all("h2"));
    expect(orderOf({ web: "gone", gone: "db" }, world(all("h2")), stays)).toEqual({});
    expect(orderOf({ db: "web", api: "api" }, world(all("h2")), stays)).toEqual({});
    expect(orderOf({ api: "db" }, world({}), planned({}))).toEqual({});
  });
});

describe("what was left on a host that was lost", () => {
  const well = { networks: {} };
  const here = (name: string, over: Partial<Candidate> = {}) => host(name, over);
  const world = (candidates: Candidate[], over: Partial<PlanInput> = {}): PlanInput =>
    input({ candidates, requests: [ask("web")], ...over });
  const left = { web: { hosts: ["h1"] } };

  it("is read from either way of writing it", () => {
    expect(hostsLeft({ host: "h1" })).toEqual(["h1"]);
    expect(hostsLeft({ hosts: ["h1", "h2"] })).toEqual(["h1", "h2"]);
  });

  it.each<[string, Candidate[], Record<string, string>, object]>([
    [
      "is kept while the host is away",
      [here("h1", { notReady: "is gone" }), here("h2", { own: { web: well } })],
      { web: "h2" },
      left,
    ],
    [
      "is kept while the host is yet to be made anew",
      [here("h1", { pending: true }), here("h2", { own: { web: well } })],
      { web: "h2" },
      left,
    ],
    [
      "is kept while Docker is yet to be installed there",
      [here("h1", { withoutDocker: true }), here("h2", { own: { web: well } })],
      { web: "h2" },
      left,
    ],
    ["is kept while its successor is not seen", [here("h1"), here("h2")], { web: "h2" }, left],
    [
      "is kept while its successor is not well",
      [here("h1"), here("h2", { own: { web: { ...well, unready: true } } })],
      { web: "h2" },
      left,
    ],
    ["is kept while its successor has no host", [here("h1"), here("h2")], {}, left],
    [
      "goes when the host is back and the successor well",
      [here("h1"), here("h2", { own: { web: well } })],
      { web: "h2" },
      {},
    ],
    ["is what it should be when the container has gone back", [here("h1")], { web: "h1" }, {}],
    ["is nobody's when the host has left the program", [here("h2")], { web: "h2" }, {}],
  ])("%s", (_, candidates, hosts, expected) => {
    expect(lostOf(left, world(candidates), planned(hosts))).toEqual(expected);
  });

  it("goes with its host's return where the container has left the program", () => {
    const none = { requests: [] };
    expect(lostOf(left, world([here("h1")], none), planned({}))).toEqual({});
    const away = here("h1", { notReady: "is gone" });
    expect(lostOf(left, world([away], none), planned({}))).toEqual(left);
  });

  describe("is counted where containers are placed anew", () => {
    const away = here("h1", { notReady: "is gone", lost: true });
    const before = { assignments: { web: assigned("h1") }, networks: {} };
    const lose = (candidates: Candidate[], hosts: Record<string, string>, over: object = {}) =>
      lostOf(
        {},
        world(candidates, { replaceLost: true, previous: before, ...over }),
        planned(hosts),
      );

    it.each<[string, Parameters<typeof lose>, object]>([
      ["of one that has another host now", [[away, here("h2")], { web: "h2" }], left],
      ["of one that has left the program", [[away], {}, { requests: [] }], left],
      ["not of one that waits there", [[away], { web: "h1" }], {}],
      ["not of one that has no host yet: it stays its last", [[away], {}], {}],
      ["not where the host is there", [[here("h1"), here("h2")], { web: "h2" }], {}],
      ["not unless asked", [[away], { web: "h2" }, { replaceLost: false }], {}],
    ])("%s", (_, given, expected) => {
      expect(lose(...given)).toEqual(expected);
    });

    it("once, whoever counted it before", () => {
      const again = world([away, here("h2")], { replaceLost: true, previous: before });
      expect(lostOf(left, again, planned({ web: "h2" }))).toEqual(left);
    });
  });

  it("is said to stay where its host is back and its successor is not well", () => {
    const ill = here("h2", { own: { web: { ...well, unready: true } } });
    const back = here("h1", { own: { web: well } });
    const said = (h1: Candidate, h2: Candidate, hosts: Record<string, string> = { web: "h2" }) =>
      waitingIn({ web: { hosts: ["h1", "h9"] } }, world([h1, h2]), planned(hosts));
    expect(said(back, ill)).toEqual([
      "web is not well on h2: what it left on h1, which is back, stays until it is",
    ]);
    expect(said(back, here("h2", { own: { web: well } }))).toEqual([]);
    expect(said(back, here("h2"))).toEqual([]);
    expect(said(here("h1"), ill)).toEqual([]);
    expect(said({ ...back, notReady: "is gone" }, ill)).toEqual([]);
    expect(said(back, ill, {})).toEqual([]);
  });
});

describe("what the preview says of moves", () => {
  it.each<[string, Move[], string[]]>([
    ["nothing of none", [], []],
    ["nothing of those of a rule: their own rows do", [move("web", "rule")], []],
    ["one of a drain", [move("web", "drain")], ["drain of h1: 1 container moves: web -> h2"]],
    [
      "the drains of each host, one by one",
      [move("db", "drain"), move("web", "drain", "h3"), move("api", "drain", "h1", "h4")],
      [
        "drain of h1: 2 containers move one by one: db -> h2 and api -> h4",
        "drain of h3: 1 container moves: web -> h2",
      ],
    ],
    [
      "the loss of a host, all at once",
      [move("db", "lost"), move("web", "lost")],
      ["loss of h1: 2 containers move: db -> h2 and web -> h2"],
    ],
    [
      "a rebalancing in one line, with where each comes from",
      [move("db", "rebalance"), move("web", "rebalance", "h3")],
      ["rebalance: 2 containers move one by one: db h1 -> h2 and web h3 -> h2"],
    ],
    [
      "drains, then rebalancing, then losses",
      [move("a", "lost", "h3"), move("b", "rebalance"), move("c", "drain")],
      [
        "drain of h1: 1 container moves: c -> h2",
        "rebalance: 1 container moves: b h1 -> h2",
        "loss of h3: 1 container moves: a -> h2",
      ],
    ],
  ])("%s", (_, moves, expected) => {
    expect(movesIn(moves)).toEqual(expected);
  });

  it("ten, and how many more", () => {
    const moves = Array.from({ length: 12 }, (_, i) => move(`w${i}`, "drain"));
    expect(movesIn(moves)).toEqual([
      `drain of h1: 12 containers move one by one: ${moves
        .slice(0, 10)
        .map(({ name }) => `${name} -> h2`)
        .join(", ")} and 2 more`,
    ]);
    expect(movesIn()).toEqual([]);
  });
});

describe("a plan with moves", () => {
  const six = replicas("web", 6, { networks: [on("app")] });
  const onH1 = { constraints: [{ kind: "host" as const, host: "h1" }] };

  it("says them, keeps their order in its inputs, and is the same when it is made again", async () => {
    const before = (await world().check({}, inputs())).inputs!;
    const hosts = [planHost("h1", { drain: true }), planHost("h2"), planHost("h3")];
    const requests = inputs().requests.map((each) => ({ ...each, constraints: onH1.constraints }));
    const both = (await world().check({}, inputs({ requests }))).inputs!;
    const drained = world();
    const { inputs: after } = await drained.check(both, inputs({ hosts }));
    expect(drained.said).toEqual([
      "drain of h1: 2 containers move one by one: web-0 -> h2 and web-1 -> h3",
    ]);
    expect(after?.order).toEqual({ "web-1": "web-0" });
    const again = world();
    expect((await again.check(after!, inputs({ hosts }))).inputs).toEqual(after);
    expect(again.said).toEqual([]);
    expect(before).not.toHaveProperty("order");
    const unknownOrder = { ...after!, order: UNKNOWN as never };
    expect((await world().check(unknownOrder, inputs({ hosts }))).inputs).not.toHaveProperty(
      "order",
    );
  });

  it.each<[number, string]>([
    [0, "nothing new is placed there"],
    [1, "web-0 stays there"],
    [5, "web-0, web-1, web-2, web-3, web-4 stay there"],
    [6, "web-0, web-1, web-2, web-3, web-4 and 1 more stay there"],
  ])("says of a host that is away what stays there: %i", async (count, what) => {
    const requests = six.slice(0, count).map((each) => ({ ...each, ...onH1 }));
    const { inputs: before } = await world().check({}, inputs({ requests }));
    const { check, warnings } = world({ h1: lost("h1") });
    await check(before!, inputs({ requests }));
    expect(warnings).toEqual([`host h1 cannot be reached at 192.168.7.2: timed out; ${what}`]);
  });
});
