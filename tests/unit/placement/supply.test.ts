import { describe, expect, it } from "vitest";
import {
  type Demand,
  headroomEvent,
  type HeadroomEvent,
  planAll,
  supplyByPlaces,
} from "../../../provider/placement/index.js";
import type {
  Candidate,
  PlanInput,
  Supply,
  SupplySpec,
} from "../../../provider/placement/model.js";
import { toHostSupply } from "../../../provider/resources/placement/leaves.js";
import { UNKNOWN } from "../../../provider/unknown.js";
import { ask, assigned, GiB, host, input, other, replicas } from "./make.js";

const demand = (hosts: number, containers: number, over: Partial<Demand> = {}): Demand => ({
  hosts,
  containers,
  places: 8,
  headroom: { count: 4 },
  ...over,
});

/** Hosts, containers, what was told before, what is told now, and the numbers: Clocker's own tests, 8 places a host. */
const golden: [number, number, HeadroomEvent | undefined, HeadroomEvent | undefined, object][] = [
  [2, 13, undefined, "hot", { needed: 1, utilisation: 0.8125, low: 0.25, high: 0.75 }],
  [2, 28, undefined, "hot", { needed: 16, utilisation: 1.75 }],
  [2, 8, "hot", "ok", { needed: -4, available: 8, possible: 16, headroom: 4 }],
  [2, 9, "ok", undefined, { needed: -3 }],
  [10, 1, undefined, "cold", { low: 68 / 80, high: 76 / 80 }],
  [2, 8, undefined, undefined, { needed: -4 }],
  [2, 8, "cold", "ok", { needed: -4 }],
];

describe("headroom as Clocker has it", () => {
  it.each(golden)(
    "%d hosts, %d containers, after %s: %s",
    (hosts, containers, last, event, want) => {
      const supply = supplyByPlaces(demand(hosts, containers));
      expect(supply).toMatchObject(want);
      expect(headroomEvent(supply, last, true)).toBe(event);
    },
  );

  it("tells cold only where it is enabled, and then ends what was told before", () => {
    const { state } = supplyByPlaces(demand(10, 1));
    expect(headroomEvent({ state }, undefined)).toBeUndefined();
    expect(headroomEvent({ state }, "hot")).toBe("ok");
  });

  it.each([
    [20, "ok"],
    [19, "cold"],
  ])("32 places with %d containers are %s: one whole host too many", (containers, state) => {
    expect(supplyByPlaces(demand(4, containers)).state).toBe(state);
  });
});

