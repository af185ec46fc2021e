import { describe, expect, it } from "vitest";
import { parseAffinityRules, planAll } from "../../../provider/placement/index.js";
import type { PlacementRequest, PlanInput } from "../../../provider/placement/model.js";
import { after, ask, assigned, host, hostsOf, input, other, sentences } from "./make.js";

const affine = (name: string, rules: string | string[], over: Partial<PlacementRequest> = {}) =>
  ask(name, { constraints: [{ kind: "affinity", rules }], ...over });
const ours = (name: string, type: string, application = "x") =>
  other(name, { owner: `p/s/${name}`, type, application });
/** Host names by request, depth first so that only rules drive containers away from h1. */
const place = (over: Partial<PlanInput>) =>
  planAll(
    input({ candidates: [host("h1"), host("h2")], strategies: [{ kind: "depthFirst" }], ...over }),
  );

describe("the grammar", () => {
  it.each([
    ["not type", { quantifier: "none", verb: "TYPE", text: "NOT TYPE" }],
    [
      "TYPE acme.Db",
      { quantifier: "all", verb: "TYPE", parameter: "acme.Db", text: "TYPE acme.Db" },
    ],
    ["  name   web ", { quantifier: "all", verb: "NAME", parameter: "web", text: "NAME web" }],
    ["NOT ID web-1", { quantifier: "none", verb: "ID", parameter: "web-1", text: "NOT ID web-1" }],
    ["Application", { quantifier: "all", verb: "APPLICATION", text: "APPLICATION" }],
    [
      "NOT PREDICATE noisy",
      { quantifier: "none", verb: "PREDICATE", parameter: "noisy", text: "NOT PREDICATE noisy" },
    ],
    ["EMPTY", { quantifier: "all", verb: "EMPTY", text: "EMPTY" }],
    ["NOT EMPTY", { quantifier: "none", verb: "EMPTY", text: "NOT EMPTY" }],
    ["some type db", { quantifier: "some", verb: "TYPE", parameter: "db", text: "SOME TYPE db" }],
  ])("reads %j", (text, rule) => {
    expect(parseAffinityRules(text)).toEqual({ ok: true, rules: [rule] });
  });

  it("reads lists, lines and commas", () => {
    const texts = (text: string | string[]) => {
      const parsed = parseAffinityRules(text);
      return parsed.ok ? parsed.rules.map((rule) => rule.text) : [];
    };
    expect(texts("NOT TYPE db, EMPTY\n\nNAME x")).toEqual(["NOT TYPE db", "EMPTY", "NAME x"]);
    expect(texts(["NOT TYPE db", "EMPTY"])).toEqual(["NOT TYPE db", "EMPTY"]);
  });

  it.each([
    ["", "affinity: there is no rule; write one such as NOT TYPE db"],
    [
      "NOT",
      'affinity rule "NOT": a verb is missing after NOT; use TYPE, NAME, ID, APPLICATION, PREDICATE, EMPTY',
    ],
    [
      "SAME TYPE",
      'affinity rule "SAME TYPE": unknown verb "SAME"; use TYPE, NAME, ID, APPLICATION, PREDICATE, EMPTY',
    ],
    ["NAME", 'affinity rule "NAME": NAME needs a part of a name'],
    ["not predicate", 'affinity rule "not predicate": PREDICATE needs the name of a function'],
    ["NOT EMPTY now", 'affinity rule "NOT EMPTY now": nothing may follow EMPTY, but found "now"'],
    ["TYPE a b", 'affinity rule "TYPE a b": nothing may follow "a", but found "b"'],
    ["TYPE a b c", 'affinity rule "TYPE a b c": nothing may follow "a", but found "b c"'],
    ["SOME EMPTY", 'affinity rule "SOME EMPTY": SOME EMPTY says nothing; use NOT EMPTY'],
  ])("refuses %j", (text, error) => {
    expect(parseAffinityRules(text)).toEqual({ ok: false, error });
    const plan = place({ requests: [affine("web", text)] });
    expect(sentences(plan)).toEqual([`no host for web: ${error}`]);
  });

  it("refuses what means nothing here", () => {
    expect(sentences(place({ requests: [affine("web", "NOT TYPE", { type: "" })] }))).toEqual([
      'no host for web: affinity rule "NOT TYPE": web has no type; name one',
    ]);
    expect(sentences(place({ requests: [affine("web", "PREDICATE loud")] }))).toEqual([
      'no host for web: affinity rule "PREDICATE loud": there is no function loud among the cloud\'s container predicates',
    ]);
    expect(
      sentences(
        place({ candidates: [host("h1", { affinity: ["TYPO"] })], requests: [ask("web")] }),
      ),
    ).toEqual([
      'no host for web: host h1: affinity rule "TYPO": unknown verb "TYPO"; use TYPE, NAME, ID, APPLICATION, PREDICATE, EMPTY',
    ]);
    const affinity = ["NOT PREDICATE isLoud"];
    expect(
      sentences(place({ candidates: [host("h1", { affinity })], requests: [ask("web")] })),
    ).toEqual([
      'no host for web: host h1: affinity rule "NOT PREDICATE isLoud": there is no function isLoud among the cloud\'s container predicates',
    ]);
    const some = [host("h1", { affinity: ["SOME PREDICATE loud"] })];
    expect(sentences(place({ candidates: some, requests: [ask("web")] }))).toEqual([
      'no host for web: affinity rule "SOME PREDICATE loud": there is no function loud among the cloud\'s container predicates',
    ]);
    expect(
      sentences(
        place({
          requests: [
            ask("web", {
              preferences: [{ weight: 1, prefer: { kind: "affinity", rules: "TYPO" } }],
            }),
          ],
        }),
      ),
    ).toEqual([
      'no host for web: affinity rule "TYPO": unknown verb "TYPO"; use TYPE, NAME, ID, APPLICATION, PREDICATE, EMPTY',
    ]);
  });
});

