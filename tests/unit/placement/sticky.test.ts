import { describe, expect, it } from "vitest";
import { explain, explainNot } from "../../../provider/placement/explain.js";
import type { PlacementRequest, PlanInput } from "../../../provider/placement/model.js";
import { planAll } from "../../../provider/placement/plan.js";
import { after, ask, assigned, GiB, host, hostsOf, input, replicas, sentences } from "./make.js";

const previous = (assignments: Record<string, ReturnType<typeof assigned>>) => ({
  previous: { assignments, networks: {} },
});

describe("what is placed", () => {
  it("stays although another host would now come first", () => {
    const plan = input({
      candidates: [host("h1"), host("h2")],
      requests: [ask("web")],
      ...previous({ web: assigned("h2") }),
    });
    expect(planAll(plan).assignments["web"]).toEqual(assigned("h2"));
  });

  it("moves when a label it needs is gone", () => {
    const constraints = [{ kind: "label" as const, expression: "zone=eu" }];
    const plan = input({
      candidates: [host("h1"), host("h2", { labels: { zone: "eu" } })],
      requests: [ask("web", { constraints })],
      ...previous({ web: assigned("h1") }),
    });
    expect(hostsOf(planAll(plan))).toEqual({ web: "h2" });
  });

  it("stays on a host that cannot be reached, with its reason, even if it looks full", () => {
    const plan = input({
      candidates: [
        host("h1", { notReady: "cannot be reached: timed out", memoryBytes: 0 }),
        host("h2"),
      ],
      requests: [ask("web", { memoryBytes: GiB }), ask("new")],
      ...previous({ web: assigned("h1") }),
    });
    const result = planAll(plan);
    expect(result.assignments["web"]).toEqual(assigned("h1"));
    expect(result.assignments["new"]?.host).toBe("h2");
  });

  it("leaves an unreachable host when the user pins it elsewhere", () => {
    const constraints = [{ kind: "host" as const, host: "h2" }];
    const plan = input({
      candidates: [host("h1", { notReady: "cannot be reached" }), host("h2")],
      requests: [ask("web", { constraints })],
      ...previous({ web: assigned("h1") }),
    });
    expect(hostsOf(planAll(plan))).toEqual({ web: "h2" });
  });

  it("is found again by its container when there is no state", () => {
    const plan = input({
      candidates: [host("h1"), host("h2", { own: { web: { networks: {} } } })],
      requests: [ask("web")],
    });
    expect(planAll(plan).assignments["web"]).toMatchObject({
      host: "h2",
      reason: "its container already runs here",
    });
  });

  it("holds its capacity until it has left", () => {
    const constraints = [{ kind: "host" as const, host: "h2" }];
    const own = { mover: { networks: {}, memoryBytes: 3 * GiB, cpus: 0, ports: [] } };
    const plan = input({
      candidates: [host("h1", { own }), host("h2")],
      requests: [
        ask("mover", { memoryBytes: 3 * GiB, constraints }),
        ask("next", { memoryBytes: 3 * GiB, constraints: [{ kind: "host", host: "h1" }] }),
      ],
      ...previous({ mover: assigned("h1") }),
    });
    expect(sentences(planAll(plan))).toEqual([
      "no host for next: 1 host is not h1, to which it is pinned, 1 host lacks 3 GiB of memory (largest free 1 GiB on h1)",
    ]);
  });
});

