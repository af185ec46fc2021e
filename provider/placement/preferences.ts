import type { Ask } from "./constraints/constraint.js";
import { buildWish, type Constraint } from "./constraints/index.js";
import type { HostState } from "./host-state.js";
import type { Preference } from "./model.js";
import { specText } from "./spec-text.js";
import type { Strategy } from "./strategies/strategy.js";
import { listing, points } from "./words.js";
import type { World } from "./world.js";

/** The weights that a host earns over all weights without their signs: -1 to 1; 0 where nothing is wished. */
export function preferenceScore(wishes: readonly { weight: number; met: boolean }[]): number {
  let earned = 0;
  let all = 0;
  for (const { weight, met } of wishes) {
    all += Math.abs(weight);
    if (met) earned += weight;
  }
  return all === 0 ? 0 : earned / all;
}

/** Wishes as an order of hosts that decides before all strategies; undefined when there are none. */
export function preferenceStrategy(
  preferences: readonly Preference[],
  ask: Ask,
  world: World,
): Strategy | { error: string } | undefined {
  if (preferences.length === 0) return undefined;
  const wishes: { weight: number; rule: Constraint; text: string }[] = [];
  for (const { weight, prefer } of preferences) {
    if (!(Math.abs(weight) <= 100) || weight === 0) {
      return {
        error: `a preference's weight must be from -100 to 100 and not 0, but is ${weight}`,
      };
    }
    const rule = buildWish(prefer, ask, world);
    if ("error" in rule) return rule;
    wishes.push({ weight, rule, text: specText(prefer) });
  }
  const live = wishes.some(({ rule }) => !rule.declared);
  const scoreNow = (of: Ask, host: HostState): number =>
    preferenceScore(wishes.map(({ weight, rule }) => ({ weight, met: rule.accepts(of, host) })));
  // By rank; what is declared of a host does not change.
  const scores: number[] = [];
  const score = (of: Ask, host: HostState): number =>
    live ? scoreNow(of, host) : (scores[host.rank] ??= scoreNow(of, host));
  const earned = (of: Ask, host: HostState): string => {
    const met = wishes.filter(({ rule }) => rule.accepts(of, host)).map(({ text }) => text);
    return met.length > 0 ? ` (${listing(met)})` : "";
  };
  return {
    name: `preferences ${JSON.stringify(preferences)}`,
    byType: live,
    changes: live ? "freely" : "never",
    margin: 0,
    key: (of, host) => 0 - score(of, host),
    score,
    better: (of, winner, next) =>
      `preferred with ${points(score(of, winner))}${earned(of, winner)}, ${next.name} with ${points(score(of, next))}${earned(of, next)}`,
    equal: (of, winner, next) =>
      `preferred with ${points(score(of, winner))} as ${next.name}${earned(of, winner)}`,
  };
}
