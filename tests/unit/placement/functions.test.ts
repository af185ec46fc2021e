import { describe, expect, it } from "vitest";
import { explain, explainNot, planAll } from "../../../provider/placement/index.js";
import type {
  HostNow,
  PlanInput,
  RequestFacts,
  UserFunctions,
} from "../../../provider/placement/model.js";
import { after, ask, GiB, host, hostsOf, input, other, replicas, sentences } from "./make.js";

const hosts = [host("h1"), host("h2"), host("h3")];
const plan = (functions: UserFunctions, over: Partial<PlanInput> = {}) =>
  planAll(input({ candidates: hosts, requests: [ask("web")], functions, ...over }));
const predicate = (test: (host: HostNow, request: RequestFacts, args: unknown) => unknown) =>
  plan(
    { predicates: { quiet: test as () => boolean } },
    { constraints: [{ kind: "predicate", name: "quiet", args: { max: 1 } }] },
  );
const comparator = (
  compare: (a: { name: string }, b: { name: string }) => unknown,
  requests = [ask("web")],
) =>
  plan(
    { comparators: { mine: compare as () => number } },
    { strategies: [{ kind: "comparator", name: "mine" }], requests },
  );
const score = (of: (host: HostNow) => unknown, over: Partial<PlanInput> = {}) =>
  plan(
    { scores: { warm: of as () => number } },
    { strategies: [{ kind: "score", name: "warm" }], ...over },
  );
let calls = 0;
const unsteady = () => calls++;