/** What lies on h1, the rules of `web`, and whether h1 takes it. */
const rules: [string, string[], string, boolean][] = [
  ["nothing", [], "TYPE", true],
  ["nothing", [], "NOT TYPE db", true],
  ["nothing", [], "EMPTY", true],
  ["nothing", [], "NOT EMPTY", false],
  ["nothing", [], "SOME TYPE db", false],
  ["db", ["db"], "TYPE db", true],
  ["db", ["db"], "TYPE Acme.DB", false],
  ["acme.Db", ["acme.Db"], "type db", true],
  ["db and web", ["db", "web"], "TYPE db", false],
  ["db and web", ["db", "web"], "SOME TYPE db", true],
  ["db and web", ["db", "web"], "NOT TYPE", false],
  ["db", ["db"], "NOT TYPE", true],
  ["db", ["db"], "TYPE", false],
  ["web", ["web"], "TYPE", true],
  ["db", ["db"], "EMPTY", false],
  ["db", ["db"], "NOT EMPTY", true],
  ["db", ["db"], "NOT APPLICATION x", false],
  ["db", ["db"], "NOT APPLICATION", true],
  ["db", ["db"], "APPLICATION", false],
  ["db", ["db"], "NOT NAME DB-", false],
  ["db", ["db"], "NAME b-0", true],
  ["db", ["db"], "NOT ID p/s/db-0", false],
  ["db", ["db"], "NOT ID p/s/DB-0", true],
  ["db", ["db"], "ID web-9", false],
  ["db", ["db"], "NOT ID", true],
  ["db", ["db"], "NOT PREDICATE loud", false],
  ["web", ["web"], "NOT PREDICATE loud", true],
  ["db", ["db"], "NOT TYPE web, TYPE db", true],
  ["db", ["db"], "NOT TYPE web, NOT TYPE db", false],
];

