import type { Ask } from "../constraints/constraint.js";
import type { HostState } from "../host-state.js";
import type { SpreadLevel } from "../model.js";
import type { Tallies, Tally } from "../tally.js";
import { points } from "../words.js";
import { evenScore, targetScore } from "./scores.js";
import type { Strategy } from "./strategy.js";

/** Sorts values without a share after all others. */
const NO_SHARE = 1e9;

/** What a spread needs to know of the plan. */
export interface SpreadContext {
  readonly tallies: Tallies;
  /** How many containers of this scope the plan has. */
  totalOf(scope: number): number;
}

/**
 * Containers of one type over the values of labels, one strategy for each level: the second is even inside each value
 * of the first. By targets a value has its share of all containers of the type in this plan.
 */
export function spreadOver(levels: readonly SpreadLevel[], context: SpreadContext): Strategy[] {
  return levels.map((_, depth) => spreadLevel(levels.slice(0, depth + 1), context));
}

function spreadLevel(path: readonly SpreadLevel[], context: SpreadContext): Strategy {
  const labels = path.map(({ label }) => label);
  const level = path.at(-1);
  const { label = "", targets } = level ?? {};
  const tallies = new Map<number, Tally>();
  const tallyOf = (ask: Ask): Tally => {
    const known = tallies.get(ask.typeId);
    if (known) return known;
    const made = context.tallies.of(ask.typeId, labels);
    tallies.set(ask.typeId, made);
    return made;
  };
  const countOf = (ask: Ask, host: HostState): number => {
    const { branches, counts } = tallyOf(ask);
    return counts[branches.of[host.rank] ?? 0] ?? 0;
  };
  const branches = context.tallies.branchesOf(labels);
  const valueOf = (host: HostState): string =>
    branches.values[branches.of[host.rank] ?? 0]?.at(-1) ?? "";
  // Inside a value of the level above, the share is of what that value gets, which is its own share of all.
  const shares = targets
    ? branches.values.map((values) =>
        path.reduce((all, each, i) => all * shareOf(each, values[i] ?? "", branches.values, i), 1),
      )
    : [];
  const targetOf = (ask: Ask, host: HostState): number =>
    (shares[branches.of[host.rank] ?? 0] ?? 0) * context.totalOf(ask.typeId);
  const where = (host: HostState): string => {
    const value = valueOf(host);
    return value === "" ? `without ${label}` : `in ${label}=${value}`;
  };
  const what = (ask: Ask): string => ask.request.type || "of its kind";
  const amount = (ask: Ask, host: HostState): string =>
    targets
      ? `${countOf(ask, host)} of ${points(targetOf(ask, host))} ${what(ask)} ${where(host)}`
      : `${countOf(ask, host)} ${what(ask)} ${where(host)}`;
  return {
    name: `spread ${JSON.stringify(path)}`,
    byType: true,
    changes: "byBranch",
    branches,
    margin: 0,
    key: (ask, host) => {
      const there = countOf(ask, host);
      if (!targets) return there;
      const target = targetOf(ask, host);
      return target > 0 ? 0 - targetScore(target, there) : NO_SHARE + there;
    },
    score: (ask, host) => {
      const score = targets
        ? targetScore(targetOf(ask, host), countOf(ask, host))
        : evenScore(siblingCounts(tallyOf(ask), host), countOf(ask, host));
      return Math.round(score * 1000) / 1000;
    },
    better: (ask, winner, next) =>
      `spread over ${label}: ${amount(ask, winner)}, ${amount(ask, next)}`,
    equal: (ask, winner, next) =>
      valueOf(winner) === valueOf(next)
        ? `spread over ${label}: ${amount(ask, winner)}, as on ${next.name}`
        : `spread over ${label}: ${amount(ask, winner)} and ${where(next)}`,
  };
}

/** Counts of the branches that share all but the last value with the host's. */
function siblingCounts({ branches, counts }: Tally, host: HostState): number[] {
  const own = branches.values[branches.of[host.rank] ?? 0] ?? [];
  const parent = own.slice(0, -1).join("\u0000");
  return branches.values.flatMap((values, branch) =>
    values.slice(0, -1).join("\u0000") === parent ? [counts[branch] ?? 0] : [],
  );
}

/** Share of one value at one level: its target, else what is left of 100, or an equal part where there are no targets. */
function shareOf(
  { targets }: SpreadLevel,
  value: string,
  all: readonly string[][],
  depth: number,
): number {
  if (targets) {
    const named = Object.hasOwn(targets, value) ? targets[value] : undefined;
    const sum = Object.values(targets).reduce((total, each) => total + each, 0);
    return Math.max(0, named ?? 100 - sum) / 100;
  }
  return 1 / Math.max(1, new Set(all.map((values) => values[depth])).size);
}
