import { describe, expect, it } from "vitest";
import { explanationText, survivalText, whatIfText } from "../../../cli/cloud/plan-text.js";
import { mustHaveHost, questionOf } from "../../../cli/cloud/plan.js";
import type { CloudState } from "../../../cli/cloud/state.js";
import type { PlanHost } from "../../../provider/resources/placement/inputs.js";
import { survival, tryPlacement, whatIf, why } from "../../../sdk/policies/index.js";
import { readChanges } from "../../../sdk/changes-text.js";

const GiB = 1024 ** 3;

describe("clocker plan --what-if", () => {
  it.each([
    ["remove h2", [{ kind: "removeHost", host: "h2" }]],
    [
      "lose h2, drain h3",
      [
        { kind: "loseHost", host: "h2" },
        { kind: "drainHost", host: "h3" },
      ],
    ],
    ["scale web to 40", [{ kind: "scale", type: "web", count: 40 }]],
    ["rebalance 5", [{ kind: "rebalance", maxMoves: 5 }]],
    ["add host", [{ kind: "addHosts", count: 1 }]],
    ["add 2 hosts like h1", [{ kind: "addHosts", count: 2, like: "h1" }]],
    [
      "add host of 8 cpus 16 GiB zone=eu",
      [
        {
          kind: "addHosts",
          count: 1,
          shape: { cpus: 8, memoryBytes: 16 * GiB, labels: { zone: "eu" } },
        },
      ],
    ],
    [
      "add h9 cpus=8 memory=16GiB zone=b",
      [
        {
          kind: "addHosts",
          count: 1,
          shape: { name: "h9", cpus: 8, memoryBytes: 16 * GiB, labels: { zone: "b" } },
        },
      ],
    ],
  ])("reads %s", (text, changes) => {
    expect(readChanges(text)).toEqual(changes);
  });

  it.each([
    ["explode h2", /^what if "explode h2": this is no change; write "remove h2", /],
    ["add h9 big", /^what if "add h9 big": big is not key=value/],
    ["add h9 cpus=many", /^what if "add h9 cpus=many": cpus must be a number above 0/],
    [
      "add h9 memory=much",
      /^what if "add h9 memory=much": memory: not an amount; write for example/,
    ],
  ])("refuses %s and says what to write", (text, sentence) => {
    expect(() => readChanges(text)).toThrow(sentence);
  });
});

describe("clocker plan --why-not", () => {
  const cloud = {
    containers: [{ name: "web" }, { name: "h2" }],
    plans: [{ hosts: [{ name: "h1" }, { name: "h2" }] }],
  } as unknown as Pick<CloudState, "containers" | "plans">;

  it.each([
    [undefined, undefined, {}],
    ["web", undefined, { container: "web" }],
    ["web", ["h1"], { container: "web", host: "h1" }],
    [undefined, ["web", "h1"], { container: "web", host: "h1" }],
    // `plan --why-not h1 web`: what follows an option is its own.
    [undefined, ["h1", "web"], { container: "web", host: "h1" }],
    // A container may be called as a host is.
    [undefined, ["h2", "h1"], { container: "h2", host: "h1" }],
  ])("container %s, words %s", (container, words, question) => {
    expect(questionOf(cloud, container, words)).toEqual(question);
  });

  it.each([
    [undefined, ["h1"]],
    ["web", ["h1", "h2"]],
    [undefined, ["a", "b", "c"]],
  ])("wants a container and a host: container %s, words %s", (container, words) => {
    expect(() => questionOf(cloud, container, words)).toThrow(
      "--why-not needs a container and a host\nWrite: clocker plan --why-not <container> <host>",
    );
  });
});

describe("a host that the plan does not have", () => {
  const hosts = ["h1", "h2", "h3"].map((name) => ({ name })) as PlanHost[];
  it("is no answer", () => {
    expect(() => mustHaveHost({ hosts }, "h9")).toThrow(
      "h9 is not a host of the cloud\nIts hosts are h1, h2 and h3.",
    );
    expect(() => mustHaveHost({ hosts }, "h3")).not.toThrow();
  });
});

