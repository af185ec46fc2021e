import { describe, expect, it } from "vitest";
import { planAll, survivesLossOf, whatIf } from "../../../provider/placement/index.js";
import type { Candidate, PlacementRequest, PlanInput } from "../../../provider/placement/model.js";
import { ask, assigned, host, hostsOf, input, sentences } from "./make.js";

const LOGS = "/srv/logs";
const store = ask("store", { folders: [LOGS] });
const pinned = (to: string): PlacementRequest["constraints"] => [{ kind: "host", host: to }];
const inZoneB: PlacementRequest["constraints"] = [{ kind: "label", expression: "zone=b" }];
const two = (first: Partial<Candidate> = {}, second: Partial<Candidate> = {}) => [
  host("h1", { labels: { zone: "a" }, ...first }),
  host("h2", { labels: { zone: "b" }, ...second }),
];
/** A plan after one that had the container on h1. */
const later = (over: Partial<PlanInput> = {}, previous: Partial<PlanInput["previous"]> = {}) =>
  input({
    candidates: two(),
    requests: [store],
    previous: { assignments: { store: assigned("h1") }, networks: {}, ...previous },
    ...over,
  });

describe("a container that writes to a folder of its host", () => {
  it("is placed as any other at first, and so is each of its siblings", () => {
    const requests = [0, 1].map((i) => ask(`store-${i}`, { folders: [LOGS] }));
    const plan = input({ candidates: two(), requests });
    expect(hostsOf(planAll(plan))).toEqual({ "store-0": "h1", "store-1": "h2" });
  });

  it.each<[string, Partial<PlanInput>, string]>([
    ["is drained", { candidates: two({ drain: true }) }, "drained"],
    [
      "is lost",
      { candidates: two({ lost: true, notReady: "cannot be reached" }), replaceLost: true },
      "lost",
    ],
  ])("stays when its host %s, and the plan says why", (_, over, what) => {
    const result = planAll(later(over));
    expect(hostsOf(result)).toEqual({ store: "h1" });
    expect(result.moves).toBeUndefined();
    expect(result.stuck?.map(({ sentence }) => sentence)).toEqual([
      `store stays on h1, which is ${what}: its folder ${LOGS} is there`,
    ]);
  });

  it("is not moved for a better balance", () => {
    const crowd = ["a", "b", "c"].map((name) => ask(name, { type: "web", folders: [LOGS] }));
    const assignments = Object.fromEntries(crowd.map(({ name }) => [name, assigned("h1")]));
    const plan = (requests: PlacementRequest[]) =>
      planAll(
        input({
          candidates: two(),
          requests,
          rebalance: {},
          previous: { assignments, networks: {} },
        }),
      ).moves?.length ?? 0;
    expect(plan(crowd)).toBe(0);
    expect(plan(crowd.map(({ folders: _, ...request }) => request))).toBe(1);
  });

  it("would be lost with its host", () => {
    const plan = { input: later(), result: planAll(later()) };
    expect(survivesLossOf(plan, "h1").losses).toEqual([
      { name: "store", sentence: `store would be lost: its folder ${LOGS} is on h1` },
    ]);
    expect(whatIf(plan, [{ kind: "drainHost", host: "h1" }])).toMatchObject({
      stuck: [{ name: "store" }],
    });
    expect(whatIf(plan, [{ kind: "removeHost", host: "h1" }])).toMatchObject({
      refusals: [{ name: "store" }],
    });
  });

  it("is refused where a rule that its host breaks now would leave the data behind", () => {
    const result = planAll(later({ requests: [{ ...store, constraints: inZoneB }] }));
    expect(sentences(result)).toEqual([
      `no host for store: 1 host lacks label zone=b, 1 host does not hold its folder ${LOGS}, which is on h1`,
    ]);
    expect(result.refusals[0]?.hosts).toEqual([
      { host: "h1", reason: "lacks label zone=b" },
      { host: "h2", reason: `does not hold its folder ${LOGS}, which is on h1` },
    ]);
  });

  it.each<[string, Candidate[], string]>([
    ["has left the program", [host("h2")], "is no longer a host of the cloud"],
    [
      "cannot be seen",
      two({ notReady: "cannot be reached", labels: {} }),
      "cannot be reached; h1 lacks label zone",
    ],
  ])("is refused when its host %s", (_, candidates, why) => {
    const constraints: PlacementRequest["constraints"] =
      candidates.length > 1 ? [{ kind: "label", expression: "zone exists" }] : [];
    expect(
      sentences(planAll(later({ candidates, requests: [{ ...store, constraints }] }))),
    ).toEqual([
      `no host for store: its folder ${LOGS} is on h1, which ${why}; bring h1 back, or pin it to the host that has the folder now`,
    ]);
  });

  it.each<[string, Partial<PlanInput>, Partial<PlanInput["previous"]>?]>([
    ["the program pins it there", { requests: [{ ...store, constraints: pinned("h2") }] }],
    [
      "the program pins it there, and its old host is drained",
      {
        candidates: two({ drain: true }),
        requests: [{ ...store, constraints: pinned("h2") }],
      },
    ],
    [
      "it had another folder before",
      { requests: [{ ...store, constraints: inZoneB }] },
      { folders: { store: ["/srv/other"] } },
    ],
    [
      "it had one whose name begins alike",
      { requests: [{ ...store, constraints: inZoneB }] },
      { folders: { store: [LOGS.slice(0, -1)] } },
    ],
    ["it has none any more", { requests: [ask("store", { constraints: inZoneB })] }],
    [
      "it gets its folder only now, and its host is drained",
      { candidates: two({ drain: true }) },
      { folders: { store: [] } },
    ],
  ])("goes to another host when %s", (_, over, previous) => {
    expect(hostsOf(planAll(later(over, previous)))).toEqual({ store: "h2" });
  });

  it.each(["/srv", "/", "/srv/logs/today"])(
    "stays where %s, which holds or is part of it, takes its place",
    (folder) => {
      const requests = [ask("store", { folders: [folder], constraints: inZoneB })];
      const result = planAll(later({ requests }, { folders: { store: ["/srv/logs"] } }));
      expect(sentences(result)).toEqual([
        `no host for store: 1 host lacks label zone=b, 1 host does not hold its folder ${folder}, which is on h1`,
      ]);
    },
  );

  it("stays with its folder on a drained host that the program pins it to, and says so", () => {
    const requests = [{ ...store, constraints: pinned("h1") }];
    const result = planAll(later({ candidates: two({ drain: true }), requests }));
    expect(result.stuck?.map(({ sentence }) => sentence)).toEqual([
      `store stays on h1, which is drained: its folder ${LOGS} is there`,
    ]);
  });

  it("stays with the folder where it was found without a state", () => {
    const found = (folders: string[]) =>
      later(
        {
          candidates: two({ own: { store: { networks: {}, folders } }, drain: true }),
        },
        { assignments: {} },
      );
    expect(hostsOf(planAll(found([LOGS])))).toEqual({ store: "h1" });
    expect(hostsOf(planAll(found(["/srv/other"])))).toEqual({ store: "h2" });
  });

  it.each([
    ["first", ["store-0", "store-1"]],
    ["last", ["store-1", "store-0"]],
  ])("does not hold a sibling that has no data yet, named %s", (_, names) => {
    const requests = names.map((name) =>
      ask(name, { type: "store", folders: [LOGS], constraints: inZoneB }),
    );
    const assignments = { "store-0": assigned("h1"), "store-1": assigned("h1") };
    const folders = { "store-0": [LOGS], "store-1": [] };
    const result = planAll(later({ requests }, { assignments, folders }));
    expect(hostsOf(result)).toEqual({ "store-1": "h2" });
    expect(result.refusals.map(({ name }) => name)).toEqual(["store-0"]);
  });

  it("is told where its own folder is, not where a sibling's is", () => {
    const requests = ["store-0", "store-1"].map((name) =>
      ask(name, { type: "store", folders: [LOGS], constraints: inZoneB }),
    );
    const assignments = { "store-0": assigned("h1"), "store-1": assigned("h2") };
    const candidates = [host("h1"), host("h2"), host("h3", { labels: { zone: "b" } })];
    expect(sentences(planAll(later({ candidates, requests }, { assignments })))).toEqual([
      `no host for store-0: 2 hosts lack label zone=b, 1 host does not hold its folder ${LOGS}, which is on h1`,
      `no host for store-1: 2 hosts lack label zone=b, 1 host does not hold its folder ${LOGS}, which is on h2`,
    ]);
  });

  it("may be called as what every object has", () => {
    const named = ask("constructor", { folders: [LOGS] });
    const plan = later({ requests: [named] }, { folders: {} });
    expect(hostsOf(planAll(plan))).toEqual({ constructor: "h1" });
  });
});