describe("a rule", () => {
  it.each(rules)("with %s there (%j), %s: %s", (_, types, text, expected) => {
    const others = types.map((type, i) => ours(`${type}-${i}`, type));
    const functions = { containers: { loud: ({ type }: { type: string }) => type === "db" } };
    const plan = place({
      candidates: [host("h1", { others })],
      requests: [affine("web", text)],
      functions,
    });
    expect(hostsOf(plan)["web"] === "h1").toBe(expected);
  });

  it("takes no notice of containers that are not ours", () => {
    const candidates = [host("h1", { others: [other("agent")] })];
    expect(hostsOf(place({ candidates, requests: [affine("web", "EMPTY")] }))).toEqual({
      web: "h1",
    });
  });

  it("says who is in the way", () => {
    const candidates = [host("h1", { others: [ours("db-0", "db")] })];
    expect(sentences(place({ candidates, requests: [affine("web", "NOT TYPE db")] }))).toEqual([
      "no host for web: 1 host does not meet affinity NOT TYPE db (db-0 is there)",
    ]);
    const two = ["h1", "h2"].map((name) => host(name, { others: [ours("db-0", "db")] }));
    expect(sentences(place({ candidates: two, requests: [affine("web", "NOT TYPE db")] }))).toEqual(
      ["no host for web: 2 hosts do not meet affinity NOT TYPE db"],
    );
    expect(
      sentences(place({ candidates: [host("h1")], requests: [affine("web", "NOT EMPTY")] })),
    ).toEqual(["no host for web: 1 host does not meet affinity NOT EMPTY"]);
  });

  it("binds those who come later, and the plan made from its own result is the same", () => {
    const requests = [affine("a", "NOT TYPE b"), ask("b"), affine("c", "EMPTY"), ask("d")];
    const candidates = [host("h1"), host("h2"), host("h3")];
    const plan = input({ candidates, requests, strategies: [{ kind: "depthFirst" }] });
    const result = planAll(plan);
    expect(hostsOf(result)).toEqual({ a: "h1", b: "h2", c: "h3", d: "h1" });
    expect(planAll(after(plan, result)).assignments).toEqual(result.assignments);
    const single = planAll({ ...plan, candidates: [host("h1")], requests: requests.slice(0, 2) });
    expect(sentences(single)).toEqual([
      "no host for b: 1 host has a, whose affinity NOT TYPE b speaks against it",
    ]);
    const both = planAll({
      ...plan,
      candidates: [host("h1"), host("h2")],
      requests: [affine("a", "EMPTY"), affine("c", "EMPTY", {}), ask("d")],
    });
    expect(sentences(both)).toEqual([
      "no host for d: 2 hosts have neighbours whose affinity EMPTY speaks against it",
    ]);
  });

  it("about itself tells equal replicas apart", () => {
    const requests = ["w-0", "w-1", "w-2"].map((name) => affine(name, "ID", { type: "w" }));
    expect(hostsOf(place({ requests }))).toEqual({ "w-0": "h1", "w-1": "h2" });
  });

  it("that asks for company waits until it has come", () => {
    const requests = [
      affine("web", "SOME TYPE db"),
      affine("late", "SOME TYPE web"),
      ask("db", { constraints: [{ kind: "host", host: "h2" }] }),
    ];
    const plan = input({ candidates: [host("h1"), host("h2")], requests });
    const result = planAll(plan);
    expect(hostsOf(result)).toEqual({ web: "h2", late: "h2", db: "h2" });
    expect(planAll(after(plan, result)).assignments).toEqual(result.assignments);
  });

  it("that asks for company drives away who has lost it", () => {
    const requests = [affine("web", "SOME TYPE db"), affine("late", "SOME TYPE web"), ask("db")];
    const plan = input({ candidates: [host("h1"), host("h2")], requests });
    const first = planAll(plan);
    const [web, late] = requests;
    const gone = planAll({ ...after(plan, first), requests: [web!, late!] });
    expect(hostsOf(gone)).toEqual({});
    expect(sentences(gone)).toEqual([
      "no host for web: 2 hosts do not meet affinity SOME TYPE db",
      "no host for late: 2 hosts do not meet affinity SOME TYPE web",
    ]);
  });
});