describe("a predicate of the program", () => {
  it("filters hosts, and says why in its own words", () => {
    expect(hostsOf(predicate(({ name }) => name === "h2"))).toEqual({ web: "h2" });
    expect(sentences(predicate(() => false))).toEqual([
      "no host for web: 3 hosts are refused by predicate quiet",
    ]);
    const words = predicate(({ name }) => (name === "h1" ? "is under repair" : "smells"));
    expect(sentences(words)).toEqual(["no host for web: 2 hosts smells, 1 host is under repair"]);
    expect(words.refusals[0]?.hosts).toEqual([
      { host: "h1", reason: "is under repair" },
      { host: "h2", reason: "smells" },
      { host: "h3", reason: "smells" },
    ]);
  });

  it("sees the host as it fills, the request and its arguments, and can change nothing", () => {
    const seen: unknown[] = [];
    const test = (there: HostNow, request: RequestFacts, args: unknown) => {
      seen.push([there, request, args]);
      return true;
    };
    plan(
      { predicates: { quiet: test } },
      {
        candidates: [
          host("h1", {
            labels: { zone: "a" },
            groups: ["front"],
            location: {
              country: "CH",
              jurisdictions: ["GDPR"],
              coordinates: { latitude: 47, longitude: 8 },
            },
            platform: { os: "linux", arch: "amd64" },
            usage: { cpu: 0.5, ageSeconds: 1 },
            headroom: { cpus: 1, memoryBytes: GiB },
            others: [other("agent", { cpus: 1, memoryBytes: GiB })],
          }),
        ],
        requests: replicas("web", 2, {
          ...{ cpus: 0.5, memoryBytes: GiB / 2, volumes: ["data"] },
          group: "front",
        }),
        constraints: [{ kind: "predicate", name: "quiet", args: { max: 1 } }],
      },
    );
    expect(seen.at(-1)).toEqual([
      {
        name: "h1",
        labels: { zone: "a" },
        groups: ["front"],
        location: {
          country: "CH",
          jurisdictions: ["GDPR"],
          coordinates: { latitude: 47, longitude: 8 },
        },
        platform: { os: "linux", arch: "amd64" },
        usage: { cpu: 0.5, ageSeconds: 1 },
        cpus: 3,
        memoryBytes: 3 * GiB,
        freeCpus: 1.5,
        freeMemoryBytes: 1.5 * GiB,
        containers: 2,
        replicas: 1,
      },
      {
        application: "shop",
        type: "web",
        group: "front",
        cpus: 0.5,
        memoryBytes: GiB / 2,
        volumes: ["data"],
      },
      { max: 1 },
    ]);
    expect(
      sentences(
        predicate(({ labels }) => {
          (labels as Record<string, string>)["mine"] = "1";
          return true;
        }),
      ),
    ).toEqual([
      "no host for web: predicate quiet failed for host h1: TypeError: Cannot add property mine, object is not extensible",
    ]);
  });

  it.each<[string, () => unknown, string]>([
    [
      "throws",
      () => {
        throw new RangeError("too warm");
      },
      "predicate quiet failed for host h1: RangeError: too warm",
    ],
    [
      "throws no error",
      () => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- what programs may do
        throw "no";
      },
      "predicate quiet failed for host h1: no",
    ],
    [
      "says nothing",
      () => undefined,
      "predicate quiet must say true, false or why not, but for host h1 it said undefined",
    ],
    [
      "says an empty text",
      () => "",
      'predicate quiet must say true, false or why not, but for host h1 it said ""',
    ],
  ])("that %s is named in the refusal", (_, test, sentence) => {
    expect(sentences(predicate(test))).toEqual([`no host for web: ${sentence}`]);
  });

  it("may tell types apart that are alike in all else", () => {
    const suits = ({ name }: HostNow, { type, group }: RequestFacts) =>
      (name === "h2") === (type === "web" && group === "web");
    const requests = [ask("db"), ask("web"), ask("api")];
    const constraints = [{ kind: "predicate" as const, name: "quiet" }];
    const result = plan({ predicates: { quiet: suits } }, { requests, constraints });
    expect(hostsOf(result)).toEqual({ db: "h1", web: "h2", api: "h3" });
  });

  it("that fails is named in the refusal of every replica", () => {
    const compare = () => {
      throw new Error("cannot compare");
    };
    const why = "comparator mine failed for hosts h2 and h1: Error: cannot compare";
    expect(sentences(comparator(compare, replicas("web", 2)))).toEqual([
      `no host for web-0: ${why}`,
      `no host for web-1: ${why}`,
    ]);
  });

  it("that is not deterministic is named in the refusal", () => {
    calls = 0;
    expect(sentences(predicate(() => unsteady() % 2 === 0))).toEqual([
      "no host for web: predicate quiet is not deterministic: for host h1 it said true, then false",
    ]);
    calls = 0;
    expect(sentences(predicate(() => `is number ${unsteady()}`))).toEqual([
      'no host for web: predicate quiet is not deterministic: for host h1 it said "is number 0", then "is number 1"',
    ]);
  });

  it("refuses only those who ask for it, and all replicas of them", () => {
    const result = plan(
      { predicates: { bad: () => "" } },
      {
        requests: [
          ...replicas("web", 2, { constraints: [{ kind: "predicate", name: "bad" }] }),
          ask("db"),
        ],
      },
    );
    expect(hostsOf(result)).toEqual({ db: "h1" });
    expect(result.refusals.map(({ name }) => name)).toEqual(["web-0", "web-1"]);
  });

  it("may change its mind as hosts fill", () => {
    const result = plan(
      { predicates: { pair: ({ replicas: there }) => there < 2 } },
      {
        requests: replicas("web", 7, { constraints: [{ kind: "predicate", name: "pair" }] }),
        strategies: [{ kind: "depthFirst" }],
      },
    );
    expect(Object.values(hostsOf(result))).toEqual(["h1", "h1", "h2", "h2", "h3", "h3"]);
    expect(sentences(result)).toEqual(["no host for web-6: 3 hosts are refused by predicate pair"]);
  });

  it("is asked for a fault in explanations too", () => {
    const world = input({
      candidates: hosts,
      requests: [ask("web", { constraints: [{ kind: "predicate", name: "bad" }] })],
      functions: { predicates: { bad: () => "" } },
    });
    expect(explain("web", world, planAll(world))).toEqual({
      name: "web",
      sentence:
        'no host for web: predicate bad must say true, false or why not, but for host h1 it said ""',
      hosts: [],
    });
  });
});

