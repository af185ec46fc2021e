import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { PlanInput } from "../provider/placement/model.js";
import { placeAll } from "../provider/placement/place.js";
import { planAll } from "../provider/placement/plan.js";
import { makeWorld, STRATEGIES } from "./placement-world.js";
import type { BenchRow } from "./row.js";

const GOAL = 60_000;
const REQUESTS = 100_000;
const MiB = 1024 ** 2;

/**
 * Placements per second for each strategy, on 1,000 hosts also without the constraints of every kind; growth
 * from 100 to 20,000 hosts and to 200,000 requests; the memory of a plan; and how long a plan takes again after one change.
 */
export async function run(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const [hosts, constrained] of [
    [1_000, false],
    [1_000, true],
    [10_000, true],
  ] as const) {
    for (const [name, strategy] of Object.entries(STRATEGIES)) {
      placeAll(makeWorld(100, strategy, constrained, 2_000));
      rows.push(throughput(name, makeWorld(hosts, strategy, constrained, REQUESTS), constrained));
    }
  }
  return [...rows, ...growth(), ...wholePlan(1_000), ...wholePlan(10_000)];
}

function throughput(name: string, world: PlanInput, constrained: boolean): BenchRow {
  const { seconds } = timed(() => placed(world));
  const value = Math.round(world.requests.length / seconds);
  return {
    suite: "placement",
    name: `${name}, ${size(world)}${constrained ? ", constraints" : ""}`,
    value,
    unit: "placements/s",
    ratio: value / GOAL,
    against: `${GOAL} placements/s`,
    goal: `>= ${GOAL} placements/s`,
    ok: value >= GOAL,
  };
}

/** The time of one placement as the cloud grows, against the smallest. */
function growth(): BenchRow[] {
  const breadthFirst = { kind: "breadthFirst" as const };
  let first: number | undefined;
  return [
    [100, REQUESTS],
    [1_000, REQUESTS],
    [5_000, REQUESTS],
    [20_000, REQUESTS],
    [20_000, 2 * REQUESTS],
  ].map(([hosts = 0, requests = 0]) => {
    const world = makeWorld(hosts, breadthFirst, true, requests);
    const before = usedMemory();
    const { seconds, result } = timed(() => placed(world));
    const grown = usedMemory() - before;
    if (result.pending.length > 0) throw new Error("some requests wait for hosts");
    const each = (seconds / requests) * 1e6;
    first ??= each;
    return {
      suite: "placement",
      name: `growth, ${size(world)}, constraints (${seconds.toFixed(2)} s, ${Math.round(grown / MiB)} MiB kept)`,
      value: each,
      unit: "us a placement",
      ratio: each / first,
      against: "100 hosts",
    };
  });
}

/** A plan with everything in it, and the plan after one change of the program or of the hosts. */
function wholePlan(hosts: number): BenchRow[] {
  const world = makeWorld(hosts, { kind: "breadthFirst" }, true, REQUESTS);
  const { seconds, result } = timed(() => planAll(world));
  const kept = { ...world, previous: { assignments: result.assignments, networks: {} } };
  const one = world.requests.at(-1);
  const changes: [string, PlanInput][] = [
    [
      "one container more",
      { ...kept, requests: [...world.requests, { ...one!, name: "one-more" }] },
    ],
    ["one host gone", { ...kept, candidates: world.candidates.slice(1) }],
  ];
  return [
    {
      suite: "placement",
      name: `the plan, ${size(world)}, constraints`,
      value: seconds,
      unit: "s",
      goal: "< 5 s",
      ok: seconds < 5,
    },
    ...changes.map(([name, changed]) => {
      const times = [1, 2, 3].map(() => timed(() => planAll(changed)).seconds);
      const again = times.sort((a, b) => a - b)[1] ?? 0;
      return {
        suite: "placement",
        name: `the plan again, ${name}, ${size(world)}`,
        value: again,
        unit: "s",
        ratio: again / seconds,
        against: "the first plan",
        // A tenth of what the first plan of 10,000 hosts may take.
        goal: "< 0.5 s",
        ok: again < 0.5,
      };
    }),
  ];
}

function placed(world: PlanInput): ReturnType<typeof placeAll> {
  const decisions = placeAll(world);
  const { length } = decisions.placed.filter((decision) => decision !== undefined);
  if (length !== world.requests.length) {
    throw new Error(
      `placed ${length} of ${world.requests.length}: ${decisions.refusals[0]?.sentence ?? ""}`,
    );
  }
  return decisions;
}

/** Seconds of the processor: planning waits for nothing, and so what else runs on the machine does not count. */
function timed<T>(run: () => T): { seconds: number; result: T } {
  const start = process.cpuUsage();
  const result = run();
  const { user, system } = process.cpuUsage(start);
  return { seconds: (user + system) / 1e6, result };
}

function usedMemory(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage().heapUsed;
}

function size({ candidates, requests }: PlanInput): string {
  return `${candidates.length} hosts x ${requests.length} requests`;
}