/** What is asked for, and hosts desired, hosts needed, what limits them, and the sentence. */
const wanted: [string, Demand, number, number, Supply["limitedBy"], string][] = [
  [
    "no ratio, so no overshoot: 4 where Clocker went to 5",
    demand(2, 28),
    4,
    2,
    undefined,
    "4 hosts are desired, 2 more than there are: 28 containers and a headroom of 4 need 32 places, 8 on each host",
  ],
  [
    "a headroom as large as all there is: Clocker waited for ever",
    demand(1, 3, { places: 4 }),
    2,
    1,
    undefined,
    "2 hosts are desired, 1 more than there are: 3 containers and a headroom of 4 need 7 places, 4 on each host",
  ],
  [
    "no hosts at all",
    demand(0, 0),
    1,
    1,
    undefined,
    "1 host is desired, 1 more than there are: 0 containers and a headroom of 4 need 4 places, 8 on each host",
  ],
  [
    "fewer than there are",
    demand(10, 1),
    1,
    0,
    undefined,
    "1 host is desired, 9 fewer than there are: 1 container and a headroom of 4 need 5 places, 8 on each host",
  ],
  [
    "at least so many",
    demand(2, 1, { minHosts: 2 }),
    2,
    0,
    "min",
    "2 hosts are desired, as many as there are: 1 container and a headroom of 4 need 5 places, 8 on each host; 1 host would be enough, the least is 2",
  ],
  [
    "at most so many",
    demand(2, 28, { maxHosts: 3 }),
    3,
    1,
    "max",
    "3 hosts are desired, 1 more than there are: 28 containers and a headroom of 4 need 32 places, 8 on each host; 4 hosts would be enough, the most is 3",
  ],
  [
    "the least above the most: the least counts",
    demand(1, 0, { minHosts: 3, maxHosts: 2 }),
    3,
    2,
    "min",
    "3 hosts are desired, 2 more than there are: 0 containers and a headroom of 4 need 4 places, 8 on each host; 1 host would be enough, the least is 3",
  ],
  [
    "a share: 3 of 10 places free",
    demand(1, 15, { places: 10, headroom: { percent: 0.3 } }),
    3,
    2,
    undefined,
    "3 hosts are desired, 2 more than there are: 15 containers and 30 % of free places need 3 hosts of 10 places",
  ],
  [
    "a share that is met to the last place",
    demand(2, 14, { places: 10, headroom: { percent: 0.3 } }),
    2,
    0,
    undefined,
    "2 hosts are desired, as many as there are: 14 containers and 30 % of free places need 2 hosts of 10 places",
  ],
  [
    "a share that cannot be met",
    demand(2, 1, { headroom: { percent: 1 }, maxHosts: 9 }),
    9,
    7,
    "max",
    "9 hosts are desired, 7 more than there are: 1 container and 100 % of free places need more hosts than can be of 8 places; no number of hosts is enough",
  ],
  [
    "a share that cannot be met, without an end: no host is asked for",
    demand(2, 1, { headroom: { percent: 1 } }),
    2,
    0,
    "max",
    "2 hosts are desired, as many as there are: 1 container and 100 % of free places need more hosts than can be of 8 places; no number of hosts is enough",
  ],
  [
    "hosts without places: none is asked for, however many there may be",
    demand(2, 1, { places: 0, maxHosts: 9 }),
    2,
    0,
    undefined,
    "2 hosts are desired, as many as there are: 1 container and a headroom of 4 need 5 places, 0 on each host; a host offers none, since the limit of containers is 0: more hosts would not help",
  ],
  [
    "hosts without places, and more than there may be",
    demand(2, 1, { places: 0, maxHosts: 1 }),
    1,
    0,
    "max",
    "1 host is desired, 1 fewer than there are: 1 container and a headroom of 4 need 5 places, 0 on each host; a host offers none, since the limit of containers is 0: more hosts would not help; the most is 1",
  ],
  [
    "hosts without places, and nothing that needs one",
    demand(0, 0, { places: 0, headroom: { count: 0 } }),
    0,
    0,
    undefined,
    "0 hosts are desired, as many as there are: 0 containers and a headroom of 0 need 0 places, 0 on each host",
  ],
];

describe("the desired number of hosts", () => {
  it.each(wanted)("%s", (_, ask, desiredHosts, neededHosts, limitedBy, sentence) => {
    const supply = supplyByPlaces(ask);
    expect(supply).toMatchObject({ desiredHosts, neededHosts, sentence });
    expect(supply.limitedBy).toBe(limitedBy);
    const { minHosts: _min, ...unbound } = ask;
    expect(supply.state).toBe(supplyByPlaces(unbound).state);
  });

  it.each<[string, Demand, Partial<Supply>]>([
    [
      "one place on each host",
      demand(1, 3, { places: 1, headroom: { count: 0 } }),
      { desiredHosts: 3, low: 0, high: 1 },
    ],
    [
      "all of nothing is free",
      demand(2, 0, { headroom: { percent: 1 } }),
      { desiredHosts: 0, state: "ok" },
    ],
    [
      "all is to be free, and one container is there",
      demand(2, 1, { headroom: { percent: 1 } }),
      { desiredHosts: 2, limitedBy: "max", state: "hot" },
    ],
    [
      "a share of no places",
      demand(2, 3, { places: 0, headroom: { percent: 0.5 } }),
      { desiredHosts: 2, state: "hot", utilisation: 0, low: 0, high: 0 },
    ],
    [
      "headroom above all places",
      demand(1, 0, { headroom: { count: 12 } }),
      { desiredHosts: 2, low: 0, high: 0 },
    ],
    [
      "no places for what is there, and no headroom",
      demand(2, 1, { places: 0, headroom: { count: 0 } }),
      { desiredHosts: 2, neededHosts: 0, state: "hot" },
    ],
    [
      "no places for a headroom of one",
      demand(2, 0, { places: 0, headroom: { count: 1 } }),
      { desiredHosts: 2, neededHosts: 0, state: "hot" },
    ],
    [
      "a share of no places, and nothing that needs one",
      demand(2, 0, { places: 0, headroom: { percent: 0.5 } }),
      { desiredHosts: 0, state: "ok" },
    ],
    ["no hosts", demand(0, 0, { headroom: { count: 0 } }), { low: 0, high: 0, utilisation: 0 }],
  ])("%s", (_, of, expected) => {
    expect(supplyByPlaces(of)).toMatchObject(expected);
  });

  it("says hot where a share needs more hosts, even if rounding hides it", () => {
    const asked = demand(1, 8, { places: 10, headroom: { percent: 0.25 } });
    expect(supplyByPlaces(asked)).toMatchObject({ needed: 1, state: "hot", desiredHosts: 2 });
    expect(supplyByPlaces(demand(0, 1, { headroom: { percent: 0.5 } })).state).toBe("hot");
  });

  it("for a share is the smallest that leaves that share free", () => {
    for (let containers = 0; containers < 60; containers++) {
      for (const percent of [0, 0.1, 0.25, 0.5, 0.9]) {
        const asked = demand(1, containers, { places: 7, headroom: { percent } });
        const { desiredHosts } = supplyByPlaces(asked);
        const free = (n: number) => n * 7 - containers >= Math.ceil(percent * n * 7);
        expect(free(desiredHosts)).toBe(true);
        if (desiredHosts > 0) expect(free(desiredHosts - 1)).toBe(false);
      }
    }
  });
});