describe("a container and its volume", () => {
  it("are together: it follows the volume, and others follow it", () => {
    const plan = input({
      candidates: [host("h1"), host("h2", { volumes: ["data"] }), host("h3")],
      requests: [
        ask("db", { volumes: ["data"] }),
        ask("cache", { volumes: ["fresh"] }),
        ask("reader", { volumes: ["fresh"] }),
      ],
    });
    const result = planAll(plan);
    expect(hostsOf(result)).toEqual({ db: "h2", cache: "h1", reader: "h1" });
    expect(result.assignments["db"]?.reason).toBe("its volume data is here");
  });

  const db = ask("db", { volumes: ["data"] });
  const was = { db: assigned("h1") };
  const before = (over: Partial<PlanInput["previous"]> = {}) => ({
    previous: { assignments: was, networks: {}, ...over },
  });
  const gone =
    "its volume data is on h1, which is no longer a host of the cloud; bring h1 back, or bring the volume to another host first";

  it("are refused together when their host is taken out of the cloud: a new volume would be empty", () => {
    const result = planAll(
      input({
        candidates: [host("h2"), host("h3")],
        requests: [db, ask("web")],
        ...before(),
      }),
    );
    expect(hostsOf(result)).toEqual({ web: "h2" });
    expect(result.refusals).toEqual([
      {
        name: "db",
        about: "request",
        sentence: `no host for db: ${gone}`,
        hosts: ["h2", "h3"].map((name) => ({
          host: name,
          reason: "does not hold volume data, which is on h1",
        })),
      },
    ]);
    expect(sentences(planAll(input({ requests: [db], ...before() })))).toEqual([
      `no host for db: ${gone}`,
    ]);
  });

  it("are refused together when a new rule sends them from a host that cannot be seen", () => {
    const candidates = [
      host("h1", { labels: { zone: "a" }, lost: true, notReady: "cannot be reached" }),
      host("h2", { labels: { zone: "b" } }),
    ];
    const inB: PlacementRequest["constraints"] = [{ kind: "label", expression: "zone=b" }];
    const sent = input({ candidates, requests: [{ ...db, constraints: inB }], ...before() });
    expect(sentences(planAll(sent))).toEqual([
      "no host for db: its volume data is on h1, which cannot be reached; h1 lacks label zone=b; bring h1 back, or bring the volume to another host first",
    ]);
    expect(hostsOf(planAll(input({ candidates, requests: [db], ...before() })))).toEqual({
      db: "h1",
    });
    // Who holds no data goes where the rule says; who is given up keeps what it has.
    const web = ask("web", { constraints: inB });
    const free = input({
      candidates,
      requests: [web],
      previous: { assignments: { web: assigned("h1") }, networks: {} },
    });
    expect(hostsOf(planAll(free))).toEqual({ web: "h2" });
    const givenUp = planAll({ ...sent, replaceLost: true });
    expect(hostsOf(givenUp)).toEqual({ db: "h1" });
    expect(givenUp.stuck).toHaveLength(1);
  });

  it("keep others away who would mount it elsewhere", () => {
    const reader = ask("reader", { volumes: ["data"] });
    const away = input({ candidates: [host("h2")], requests: [db, reader], ...before() });
    expect(sentences(planAll(away))).toEqual([
      `no host for db: ${gone}`,
      `no host for reader: ${gone}`,
    ]);
    const unseen = host("h1", { lost: true, notReady: "cannot be reached" });
    const result = planAll({ ...away, candidates: [unseen, host("h2")] });
    expect(hostsOf(result)).toEqual({ db: "h1" });
    expect(sentences(result)).toEqual([
      "no host for reader: its volume data is on h1, which cannot be reached; bring h1 back, or bring the volume to another host first",
    ]);
  });

  it("wait in a preview for a host that is still to be made", () => {
    const candidates = [host("h1", { pending: true }), host("h2", { labels: { zone: "b" } })];
    const sent = { ...db, constraints: [{ kind: "label" as const, expression: "zone=b" }] };
    expect(sentences(planAll(input({ candidates, requests: [sent], ...before() })))).toEqual([
      "no host for db: 1 host lacks label zone=b, 1 host does not hold volume data, which is on h1",
    ]);
  });

  it.each<[string, Partial<PlanInput>]>([
    [
      "the volume was brought to another host",
      { candidates: [host("h2"), host("h3", { volumes: ["data"] })] },
    ],
    [
      "it had no such volume there",
      { ...before({ volumes: { db: ["logs"] } }), candidates: [host("h3")] },
    ],
    ["it has no volume any more", { requests: [ask("db")], candidates: [host("h3")] }],
    [
      "its host is seen, and the volume is not",
      {
        candidates: [host("h1"), host("h3")],
        requests: [{ ...db, constraints: [{ kind: "host", host: "h3" }] }],
      },
    ],
  ])("go on together when %s", (_, over) => {
    const result = planAll(
      input({ candidates: [host("h2")], requests: [db], ...before(), ...over }),
    );
    expect(hostsOf(result)).toEqual({ db: "h3" });
  });

  it("stay together on a host whose Docker does not answer", () => {
    const candidates = [host("h1", { volumesUnknown: true }), host("h3")];
    const constraints: PlacementRequest["constraints"] = [{ kind: "host", host: "h3" }];
    const plan = input({ candidates, requests: [{ ...db, constraints }], ...before() });
    expect(sentences(planAll(plan))).toEqual([
      "no host for db: 1 host is not h3, to which it is pinned, 1 host does not hold volume data, which is on h1",
    ]);
    expect(hostsOf(planAll({ ...plan, requests: [db] }))).toEqual({ db: "h1" });
  });

  it("count for what they were, not for what is asked for now", () => {
    const plan = input({
      candidates: [host("h2")],
      requests: [ask("db", { volumes: ["logs", "data"] })],
      ...before({ volumes: { db: ["data"] } }),
    });
    expect(sentences(planAll(plan))).toEqual([`no host for db: ${gone}`]);
  });
});

