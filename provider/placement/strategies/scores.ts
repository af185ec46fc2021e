/** The arithmetic of scores, apart from hosts, so that it can be read and checked by itself. */

/** One resource of a host with the container counted in. */
export interface Share {
  /** What can be used: the total less what is kept free. */
  usable: number;
  /** What is taken, the container included. */
  taken: number;
}

/**
 * 10^(free share of cpu) + 10^(free share of memory), as points from 0 to 18. A full host has 18 for `binpack` and 0
 * for `spread`, an empty one the reverse: the two always sum to 18.
 */
export function exponentialScore(kind: "binpack" | "spread", cpu: Share, memory: Share): number {
  const total = 10 ** freeShare(cpu) + 10 ** freeShare(memory);
  const points = kind === "binpack" ? 20 - total : total - 2;
  return Math.min(18, Math.max(0, points));
}

/** Mean of the free (`spread`) or taken (`binpack`) shares by weight, 0 to 100. What is over-asked counts as 0. */
export function linearScore(
  kind: "binpack" | "spread",
  cpu: Share,
  memory: Share,
  weights: { cpu?: number; memory?: number } = {},
): number {
  const { cpu: cpuWeight = 1, memory: memoryWeight = 1 } = weights;
  const sum = cpuWeight + memoryWeight;
  if (sum <= 0) return 0;
  return (points(kind, cpu) * cpuWeight + points(kind, memory) * memoryWeight) / sum;
}

function points(kind: "binpack" | "spread", { usable, taken }: Share): number {
  if (usable <= 0 || taken > usable) return 0;
  return ((kind === "binpack" ? taken : usable - taken) / usable) * 100;
}

function freeShare({ usable, taken }: Share): number {
  return usable > 0 ? 1 - taken / usable : 0;
}

/**
 * How much a value of a label is below its target share: `(target - count - 1) / target`, the container counted in.
 * Above 0 there is room up to the target, below 0 it is exceeded. A target of 0 is the worst.
 */
export function targetScore(target: number, count: number): number {
  return target > 0 ? (target - (count + 1)) / target : -1;
}

/**
 * How good a value of a label is for an even spread, -1 and up, by the counts of all values: 0 while nothing is placed,
 * -1 where all are even, above 0 for the value with the fewest.
 */
export function evenScore(counts: readonly number[], count: number): number {
  if (counts.every((each) => each === 0)) return 0;
  const min = Math.min(...counts);
  const max = Math.max(...counts);
  if (min === max) return -1;
  if (count !== min) return min === 0 ? -1 : (min - count) / min;
  return min === 0 ? 1 : (max - min) / min;
}