describe("beside a rule that asks for company", () => {
  const previous = { assignments: { db: assigned("h1"), web: assigned("h1") }, networks: {} };
  const web = affine("web", "SOME TYPE db");

  it("all other rules hold as well", () => {
    const zoned = ask("web", {
      constraints: [...web.constraints, { kind: "label", expression: "zone=b" }],
    });
    const result = place({ requests: [ask("db"), zoned], previous });
    expect(hostsOf(result)).toEqual({ db: "h1" });
  });

  it("who follows its company to another host moves, and hears why", () => {
    const pinned = ask("db", { constraints: [{ kind: "host", host: "h2" }] });
    const result = place({ requests: [pinned, web], previous });
    expect(hostsOf(result)).toEqual({ db: "h2", web: "h2" });
    expect(result.moves?.map(({ name, to, why }) => [name, to, why])).toEqual([
      ["db", "h2", "h1 is not h2, to which it is pinned"],
      ["web", "h2", "h1 has lost those it wants to be with"],
    ]);
  });

  it("who was found elsewhere follows too, and hears that its own host is gone", () => {
    const pinned = ask("db", { constraints: [{ kind: "host", host: "h2" }] });
    const result = place({
      candidates: [host("h1", { own: { web: { networks: {} } } }), host("h2")],
      requests: [pinned, web],
      previous: { assignments: { db: assigned("h1"), web: assigned("old1") }, networks: {} },
    });
    expect(hostsOf(result)).toEqual({ db: "h2", web: "h2" });
    expect(result.moves?.map(({ name, from, why }) => [name, from, why])).toEqual([
      ["db", "h1", "h1 is not h2, to which it is pinned"],
      ["web", "old1", "old1 is no longer a host of the cloud"],
    ]);
  });

  it("company counts that is seen without a state", () => {
    const own = { db: { networks: {} }, web: { networks: {} } };
    const candidates = [host("h1"), host("h2", { own })];
    expect(hostsOf(place({ candidates, requests: [web, ask("db")] }))).toEqual({
      db: "h2",
      web: "h2",
    });
  });
});

describe("a rule that came later", () => {
  const both = {
    previous: { assignments: { a: assigned("h1"), b: assigned("h1") }, networks: {} },
  };

  it("drives away whom it speaks against, and says why", () => {
    const plan = place({ requests: [affine("a", "NOT TYPE b"), ask("b")], ...both });
    expect(hostsOf(plan)).toEqual({ a: "h1", b: "h2" });
    expect(plan.moves).toEqual([
      {
        name: "b",
        from: "h1",
        to: "h2",
        cause: "rule",
        why: "h1 has a, whose affinity NOT TYPE b speaks against it",
      },
    ]);
  });

  it("that cannot be read refuses what was placed before", () => {
    const plan = place({ requests: [affine("a", "SOME TYPE b"), affine("b", "TYPO")], ...both });
    expect(sentences(plan)[0]).toBe(
      'no host for b: affinity rule "TYPO": unknown verb "TYPO"; use TYPE, NAME, ID, APPLICATION, PREDICATE, EMPTY',
    );
    expect(hostsOf(plan)).toEqual({});
  });

  it("that asks for anybody waits for somebody", () => {
    const requests = [
      affine("web", "NOT EMPTY"),
      ask("db", { constraints: [{ kind: "host", host: "h2" }] }),
    ];
    expect(hostsOf(place({ requests }))).toEqual({ web: "h2", db: "h2" });
  });

  it("does not mind capitals in the names of containers", () => {
    const requests = [ask("MyDb"), affine("web", "NOT NAME db")];
    expect(hostsOf(place({ requests }))).toEqual({ MyDb: "h1", web: "h2" });
  });

  it("may call a function with capital letters", () => {
    const functions = { containers: { isLoud: ({ type }: { type: string }) => type === "db" } };
    const requests = [ask("db"), affine("web", "NOT PREDICATE isLoud")];
    expect(hostsOf(place({ requests, functions }))).toEqual({ db: "h1", web: "h2" });
  });
});