describe("a comparator of the program", () => {
  it("orders hosts and explains itself", () => {
    const byName = comparator((a, b) => (a.name < b.name ? 7 : a.name > b.name ? -7 : 0));
    expect(byName.assignments["web"]).toMatchObject({
      host: "h3",
      score: 0,
      reason: "mine: comes before h2",
    });
    expect(comparator(() => 0).assignments["web"]?.reason).toBe("mine: equal to h2; first by name");
    const last = comparator((a, b) => Number(a.name === "h1") - Number(b.name === "h1"));
    expect(last.assignments["web"]).toMatchObject({
      host: "h2",
      reason: "mine: equal to h3; first by name",
    });
  });

  it("is handed the request and its arguments", () => {
    const result = plan(
      {
        comparators: {
          near: (a, b, { type }, args) =>
            Number(b.name === `${String(args)}${type.length}`) -
            Number(a.name === `${String(args)}${type.length}`),
        },
      },
      {
        requests: [ask("web"), ask("db")],
        strategies: [{ kind: "comparator", name: "near", args: "h" }],
      },
    );
    expect(hostsOf(result)).toEqual({ web: "h3", db: "h2" });
  });

  it.each<[string, (request: RequestFacts) => unknown, number]>([
    ["once for all when it looks at hosts alone", () => undefined, 1],
    ["for each type when it looks at what is placed", ({ volumes }) => volumes.length, 3],
    ["for each type when it takes all of it", (request) => ({ ...request }), 3],
  ])("is asked %s", (_how, look, times) => {
    const asked = (types: number): number => {
      let calls = 0;
      const mine = (a: { name: string }, b: { name: string }, request: RequestFacts): number => {
        calls++;
        look(request);
        return Number(b.name === "h2") - Number(a.name === "h2");
      };
      const requests = ["web", "db", "cache"].slice(0, types).map((name) => ask(name));
      const result = plan(
        { comparators: { mine } },
        { requests, strategies: [{ kind: "comparator", name: "mine" }] },
      );
      for (const { name } of requests) expect(hostsOf(result)[name]).toBe("h2");
      return calls;
    };
    expect(asked(3)).toBe(times * asked(1));
  });

  it.each<[string, (a: { name: string }, b: { name: string }) => unknown, string]>([
    [
      "is missing a sign",
      (a) => (a.name === "h1" ? 1 : 0),
      "comparator mine contradicts itself: h2 against h1 gives 0, the other way round 1",
    ],
    [
      "gives no number",
      () => "less",
      "comparator mine must give a number for hosts h2 and h1, but gave less",
    ],
    [
      "gives what is not a number",
      () => Number.NaN,
      "comparator mine must give a number for hosts h2 and h1, but gave NaN",
    ],
    [
      "goes round in a circle",
      (a, b) => (((Number(a.name[1]) - Number(b.name[1]) + 4) % 3) - 1) * -1,
      "comparator mine is no order: by the hosts between them h3 should give -1 against h1, but it gives 1",
    ],
    [
      "throws",
      () => {
        throw new Error("cannot compare");
      },
      "comparator mine failed for hosts h2 and h1: Error: cannot compare",
    ],
  ])("that %s is named in the refusal", (_, compare, sentence) => {
    expect(sentences(comparator(compare))).toEqual([`no host for web: ${sentence}`]);
  });

  it("is checked on many hosts too", () => {
    const candidates = Array.from({ length: 100 }, (_, i) => host(`h${i}`));
    const number = ({ name }: { name: string }) => Number(name.slice(1));
    const of = (compare: (a: { name: string }, b: { name: string }) => number) =>
      plan(
        { comparators: { mine: compare } },
        { candidates, strategies: [{ kind: "comparator", name: "mine" }] },
      );
    expect(hostsOf(of((a, b) => number(b) - number(a)))).toEqual({ web: "h99" });
    const wrong = of((a, b) => {
      const apart = number(a) - number(b);
      return Math.abs(apart) === 64 ? 0 - apart : apart;
    });
    expect(sentences(wrong)).toEqual([
      "no host for web: comparator mine is no order: by the hosts between them h0 should give -1 against h64, but it gives 1",
    ]);
  });
});