describe("what clocker plan prints", () => {
  const trial = tryPlacement({
    hosts: { h1: {}, h2: { labels: { ssd: "" } } },
    run: { web: { count: 2, cpus: 2 }, db: { cpus: 1, constraints: ["ssd exists"] } },
  });
  /** Spaces that fill a column say nothing. */
  const lines = (text: string) =>
    text.split("\n").map((line) => line.trim().replace(/ {2,}/g, " | "));

  it("of one container", () => {
    expect(lines(explanationText(why(trial, "db")!))).toEqual([
      "db is on h2: the only host that fits",
      "",
      "HOST | WHY",
      "- | h1 | refused | lacks label ssd",
      "* | h2 | here | the only host that fits",
    ]);
  });

  it("of a change", () => {
    const changed = whatIf(trial, "remove h1, scale web to 3");
    expect(lines(whatIfText(changed, trial.hosts))).toEqual([
      "remove h1, scale web to 3: 2 have no host (web-0 and web-2); the cloud does not survive the loss of h2: " +
        "without h2 2 containers have no place (web-1 and db)",
      "",
      "CONTAINER | FROM | TO | WHY",
      "web-0 | h1 | none | no host for web-0: 1 host lacks 2 cpus (most free 1 cpu on h2)",
      "web-2 | none | no host for web-2: 1 host lacks 2 cpus (most free 1 cpu on h2)",
    ]);
    const nothing = whatIf(trial, "rebalance");
    expect(whatIfText(nothing, trial.hosts)).toBe(nothing.sentence);
    expect(nothing.sentence).toMatch(/^rebalance: nothing moves; /);
  });

  it("of many replicas that have no host for the same reason, in one row", () => {
    const scaled = whatIf(trial, "scale web to 12");
    expect(lines(whatIfText(scaled, trial.hosts)).slice(2)).toEqual([
      "CONTAINER | FROM | TO | WHY",
      expect.stringMatching(/^web-2 \| +h1 \| /),
      expect.stringMatching(
        /^web-3, web-4, web-5 and 6 more \| none \| no host for 9 containers: 2 hosts lack 2 cpus /,
      ),
    ]);
  });

  it("of networks and addresses, as it is: a host is not what they lack", () => {
    const scaled = whatIf(trial, "scale web to 4");
    const other = (name: string, about: "request" | "network", sentence: string) => ({
      ...{ name, about, sentence, hosts: [] },
    });
    const taken = "address 10.128.0.9 is taken on network front by db";
    const refusals = [
      other("front", "network", "no block for network front on h2: the pool is used up"),
      other("web-4", "request", taken),
      ...scaled.refusals,
      other("web-5", "request", taken),
    ];
    expect(lines(whatIfText({ ...scaled, refusals }, trial.hosts)).slice(3)).toEqual([
      expect.stringMatching(/^web-2 \| h1 \| /),
      "front | none | no block for network front on h2: the pool is used up",
      `web-4 | none | ${taken}`,
      expect.stringMatching(/^web-3 \| none \| no host for web-3: /),
      `web-5 | none | ${taken}`,
    ]);
  });

  it("of moves, arrivals and departures", () => {
    const added = whatIf(trial, "drain h1, add h3, scale web to 1");
    expect(lines(whatIfText(added, trial.hosts))).toEqual([
      expect.stringMatching(/^drain h1, add 1 host, scale web to 1: 1 container moves, 1 goes; /),
      "",
      "CONTAINER | FROM | TO | WHY",
      expect.stringMatching(/^web-0 \| h1 \| h[23] \| /),
      "web-1 | h2 | is not asked for any more",
    ]);
  });

  it("of losses", () => {
    expect(lines(survivalText(survival(trial)))).toEqual([
      "the cloud does not survive the loss of h1 or h2: without h1 1 container has no place (web-0)",
      "",
      "WITHOUT | SURVIVES | MOVES | WHAT IS LOST",
      "h1 | no | 0 | no host for web-0: 1 host lacks 2 cpus (most free 1 cpu on h2)",
      "h2 | no | 1 | no host for db: 1 host lacks label ssd",
    ]);
  });
});
