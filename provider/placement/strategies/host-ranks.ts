import { askTwice, FunctionFault } from "../functions.js";
import type { HostState } from "../host-state.js";

/** Up to so many hosts every pair is checked; above, each with those at distances 1, 2, 4, ... */
const ALL_PAIRS = 64;

/** The place of each host in an order, from 0; equal for equal hosts. */
export type HostRanks = ReadonlyMap<HostState, number>;

/** Throws a `FunctionFault` if `compare`, which `what` names, contradicts itself on these hosts. */
export function rankHosts(
  what: string,
  hosts: readonly HostState[],
  compare: (a: HostState, b: HostState) => number,
): HostRanks {
  const order = (a: HostState, b: HostState): number => {
    const about = (): string => `hosts ${a.name} and ${b.name}`;
    const answer: unknown = askTwice(what, about, () => compare(a, b));
    if (typeof answer !== "number" || Number.isNaN(answer)) {
      throw new FunctionFault(
        `${what} must give a number for ${about()}, but gave ${String(answer)}`,
      );
    }
    return Math.sign(answer);
  };
  const both = (a: HostState, b: HostState): number => {
    const there = order(a, b);
    const back = order(b, a);
    if (there !== 0 - back) {
      throw new FunctionFault(
        `${what} contradicts itself: ${a.name} against ${b.name} gives ${there}, the other way round ${back}`,
      );
    }
    return there;
  };
  const sorted = [...hosts].sort(both);
  const ranks = new Map<HostState, number>();
  let rank = 0;
  sorted.forEach((host, i) => {
    const before = sorted[i - 1];
    if (before && both(before, host) !== 0) rank++;
    ranks.set(host, rank);
  });
  for (const [a, b] of pairs(sorted)) {
    const expected = Math.sign((ranks.get(a) ?? 0) - (ranks.get(b) ?? 0));
    const found = both(a, b);
    if (found !== expected) {
      throw new FunctionFault(
        `${what} is no order: by the hosts between them ${a.name} should give ${expected} against ${b.name}, but it gives ${found}`,
      );
    }
  }
  return ranks;
}

/** Without neighbours: those are compared to give the ranks. */
function* pairs(hosts: readonly HostState[]): Generator<[HostState, HostState]> {
  for (let i = 0; i < hosts.length; i++) {
    for (let step = 2; i + step < hosts.length; step += hosts.length > ALL_PAIRS ? step : 1) {
      const a = hosts[i];
      const b = hosts[i + step];
      if (a && b) yield [a, b];
    }
  }
}