describe("a score of the program", () => {
  it("decides as hosts fill: higher is better", () => {
    const result = score(({ containers }) => 10 - containers / 4, { requests: replicas("web", 4) });
    expect(Object.values(hostsOf(result))).toEqual(["h1", "h2", "h3", "h1"]);
    expect(result.assignments["web-0"]).toMatchObject({
      score: 10,
      reason: "warm: 10 here and on h2; first by name",
    });
    expect(result.assignments["web-1"]?.reason).toBe("warm: 10 here and on h3; first by name");
    const full = score(({ containers }) => containers, { requests: replicas("web", 3) });
    expect(Object.values(hostsOf(full))).toEqual(["h1", "h1", "h1"]);
    expect(full.assignments["web-1"]?.reason).toBe("warm: 1 here, 0 on h2");
  });

  it.each<[unknown, string]>([
    ["high", "score warm must give a number for host h2, but gave high"],
    [Number.POSITIVE_INFINITY, "score warm must give a number for host h2, but gave Infinity"],
  ])("that is %s is named in the refusal", (value, sentence) => {
    expect(sentences(score(() => value))).toEqual([`no host for web: ${sentence}`]);
  });

  it("is not there, says the refusal", () => {
    const strategies = [{ kind: "score" as const, name: "none" }];
    expect(sentences(plan({}, { strategies }))).toEqual([
      "no host for web: there is no function none among the cloud's scores",
    ]);
    const compared = [{ kind: "comparator" as const, name: "none" }];
    expect(sentences(plan({}, { strategies: compared }))).toEqual([
      "no host for web: there is no function none among the cloud's comparators",
    ]);
    const world = input({ candidates: hosts, requests: [ask("web")], strategies });
    const why = explain("web", world, planAll(world));
    expect(why && explainNot(why, "h1")).toBe("h1 is not a host of the cloud");
    expect(why?.sentence).toBe(
      "no host for web: there is no function none among the cloud's scores",
    );
  });

  it("moves nothing when it fails while a rebalance asks it", () => {
    const world = input({
      candidates: hosts,
      requests: replicas("web", 2),
      strategies: [{ kind: "depthFirst" }],
    });
    const before = planAll(world);
    const next = {
      ...after(world, before),
      strategies: [{ kind: "score" as const, name: "bad" }],
      functions: { scores: { bad: () => Number.NaN } },
      rebalance: {},
    };
    expect(planAll(next).assignments).toEqual(before.assignments);
  });
});

describe("a predicate of containers", () => {
  const loud = (answer: unknown) =>
    plan(
      { containers: { loud: () => answer as boolean } },
      { constraints: [{ kind: "affinity", rules: "NOT PREDICATE loud" }] },
    );

  it("that does not say true or false is named in the refusal", () => {
    expect(sentences(loud("perhaps"))).toEqual([
      "no host for web: predicate loud must say true or false of container web, but said perhaps",
    ]);
  });

  it("keeps those apart of whom it says so", () => {
    const result = plan(
      { containers: { loud: ({ name }) => name.endsWith("0") } },
      {
        requests: [
          ask("drum-0"),
          ask("choir", { constraints: [{ kind: "affinity", rules: "NOT PREDICATE loud" }] }),
        ],
        strategies: [{ kind: "depthFirst" }],
      },
    );
    expect(hostsOf(result)).toEqual({ "drum-0": "h1", choir: "h2" });
  });
});
