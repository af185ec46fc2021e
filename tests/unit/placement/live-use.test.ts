import { describe, expect, it } from "vitest";
import type { ContainerSummary } from "../../../provider/host/docker-types.js";
import type { HostSnapshot } from "../../../provider/host/observe.js";
import { LABELS } from "../../../provider/host/ownership.js";
import type { StrategySpec } from "../../../provider/placement/model.js";
import type { PlacementInputs } from "../../../provider/resources/placement/inputs.js";
import { ask, GiB, MiB } from "./make.js";
import { inputs, seen, world } from "./plan-world.js";

const CPU: StrategySpec[] = [{ kind: "lowestCpuUsage" }];
const one = (over: Partial<PlacementInputs> = {}) =>
  inputs({ networks: [], strategies: CPU, requests: [ask("web", { cpus: 0.2 })], ...over });

/** A host of two cores and 2 GiB, whose cpu was used by these shares; the last reading is of the second 2000. */
function busy(
  name: string,
  intervals: [seconds: number, share: number][],
  {
    ageSeconds = 0,
    clock = undefined as number | undefined,
    containers = [] as Partial<ContainerSummary>[],
  } = {},
): HostSnapshot {
  const snapshot = seen(name, containers);
  if (!snapshot.reachable) return snapshot;
  let [up, used] = [1000, 70];
  const readings = [{ up, busy: used, memoryBytes: GiB, at: 0 }];
  for (const [seconds, share] of intervals) {
    up += seconds;
    used += seconds * share * 2;
    readings.push({ up, busy: used, memoryBytes: GiB, at: 2000 });
  }
  const usage = { readings, ageSeconds, ...(clock === undefined ? {} : { clock }) };
  return { ...snapshot, machine: { ...snapshot.machine, usage } };
}

async function plan(snapshots: Record<string, HostSnapshot>, program = one()) {
  const { check, said } = world(snapshots);
  const { inputs: checked, failures } = await check({}, program);
  const { host, reason } = checked?.assignments?.["web"] ?? {};
  return { host, reason, said, failures: failures?.map(({ reason: why }) => why) };
}

