import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { PlanInput, StrategySpec } from "../provider/placement/model.js";
import { placeAll } from "../provider/placement/place.js";
import { planAll } from "../provider/placement/plan.js";
import { makeWorld, STRATEGIES } from "./placement-world.js";
import type { BenchRow } from "./row.js";

/** Placements per second on 1,000 hosts; on 10,000, what 100,000 in 5 s come to. */
const GOALS: Readonly<Record<number, number>> = { 1_000: 60_000, 10_000: 20_000 };
const REQUESTS = 100_000;
const MiB = 1024 ** 2;

/**
 * Placements per second for each strategy, on 1,000 hosts also without the constraints of every kind, and how their time
 * grows from there to 10,000 hosts; growth from 100 to 20,000 hosts and to 200,000 requests, with the memory of a plan; and
 * how long a plan takes again after one change. Nothing is measured twice, so that all of it takes minutes.
 */
export async function run(): Promise<BenchRow[]> {
  return [
    ...Object.entries(STRATEGIES).flatMap(([name, strategy]) => ofStrategy(name, strategy)),
    ...growth(),
    ...wholePlan(1_000),
    ...wholePlan(10_000),
  ];
}

function ofStrategy(name: string, strategy: StrategySpec): BenchRow[] {
  placeAll(makeWorld(100, strategy, true, 2_000));
  const measure = (hosts: number, constrained: boolean): Measured => {
    const world = makeWorld(hosts, strategy, constrained, REQUESTS);
    return { world, constrained, seconds: timed(() => placed(world)).seconds };
  };
  const plain = measure(1_000, false);
  const small = measure(1_000, true);
  const large = measure(10_000, true);
  return [
    ...[plain, small, large].map((each) => throughput(name, each)),
    {
      suite: "placement",
      name: `growth of ${name} from ${size(small.world)} to 10,000 hosts, constraints`,
      value: exponent(small, large, ({ candidates }) => candidates.length),
      unit: "(time ~ hosts ^ this)",
    },
  ];
}

interface Measured {
  readonly world: PlanInput;
  readonly constrained: boolean;
  readonly seconds: number;
}

/** By which power of the size the time has grown: 0 not at all, 1 in proportion. */
function exponent(
  from: Pick<Measured, "world" | "seconds">,
  to: Pick<Measured, "world" | "seconds">,
  sizeOf: (world: PlanInput) => number,
): number {
  return Math.log(to.seconds / from.seconds) / Math.log(sizeOf(to.world) / sizeOf(from.world));
}

function throughput(name: string, { world, constrained, seconds }: Measured): BenchRow {
  const value = Math.round(world.requests.length / seconds);
  const goal = GOALS[world.candidates.length] ?? 0;
  return {
    suite: "placement",
    name: `${name}, ${size(world)}${constrained ? ", constraints" : ""}`,
    value,
    unit: "placements/s",
    ratio: value / goal,
    against: `${goal} placements/s`,
    goal: `>= ${goal} placements/s`,
    ok: value >= goal,
  };
}

/** The time and memory of a plan as the cloud grows, and then the program. */
function growth(): BenchRow[] {
  const sizes = [
    [100, REQUESTS],
    [1_000, REQUESTS],
    [5_000, REQUESTS],
    [20_000, REQUESTS],
    [20_000, 2 * REQUESTS],
  ] as const;
  const measured = sizes.map(([hosts, requests]) => {
    const world = makeWorld(hosts, { kind: "breadthFirst" }, true, requests);
    const before = usedMemory();
    const { seconds, result } = timed(() => placed(world));
    const bytes = usedMemory() - before;
    if (result.pending.length > 0) throw new Error("some requests wait for hosts");
    return { world, seconds, bytes };
  });
  const [first, , , hosts, requests] = measured;
  return [
    ...measured.map(({ world, seconds, bytes }) => ({
      suite: "placement",
      name: `growth, ${size(world)}, constraints, ${Math.round(bytes / MiB)} MiB kept`,
      value: seconds,
      unit: "s",
      ratio: seconds / world.requests.length / (first!.seconds / REQUESTS),
      against: "100 hosts, each placement",
    })),
    {
      suite: "placement",
      name: "growth from 100 to 20,000 hosts",
      value: exponent(first!, hosts!, ({ candidates }) => candidates.length),
      unit: "(time ~ hosts ^ this)",
    },
    {
      suite: "placement",
      name: "growth from 100,000 to 200,000 requests, 20,000 hosts",
      value: exponent(hosts!, requests!, (world) => world.requests.length),
      unit: "(time ~ requests ^ this)",
    },
  ];
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