const supplyFor = (supply: SupplySpec, over: Partial<PlanInput>) =>
  planAll(input({ supply, ...over })).supply;

describe("the supply of a plan", () => {
  const candidates = [
    host("h1", { others: [other("x", { owner: "a/b/x" }), other("agent"), other("sidecar")] }),
    host("h2"),
    host("h3", { drain: true }),
    host("h4", { lost: true }),
    host("h5", { notReady: "cannot be reached" }),
  ];

  it("is not there unless it is asked for", () => {
    expect(planAll(input({ candidates }))).not.toHaveProperty("supply");
  });

  it("counts usable hosts, our containers of all stacks, and those without a place", () => {
    const requests = [...replicas("web", 3), ask("big", { memoryBytes: 9 * GiB })];
    expect(supplyFor({ headroom: { count: 4 } }, { candidates, requests })).toEqual({
      hosts: 2,
      containers: 5,
      possible: 16,
      available: 11,
      headroom: 4,
      needed: -7,
      utilisation: 5 / 16,
      low: 0.25,
      high: 0.75,
      state: "ok",
      desiredHosts: 2,
      neededHosts: 0,
      sentence:
        "2 hosts are desired, as many as there are: 5 containers and a headroom of 4 need 9 places, 8 on each host",
    });
  });

  it("has one rule for the places of a host: the supply's, the cloud's tightest, else 8", () => {
    const constraints = [5, 3, 4].map((max) => ({ kind: "maxContainers" as const, max }));
    const headroom = { count: 1 };
    const plan = { candidates: [host("h1")], constraints };
    expect(supplyFor({ headroom }, plan)?.possible).toBe(3);
    expect(supplyFor({ headroom, maxContainers: 2 }, plan)?.possible).toBe(2);
    expect(supplyFor({ headroom }, { candidates: [host("h1")] })?.possible).toBe(8);
  });

  it("takes bounds and shares", () => {
    const over = { candidates: [host("h1"), host("h2")], requests: replicas("web", 12) };
    const supply = supplyFor({ headroom: { percent: 0.5 }, maxHosts: 2 }, over);
    expect(supply).toMatchObject({ desiredHosts: 2, limitedBy: "max", headroom: 8, state: "hot" });
    expect(supplyFor({ headroom: { count: 0 }, minHosts: 4 }, over)?.desiredHosts).toBe(4);
  });
});