describe("a plan that goes by live use", () => {
  it.each<[string, Partial<PlacementInputs>, number | undefined]>([
    ["nothing where no rule reads it", { strategies: [{ kind: "breadthFirst" }] }, undefined],
    ["figures of at most two minutes by default", {}, 120],
    [
      "the youngest that any rule wants, of whatever layer",
      {
        strategies: [{ kind: "lowestMemoryUsage", maxAgeSeconds: 300 }],
        preferences: [{ weight: 5, prefer: { kind: "maxCpuUsage", maxAgeSeconds: 60 } }],
        requests: [ask("web", { constraints: [{ kind: "maxMemoryUsage", maxAgeSeconds: 40 }] })],
      },
      40,
    ],
    [
      "figures for functions of the program",
      { strategies: [], requests: [ask("web", { strategies: [{ kind: "score", name: "x" }] })] },
      120,
    ],
  ])("asks the hosts for %s", async (_, over, maxAgeSeconds) => {
    const { check, wanted } = world();
    await check({}, one(over));
    expect(wanted.map(({ usage }) => usage?.maxAgeSeconds)).toEqual([maxAgeSeconds]);
  });

  it.each([
    [100, 120, "100 s of observeTimeout, and 20 s to plan, leave nothing of 120 s"],
    [10, 30, "10 s of observeTimeout, and 20 s to plan, leave nothing of 30 s"],
    [99, 120, undefined],
    [10, 31, undefined],
  ])("warns where up reads anew what preview read: %s s of %s", async (timeout, age, why) => {
    const { check, warnings } = world();
    const strategies: StrategySpec[] = [{ kind: "lowestCpuUsage", maxAgeSeconds: age }];
    await check({}, one({ observeTimeout: timeout, strategies }));
    const warning = `live use is read anew for every plan, so an up may decide otherwise than its preview: ${why} (maxAgeSeconds)`;
    expect(warnings).toEqual(why === undefined ? [] : [warning]);
    const calm = world();
    await calm.check({}, one({ observeTimeout: timeout, strategies: [{ kind: "breadthFirst" }] }));
    expect(calm.warnings).toEqual([]);
  });

  it("goes by smoothed figures: a burst of two seconds is not what the host does", async () => {
    const hosts = {
      h1: busy("h1", [
        [60, 0.1],
        [2, 1],
      ]),
      h2: busy("h2", [
        [60, 0.3],
        [2, 0],
      ]),
    };
    expect(await plan(hosts)).toMatchObject({
      host: "h1",
      reason: "lowest cpu use: 10 % here, 30 % on h2",
    });
  });

  it("decides in up as in preview, whatever noise there was between", async () => {
    const noise = (share: number): [number, number][] => [
      [3, share],
      [60, 2 * 0.3 - share],
    ];
    const before = { h1: busy("h1", [[3, 0.3]]), h2: busy("h2", [[3, 0.31]]) };
    const preview = await plan(before);
    expect(preview.host).toBe("h1");
    for (const amount of [-0.04, -0.01, 0.03, 0.04]) {
      const later = {
        h1: busy("h1", [[3, 0.3], ...noise(0.3 + amount)]),
        h2: busy("h2", [[3, 0.31], ...noise(0.3 - amount)]),
      };
      expect(await plan(later)).toEqual(preview);
    }
  });

  it("says so when figures that are really others send something elsewhere than they did", async () => {
    const hosts = {
      h1: busy("h1", [
        [3, 0.1],
        [240, 0.8],
      ]),
      h2: busy("h2", [[3, 0.3]]),
    };
    expect(await plan(hosts)).toMatchObject({
      host: "h2",
      said: [
        "live use is another than 4 min ago (h1: cpu 10 % -> 79 %): web goes to h2, not to h1",
      ],
    });
    const strict = one({
      requests: [ask("web", { constraints: [{ kind: "maxCpuUsage", max: 0.2 }] })],
    });
    expect(await plan(hosts, strict)).toMatchObject({
      failures: ["no host for web: 2 hosts use 20 % of their cpu or more (lowest 30 % on h2)"],
      said: ["live use is another than 4 min ago (h1: cpu 10 % -> 79 %): web has no host, not h1"],
    });
    // What is there already stays, and so there is nothing to say.
    const { check, said } = world(hosts);
    const was = { web: { host: "h1", addresses: {}, score: 0, reason: "x", revision: "r1" } };
    await check({ ...one(), assignments: was }, one());
    expect(said).toEqual([]);
  });

  it("says nothing when other figures come to the same", async () => {
    const hosts = {
      h1: busy("h1", [
        [3, 0.1],
        [240, 0.2],
      ]),
      h2: busy("h2", [[3, 0.3]]),
    };
    expect(await plan(hosts)).toMatchObject({ host: "h1", said: [] });
  });

  it("counts what was started since the reading by what it reserves", async () => {
    const since = (Created: number, cpus?: string, State = "running") => ({
      ...{ Created, State },
      Labels: cpus === undefined ? {} : { [LABELS.owner]: "a/b/c", [LABELS.cpus]: cpus },
    });
    const of = async (...containers: Partial<ContainerSummary>[]) =>
      (await plan({ h1: busy("h1", [[3, 0.1]], { containers }), h2: busy("h2", [[3, 0.2]]) }))
        .reason;
    expect(await of(since(2000, "1"))).toBe("lowest cpu use: 10 % here, 20 % on h2");
    expect(await of(since(2001, "1", "exited"))).toBe("lowest cpu use: 10 % here, 20 % on h2");
    expect(await of(since(2001, "1"))).toBe("lowest cpu use: 20 % here, 60 % on h1");
    expect(await of(since(2001))).toBe("lowest cpu use: 15 % here, 20 % on h2");
    // It may have come between preview and up: then that is said.
    const h1 = busy("h1", [[3, 0.1]], { ageSeconds: 40, containers: [since(2001, "1")] });
    expect(await plan({ h1, h2: busy("h2", [[3, 0.2]]) })).toMatchObject({
      host: "h2",
      said: [
        "live use is another than 40 s ago (h1: cpu 10 % -> 60 % and h1: memory 50 % -> 60 %): web goes to h2, not to h1",
      ],
    });
  });

  it("counts all of them once on a host whose clock was set back or forward", async () => {
    const reason = async (Created: number, ageSeconds: number, clock?: number) => {
      const containers = [{ Created, State: "running", Labels: {} }];
      const h1 = busy("h1", [[3, 0.1]], { ageSeconds, containers, ...(clock && { clock }) });
      return (await plan({ h1, h2: busy("h2", [[3, 0.2]]) })).reason;
    };
    // Of two cores 0.1 are taken for granted.
    const counted = "lowest cpu use: 15 % here, 20 % on h2";
    const inTheReading = "lowest cpu use: 10 % here, 20 % on h2";
    expect(await reason(2002, 0)).toBe(counted);
    expect(await reason(2003, 0)).toBe(inTheReading);
    expect(await reason(2032, 30)).toBe(counted);
    expect(await reason(2033, 30)).toBe(inTheReading);
    // The host's own clock is better than the sum: it was an hour late.
    expect(await reason(5625, 30, 5630)).toBe(counted);
    expect(await reason(5632, 30, 5630)).toBe(counted);
    expect(await reason(5633, 30, 5630)).toBe(inTheReading);
    // Or ten minutes early.
    expect(await reason(2020, 30, 1430)).toBe(inTheReading);
  });

  it("counts the time since the host was seen as age of its figures", async () => {
    const strict = one({ requests: [ask("web", { constraints: [{ kind: "maxCpuUsage" }] })] });
    const old = busy("h1", [[3, 0]], { ageSeconds: 90 });
    const h1 = { ...old, observedAt: Date.now() - 60_000 };
    expect((await plan({ h1, h2: busy("h2", [[3, 0.9]]) }, strict)).failures).toEqual([
      expect.stringMatching(
        /1 host has unknown cpu use \(sampled 15\d s ago, 120 s is the limit\)$/,
      ),
    ]);
    expect(await plan({ h1: old, h2: busy("h2", [[3, 0.9]]) }, strict)).toMatchObject({
      host: "h1",
    });
  });

  it("goes by memory in the same way", async () => {
    const containers = [
      { Created: 2001, Labels: { [LABELS.owner]: "a/b/c", [LABELS.memory]: String(512 * MiB) } },
    ];
    const hosts = { h1: busy("h1", [[3, 0]], { containers }), h2: busy("h2", [[3, 0]]) };
    const memory = one({ strategies: [{ kind: "lowestMemoryUsage" }] });
    expect(await plan(hosts, memory)).toMatchObject({
      host: "h2",
      reason: "lowest memory use: 50 % here, 75 % on h1",
    });
  });

  it("refuses a figure that is too old, and says how old", async () => {
    const old = { h1: busy("h1", [[3, 0]], { ageSeconds: 130 }), h2: busy("h2", [[3, 0.9]]) };
    expect(await plan(old)).toMatchObject({ host: "h2" });
    const strict = one({ requests: [ask("web", { constraints: [{ kind: "maxCpuUsage" }] })] });
    expect((await plan(old, strict)).failures).toEqual([
      "no host for web: 1 host uses 50 % of its cpu or more (lowest 90 % on h2), 1 host has unknown cpu use (sampled 130 s ago, 120 s is the limit)",
    ]);
  });

  it("of a host that says nothing knows that it knows nothing", async () => {
    const hosts = { h1: seen("h1"), h2: busy("h2", [[3, 0.9]]) };
    expect(await plan(hosts)).toMatchObject({
      host: "h2",
      reason: "lowest cpu use: 90 % here, not known on h1 (it was not sampled)",
    });
  });
});