describe("who needs its like", () => {
  const requests = ["web-0", "web-1"].map((name) => affine(name, "SOME TYPE web"));
  const previous = {
    assignments: { "web-0": assigned("h1"), "web-1": assigned("h1") },
    networks: {},
  };

  it("stays as long as another one stays, and goes when it is left alone", () => {
    expect(hostsOf(place({ requests, previous }))).toEqual({ "web-0": "h1", "web-1": "h1" });
    expect(hostsOf(place({ requests: requests.slice(1), previous }))).toEqual({});
  });
});

describe("the one who is in the way", () => {
  const why = (others: string[], rule: string) =>
    place({
      candidates: [host("h1", { others: others.map((type) => ours(`${type}-0`, type)) })],
      requests: [affine("web", rule)],
    }).refusals[0]?.hosts[0]?.reason;

  it.each([
    [["db", "api"], "TYPE db", "does not meet affinity TYPE db (api-0 is there)"],
    [["api", "db"], "NOT TYPE db", "does not meet affinity NOT TYPE db (db-0 is there)"],
    [["api", "db"], "EMPTY", "does not meet affinity EMPTY (api-0 is there)"],
    [["api"], "SOME TYPE db", "does not meet affinity SOME TYPE db"],
    [[], "NOT EMPTY", "does not meet affinity NOT EMPTY"],
  ])("among %j for %s", (others, rule, reason) => {
    expect(why(others, rule)).toBe(reason);
  });

  it("is the host itself, or a neighbour", () => {
    const candidates = [host("h1", { affinity: ["NOT TYPE web"] }), host("h2")];
    const plan = place({ candidates, requests: [affine("db", "NOT TYPE web"), ask("web")] });
    expect(hostsOf(plan)).toEqual({ db: "h1", web: "h2" });
    const full = place({ candidates: [candidates[0]!], requests: [ask("web")] });
    expect(full.refusals[0]?.hosts[0]?.reason).toBe("has affinity NOT TYPE web");
    const kept = place({
      candidates: [host("h1")],
      requests: [affine("db", "NOT TYPE web"), ask("web")],
    });
    expect(kept.refusals[0]?.hosts[0]?.reason).toBe(
      "has db, whose affinity NOT TYPE web speaks against it",
    );
  });

  it("a host that wants somebody there takes nobody before", () => {
    const candidates = [host("h1", { affinity: ["SOME TYPE db"] }), host("h2")];
    expect(hostsOf(place({ candidates, requests: [ask("web")] }))).toEqual({ web: "h2" });
  });
});

describe("a host's rules", () => {
  const dbOnly = host("h1", { affinity: ["TYPE db"] });
  it("bind whoever comes", () => {
    expect(
      hostsOf(place({ candidates: [dbOnly, host("h2")], requests: [ask("web"), ask("db")] })),
    ).toEqual({ web: "h2", db: "h1" });
    expect(sentences(place({ candidates: [dbOnly], requests: [ask("web")] }))).toEqual([
      "no host for web: 1 host has affinity TYPE db",
    ]);
  });

  it("are about the newcomer where they name nobody", () => {
    const candidates = [host("h1", { affinity: ["NOT TYPE"] }), host("h2")];
    const requests = [ask("web-0"), ask("web-1"), ask("db-0")];
    expect(hostsOf(place({ candidates, requests }))).toEqual({
      "web-0": "h1",
      "web-1": "h2",
      "db-0": "h1",
    });
    const empty = [host("h1", { affinity: ["EMPTY"] }), host("h2")];
    expect(hostsOf(place({ candidates: empty, requests }))).toEqual({
      "web-0": "h1",
      "web-1": "h2",
      "db-0": "h2",
    });
  });

  it("and the container's and the cloud's must all hold", () => {
    const candidates = [host("h1", { affinity: ["NOT TYPE web"] }), host("h2"), host("h3")];
    const requests = [ask("db"), affine("web", "NOT TYPE api"), ask("api")];
    const constraints = [{ kind: "affinity" as const, rules: "NOT TYPE db" }];
    const plan = planAll(
      input({ candidates, requests, constraints, strategies: [{ kind: "depthFirst" }] }),
    );
    expect(hostsOf(plan)).toEqual({ db: "h1", web: "h2", api: "h3" });
  });
});