describe("headroom as resources", () => {
  const two = [
    host("h1", { cpus: 8, memoryBytes: 16 * GiB }),
    host("h2", { cpus: 5, headroom: { cpus: 1, memoryBytes: GiB } }),
  ];

  it.each<[string, SupplySpec, Partial<PlanInput>, Partial<Supply>]>([
    [
      "the scarcer of the two decides",
      { headroom: { cpus: 10, memoryBytes: 30 * GiB } },
      { requests: [ask("web", { cpus: 1, memoryBytes: GiB })] },
      {
        desiredHosts: 6,
        neededHosts: 4,
        state: "hot",
        sentence:
          "6 hosts are desired, 4 more than there are: 18 GiB are free, the headroom is 30, a host has 3",
      },
    ],
    [
      "enough is enough",
      { headroom: { cpus: 11 } },
      { requests: [ask("web", { cpus: 1 })] },
      {
        desiredHosts: 2,
        state: "ok",
        sentence:
          "2 hosts are desired, as many as there are: 11 cpus are free, the headroom is 11, a host has 4",
      },
    ],
    ["one host could go", { headroom: { cpus: 7 } }, {}, { desiredHosts: 1, state: "cold" }],
    [
      "hosts of another shape",
      { headroom: { cpus: 30 }, hostShape: { cpus: 9, memoryBytes: GiB } },
      {},
      { desiredHosts: 4, neededHosts: 2 },
    ],
    [
      "others count, and who has no place",
      { headroom: { cpus: 1 } },
      {
        candidates: [host("h1", { others: [other("x", { cpus: 3 })] })],
        requests: [ask("big", { cpus: 8 })],
      },
      {
        desiredHosts: 3,
        sentence:
          "3 hosts are desired, 2 more than there are: -7 cpus are free, the headroom is 1, a host has 4",
      },
    ],
    [
      "who is on a host that is drained has to go somewhere",
      { headroom: { memoryBytes: GiB } },
      {
        candidates: [host("h1"), host("h2", { drain: true })],
        requests: [ask("db", { memoryBytes: 4 * GiB, volumes: ["data"] })],
        previous: { assignments: { db: assigned("h2") }, networks: {} },
      },
      { hosts: 1, desiredHosts: 2 },
    ],
    [
      "memory that is missing though only cpus are asked for",
      { headroom: { cpus: 1 } },
      {
        candidates: [host("h1", { others: [other("x", { memoryBytes: 9 * GiB })] })],
      },
      {
        desiredHosts: 3,
        state: "hot",
        sentence:
          "3 hosts are desired, 2 more than there are: -5 GiB are free, the headroom is 0, a host has 4",
      },
    ],
    [
      "the smallest host by cpus, then by memory",
      { headroom: { memoryBytes: 7 * GiB } },
      {
        candidates: [
          host("h1", { cpus: 2, memoryBytes: 3 * GiB }),
          host("h2", { cpus: 2, memoryBytes: 2 * GiB }),
          host("h3", { cpus: 4, memoryBytes: GiB }),
        ],
      },
      { desiredHosts: 4, neededHosts: 1 },
    ],
    [
      "a part of a cpu",
      { headroom: { cpus: 1 } },
      { candidates: [host("h1", { cpus: 1.5 })], requests: [ask("web", { cpus: 0.75 })] },
      {
        desiredHosts: 2,
        sentence:
          "2 hosts are desired, 1 more than there are: 0.75 cpus are free, the headroom is 1, a host has 1.5",
      },
    ],
    [
      "nothing asked for and nothing left",
      { headroom: {} },
      { requests: [ask("web", { cpus: 12 })] },
      {
        desiredHosts: 2,
        state: "ok",
        sentence: "2 hosts are desired, as many as there are: no headroom is asked for",
      },
    ],
    [
      "the smallest hosts go, not as many of the shape as are free",
      { headroom: { cpus: 1 }, hostShape: { cpus: 1, memoryBytes: GiB } },
      {},
      { desiredHosts: 1, state: "cold" },
    ],
    [
      "no more go than leave the memory that is in use",
      { headroom: { cpus: 1 } },
      { requests: [ask("web", { cpus: 1, memoryBytes: 17 * GiB })] },
      { desiredHosts: 2, state: "ok" },
    ],
    [
      "a host goes that leaves the headroom to the last cpu",
      { headroom: { cpus: 8 } },
      {},
      { desiredHosts: 1, state: "cold" },
    ],
    [
      "a host stays that the headroom takes whole",
      { headroom: { cpus: 8 } },
      { candidates: [host("h1", { cpus: 8 })] },
      { desiredHosts: 1, state: "ok" },
    ],
    [
      "a host that keeps all for itself could go",
      { headroom: { cpus: 4 } },
      {
        candidates: [
          host("h1", { cpus: 4 }),
          host("h2", { cpus: 2, headroom: { cpus: 2, memoryBytes: 0 } }),
        ],
      },
      { desiredHosts: 1, neededHosts: 0, state: "cold" },
    ],
    [
      "hosts that keep all for themselves",
      { headroom: { cpus: 1 } },
      { candidates: [host("h1", { cpus: 2, headroom: { cpus: 2, memoryBytes: 0 } })] },
      {
        desiredHosts: 1,
        neededHosts: 0,
        state: "hot",
        sentence:
          "1 host is desired, as many as there are: 0 cpus are free, the headroom is 1, a host has 0; a host offers none: more hosts would not help",
      },
    ],
    [
      "two that differ in memory only: the smaller is the measure, in any order",
      { headroom: { memoryBytes: 10 * GiB } },
      {
        candidates: [
          host("h1", { cpus: 2, memoryBytes: 5 * GiB }),
          host("h2", { cpus: 2, memoryBytes: 2 * GiB }),
        ],
      },
      { desiredHosts: 4, neededHosts: 2 },
    ],
    [
      "a big host with little memory is not the smallest",
      { headroom: { memoryBytes: 12 * GiB } },
      {
        candidates: [
          host("h1", { cpus: 9, memoryBytes: GiB }),
          host("h2", { cpus: 2, memoryBytes: 4 * GiB }),
        ],
      },
      { desiredHosts: 4, neededHosts: 2 },
    ],
    [
      "no hosts, no shape, and memory asked for",
      { headroom: { memoryBytes: GiB } },
      { candidates: [] },
      {
        desiredHosts: 0,
        sentence:
          "0 hosts are desired, as many as there are: 0 GiB are free, the headroom is 1, a host has 0; what a host offers is not known: there is none, and no hostShape: more hosts would not help",
      },
    ],
    [
      "places beside the resources",
      { headroom: { cpus: 1 } },
      { requests: replicas("web", 3), candidates: two },
      { possible: 16, available: 13, headroom: 0, needed: -13 },
    ],
    [
      "nothing asked for",
      { headroom: {} },
      {},
      {
        desiredHosts: 2,
        sentence: "2 hosts are desired, as many as there are: no headroom is asked for",
      },
    ],
    [
      "no hosts and no shape: no number is enough",
      { headroom: { cpus: 1 } },
      { candidates: [] },
      {
        desiredHosts: 0,
        sentence:
          "0 hosts are desired, as many as there are: 0 cpus are free, the headroom is 1, a host has 0; what a host offers is not known: there is none, and no hostShape: more hosts would not help",
      },
    ],
  ])("%s", (_, spec, over, expected) => {
    expect(supplyFor(spec, { candidates: two, ...over })).toMatchObject(expected);
  });
});

