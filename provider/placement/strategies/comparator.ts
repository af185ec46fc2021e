import type { Ask } from "../constraints/constraint.js";
import { askTwice, FunctionFault } from "../functions.js";
import type { HostState } from "../host-state.js";
import type { HostComparator, HostScore } from "../model.js";
import { hostFacts, hostNow, requestFacts } from "../views.js";
import { points } from "../words.js";
import type { Strategy } from "./strategy.js";

/** Up to so many hosts every pair is checked; above, each with those at distances 1, 2, 4, ... */
const ALL_PAIRS = 64;

/**
 * A comparison function of the program as an order of hosts, worked out once from what is known before anything is
 * placed. It throws a `FunctionFault` if the function contradicts itself on these hosts.
 */
export function comparatorStrategy(
  name: string,
  compare: HostComparator,
  args: unknown,
  ask: Ask,
  hosts: readonly HostState[],
): Strategy {
  const request = requestFacts(ask.request);
  const facts = hosts.map(hostFacts);
  const ranks = rankHosts(`comparator ${name}`, hosts, (a, b) =>
    compare(facts[a.rank] ?? hostFacts(a), facts[b.rank] ?? hostFacts(b), request, args),
  );
  const place = (host: HostState): number => ranks.get(host) ?? 0;
  return {
    name: `comparator ${name} ${JSON.stringify(args)}`,
    byType: true,
    changes: "rises",
    margin: 0,
    key: (_ask, host) => place(host),
    score: (_ask, host) => 0 - place(host),
    better: (_ask, _winner, next) => `${name}: comes before ${next.name}`,
    equal: (_ask, _winner, next) => `${name}: equal to ${next.name}`,
  };
}

/** Ranks from 0, equal for equal hosts. */
function rankHosts(
  what: string,
  hosts: readonly HostState[],
  compare: (a: HostState, b: HostState) => number,
): Map<HostState, number> {
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

/** A score of the program for hosts as they fill. */
export function scoreStrategy(name: string, score: HostScore, args: unknown): Strategy {
  const what = `score ${name}`;
  const of = (ask: Ask, host: HostState): number => {
    const view = hostNow(ask, host);
    const request = requestFacts(ask.request);
    const answer: unknown = askTwice(
      what,
      () => `host ${host.name}`,
      () => score(view, request, args),
    );
    if (typeof answer !== "number" || !Number.isFinite(answer)) {
      throw new FunctionFault(
        `${what} must give a number for host ${host.name}, but gave ${String(answer)}`,
      );
    }
    return answer;
  };
  return {
    name: `score ${name} ${JSON.stringify(args)}`,
    byType: true,
    changes: "freely",
    margin: 0,
    key: (ask, host) => 0 - of(ask, host),
    score: of,
    better: (ask, winner, next) =>
      `${name}: ${points(of(ask, winner))} here, ${points(of(ask, next))} on ${next.name}`,
    equal: (ask, winner, next) => `${name}: ${points(of(ask, winner))} here and on ${next.name}`,
  };
}
