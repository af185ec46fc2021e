import { describe, expect, it } from "vitest";
import type { HostNow, RequestFacts } from "../../../provider/placement/model.js";
import { compileFunctions } from "../../../provider/resources/placement/functions.js";
import { constraint, constraintSpec, strategy, strategySpec } from "../../../sdk/rules.js";
import { FunctionBook } from "../../../sdk/user-functions.js";

const host = (over: Partial<HostNow> = {}): HostNow => ({
  name: "h1",
  labels: { tier: "gold" },
  groups: [],
  location: {},
  cpus: 4,
  memoryBytes: 1e9,
  freeCpus: 2,
  freeMemoryBytes: 5e8,
  containers: 3,
  replicas: 1,
  ...over,
});
const request: RequestFacts = {
  application: "shop",
  type: "web",
  group: "web",
  cpus: 1,
  memoryBytes: 1e8,
  volumes: [],
};

/** As it goes from a program to the provider: specs and texts. */
async function travel(rules: Parameters<typeof constraintSpec>[0][]) {
  const book = new FunctionBook("cloud");
  const specs = rules.map((rule) => constraintSpec(rule, (...found) => book.add(...found)));
  return { specs, ...compileFunctions(await book.serialised()) };
}

describe("functions of a program", () => {
  it("run elsewhere with what they close over", async () => {
    const tiers = ["gold"];
    const least = { cpus: 2 };
    function isGood(seen: HostNow, asked: RequestFacts, args: unknown): boolean | string {
      if (!tiers.includes(seen.labels["tier"] ?? "")) return "is not of a good tier";
      return seen.freeCpus >= Math.max(least.cpus, asked.cpus) + Number(args);
    }
    const { specs, functions, failures } = await travel([constraint.predicate(isGood, 0)]);
    expect(failures).toEqual([]);
    expect(specs).toEqual([{ kind: "predicate", name: "isGood", args: 0 }]);
    const made = functions?.predicates?.["isGood"];
    expect(made).not.toBe(isGood);
    expect(made?.(host(), request, 0)).toBe(true);
    expect(made?.(host(), request, 1)).toBe(false);
    expect(made?.(host({ labels: {} }), request, 0)).toBe("is not of a good tier");
  });

  it("are another text when what they close over changes, and the same when nothing does", async () => {
    const text = async (limit: number) => {
      const book = new FunctionBook("cloud");
      book.add("predicates", "few", (seen: HostNow) => seen.containers < limit);
      return (await book.serialised())?.predicates?.["few"];
    };
    expect(await text(3)).toBe(await text(3));
    expect(await text(4)).not.toBe(await text(3));
  });

  it("of strategies are collected by kind; names come from the function or beside it", () => {
    const seen: string[] = [];
    const collect = (kind: string, name: string) => void seen.push(`${kind} ${name}`);
    function newestFirst() {
      return 0;
    }
    expect(strategySpec(strategy.comparator(newestFirst), collect)).toEqual({
      kind: "comparator",
      name: "newestFirst",
    });
    expect(strategySpec(strategy.score(["most room", () => 1], { weight: 2 }), collect)).toEqual({
      kind: "score",
      name: "most room",
      args: { weight: 2 },
    });
    expect(seen).toEqual(["comparators newestFirst", "scores most room"]);
    expect(() =>
      constraint.predicate(
        (
          () => () =>
            true
        )(),
      ),
    ).toThrow(
      'a predicate needs a name, which its sentences use: give a named function, or ["name", function]',
    );
  });

  it.each([
    ["Math.random", () => Math.random() > 0.5],
    ["Date.now", () => Date.now() > 0],
    ["new Date()", () => new Date().getDay() === 1],
    ["performance.now", () => performance.now() > 0],
    ["crypto.randomUUID", () => crypto.randomUUID() > "8"],
  ])("that use %s are told so", async (what, run) => {
    const { functions } = await travel([constraint.predicate(["lucky", run])]);
    expect(() => functions?.predicates?.["lucky"]?.(host(), request, undefined)).toThrow(
      `${what} gives another answer each time; use the arguments only`,
    );
  });

  it("may use what is the same each time", async () => {
    const run = (seen: HostNow) =>
      new Date(Date.UTC(2026, 0, 1)).getUTCFullYear() === 2026 && Math.floor(seen.freeCpus) === 2;
    const { functions } = await travel([constraint.predicate(["calm", run])]);
    expect(functions?.predicates?.["calm"]?.(host(), request, undefined)).toBe(true);
  });

  it("begin anew with each plan, whatever they have counted in the one before", async () => {
    const seen = { calls: 0 };
    const book = new FunctionBook("cloud");
    book.add("predicates", "first three", () => seen.calls++ < 3);
    const texts = await book.serialised();
    const answers = () => {
      const run = compileFunctions(texts).functions?.predicates?.["first three"];
      return [1, 2, 3, 4].map(() => run?.(host(), request, undefined));
    };
    expect(answers()).toEqual([true, true, true, false]);
    expect(answers()).toEqual([true, true, true, false]);
  });

  it("of one name must be one function", async () => {
    const book = new FunctionBook("cloud");
    for (const limit of [1, 2])
      book.add("predicates", "few", (seen: HostNow) => seen.containers < limit);
    await expect(book.serialised()).rejects.toThrow(
      'DockerCloud cloud: two different functions are the predicate "few": give one of them another name, or hand what differs to it as args',
    );
  });

  it("that cannot be serialised are named, and why is said", async () => {
    const book = new FunctionBook("cloud");
    book.add("scores", "native", Array.prototype.push.bind([]));
    await expect(book.serialised()).rejects.toThrow(
      /^DockerCloud cloud: the score "native" cannot be serialised: /,
    );
  });

  it.each([
    ["Set", () => new Set(["h1"])],
    ["Map", () => new Map([["h1", 1]])],
    ["Date", () => new Date(0)],
    ["Uint8Array", () => new Uint8Array(2)],
  ])("that close over a %s are refused where they are made", async (what, make) => {
    const known = make();
    const book = new FunctionBook("cloud");
    book.add("predicates", "knows", () =>
      known instanceof Map ? known.has("h1") : Boolean(known),
    );
    book.add("scores", "fine", () => new Set(["h1"]).size);
    await expect(book.serialised()).rejects.toThrow(
      `DockerCloud cloud: the predicate "knows" closes over a ${what}, whose content does not go with it: ` +
        "use an array or a plain object, or make it inside the function",
    );
  });

  it("that do not load are a failure of the check that names them", () => {
    expect(
      compileFunctions({ predicates: { broken: "exports.handler = (" }, scores: { none: "" } })
        .failures,
    ).toEqual([
      {
        property: "",
        reason: expect.stringMatching(
          /^the predicate "broken" cannot be loaded: Unexpected token/,
        ) as string,
      },
      { property: "", reason: 'the score "none" cannot be loaded: it is not a function' },
    ]);
  });
});