describe("a supply that is asked for before all hosts exist", () => {
  const unmade = (over: Partial<Candidate> = {}) =>
    host("h2", { pending: true, cpus: Infinity, memoryBytes: Infinity, ...over });
  const supplied = (headroom: SupplySpec["headroom"], over: Partial<PlanInput> = {}) => {
    const plan = input({ supply: { headroom }, candidates: [host("h1"), unmade()], ...over });
    return toHostSupply(plan, planAll(plan)).hostSupply;
  };

  it("is known by places, and by resources once it is known what hosts offer", () => {
    expect(supplied({ count: 9 })).toMatchObject({ desiredHosts: 2 });
    expect(supplied({ percent: 0.5 })).toMatchObject({ desiredHosts: 0 });
    expect(supplied({ cpus: 1 })).toBe(UNKNOWN);
    const candidates = [host("h1"), unmade({ cpus: 2, memoryBytes: GiB })];
    expect(supplied({ cpus: 5 }, { candidates })).toMatchObject({ desiredHosts: 2 });
    const undecided = { requests: ["web"], revisions: [], networks: [], earlier: false };
    const requests = [ask("web")];
    expect(supplied({ cpus: 5 }, { candidates, requests, undecided })).toBe(UNKNOWN);
    const plan = input({ candidates });
    expect(toHostSupply(plan, planAll(plan))).toEqual({});
  });

  it("lets no host go of which that is not known", () => {
    // what it will offer is taken for enough, so that the other could go
    const plan = { candidates: [unmade(), host("h1")], supply: { headroom: { cpus: 1 } } };
    expect(planAll(input(plan)).supply?.desiredHosts).toBe(1);
  });
});