describe("hosts that do not exist yet", () => {
  const candidates = [
    host("h1"),
    host("h2", { pending: true }),
    host("h3", { labels: { ssd: "1" } }),
  ];

  it("leave open only what they could change", () => {
    const plan = input({
      candidates,
      requests: [
        ask("old"),
        ask("pinned", { constraints: [{ kind: "host", host: "h1" }] }),
        ask("later", { constraints: [{ kind: "host", host: "h2" }] }),
        ask("fast", { constraints: [{ kind: "label", expression: "ssd exists" }] }),
        ask("any"),
      ],
      ...previous({ old: assigned("h3") }),
    });
    const result = planAll(plan);
    expect(hostsOf(result)).toEqual({ old: "h3", pinned: "h1", fast: "h3" });
    expect(result.pending.requests).toEqual(["later", "any"]);
    expect(result.refusals).toEqual([]);
  });

  it("leave a refusal a refusal when they cannot help", () => {
    const plan = input({
      candidates: [host("h1", { pending: true })],
      requests: [ask("web", { constraints: [{ kind: "label", expression: "zone=eu" }] })],
    });
    expect(sentences(planAll(plan))).toEqual(["no host for web: 1 host lacks label zone=eu"]);
  });
});

describe("explain", () => {
  const plan = input({
    candidates: [
      host("h1", { memoryBytes: GiB }),
      host("h2"),
      host("h3", { labels: { old: "1" } }),
    ],
    requests: replicas("web", 2, {
      memoryBytes: 2 * GiB,
      constraints: [{ kind: "label", expression: "old !exists" }],
    }),
  });

  it("says for any request and host why there and why not there", () => {
    const result = planAll(plan);
    const explanation = explain("web-1", plan, result);
    if (!explanation) throw new Error("no explanation");
    expect(explanation.sentence).toBe("web-1 is on h2: the only host that fits");
    expect(explainNot(explanation, "h1")).toBe(
      "web-1 is not on h1: lacks 2 GiB of memory (1 GiB free, 1 GiB short)",
    );
    expect(explainNot(explanation, "h2")).toBe("web-1 is on h2: the only host that fits");
    expect(explainNot(explanation, "h3")).toBe("web-1 is not on h3: has label old");
    expect(explainNot(explanation, "h4")).toBe("h4 is not a host of the cloud");
    expect(explain("nobody", plan, result)).toBeUndefined();
  });

  it("takes the disk of what is new on a host, and not again of what was there", () => {
    const diskBytes = 8 * GiB;
    const world = input({
      candidates: ["h1", "h2", "h3"].map((name) => host(name, { disk: { freeBytes: 10 * GiB } })),
      requests: [
        ask("old", { diskBytes }),
        ask("new", { diskBytes, constraints: [{ kind: "host", host: "h2" }] }),
        ask("web", { diskBytes: 5 * GiB }),
      ],
      ...previous({ old: assigned("h1") }),
    });
    const explanation = explain("web", world, planAll(world));
    expect(explanation?.hosts.map(({ host: name, verdict }) => [name, verdict])).toEqual([
      ["h1", "possible"],
      ["h2", "refused"],
      ["h3", "here"],
    ]);
  });

  it("says which host comes first when several would do", () => {
    const free = input({ candidates: [host("h1"), host("h2")], requests: replicas("web", 2) });
    const explanation = explain("web-1", free, planAll(free));
    expect(explanation && explainNot(explanation, "h1")).toBe(
      "web-1 is not on h1: accepts it, but h2 comes first: breadth first: 0 web here, 1 on h1",
    );
  });
});

it("says that a container moves when its host has left the program", () => {
  const before = input({ candidates: [host("h1"), host("h2")], requests: replicas("web", 2) });
  const first = planAll(before);
  const gone = { ...after(before, first), candidates: [host("h1")] };
  expect(planAll(gone).moves).toEqual([
    {
      name: "web-1",
      from: "h2",
      to: "h1",
      cause: "rule",
      why: "h2 is no longer a host of the cloud",
    },
  ]);
});
