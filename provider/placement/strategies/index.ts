import type { Ask } from "../constraints/constraint.js";
import { FunctionFault } from "../functions.js";
import type { StrategySpec, UserFunctions } from "../model.js";
import { breadthFirst } from "./breadth-first.js";
import { type ComparatorContext, comparatorStrategy } from "./comparator.js";
import { leastContainers } from "./least-containers.js";
import { lowestUsage } from "./lowest-usage.js";
import { resourceStrategy } from "./resources.js";
import { scoreStrategy } from "./score.js";
import { type SpreadContext, spreadOver } from "./spread-over.js";
import type { LastOrder, Ordering, Strategy } from "./strategy.js";

export { compareKeys } from "./compare-keys.js";
export type { Ordering, Strategy } from "./strategy.js";

/** What strategies need beside the hosts. */
export interface StrategyContext extends SpreadContext, ComparatorContext {
  readonly seed: string;
  readonly functions: UserFunctions | undefined;
}

/**
 * Composes a list of strategies, the cloud's first and the request's after them. Each sorts the hosts anew and
 * stably, so that the last one decides and those before it break its ties. depthFirst and random are orders
 * without ties: what stands before them has no say. `first` (preferences) decides before all. The answer is an error
 * when a function of the program is missing or cannot be relied on.
 */
export function composeStrategies(
  specs: readonly StrategySpec[],
  ask: Ask,
  context: StrategyContext,
  first?: Strategy,
): Ordering | { error: string } {
  const strategies = first ? [first] : [];
  const tieBreaks: Strategy[] = [];
  let last: LastOrder = { kind: "name" };
  for (const spec of [...specs].reverse()) {
    if (spec.kind === "depthFirst") break;
    if (spec.kind === "random") {
      last = { kind: "random", seed: spec.seed ?? context.seed };
      break;
    }
    const made = makeStrategies(spec, ask, context);
    if ("error" in made) return made;
    for (const strategy of made.strategies) addOnce(strategies, strategy);
    if (made.tieBreak) tieBreaks.push(made.tieBreak);
  }
  // Without them equal hosts would be filled by name, one after the other.
  if (last.kind === "name") for (const each of tieBreaks) addOnce(strategies, each);
  const lastId = last.kind === "random" ? `random ${last.seed}` : "name";
  return {
    strategies,
    last,
    id: [...strategies.map(({ name }) => name), lastId].join(" "),
    byType: strategies.some(({ byType }) => byType),
    acrossHosts: strategies.some(({ changes }) => changes === "byBranch"),
  };
}

function addOnce(strategies: Strategy[], strategy: Strategy): void {
  if (!strategies.some(({ name }) => name === strategy.name)) strategies.push(strategy);
}

function makeStrategies(
  spec: Exclude<StrategySpec, { kind: "depthFirst" | "random" }>,
  ask: Ask,
  context: StrategyContext,
): { strategies: Strategy[]; tieBreak?: Strategy } | { error: string } {
  switch (spec.kind) {
    case "breadthFirst":
      return { strategies: [breadthFirst] };
    case "leastContainers":
      return { strategies: [leastContainers] };
    case "lowestCpuUsage":
      return { strategies: [lowestUsage("cpu", spec.maxAgeSeconds)], tieBreak: leastContainers };
    case "lowestMemoryUsage":
      return { strategies: [lowestUsage("memory", spec.maxAgeSeconds)], tieBreak: leastContainers };
    case "binpack":
      return { strategies: [resourceStrategy("binpack", spec)] };
    case "spread":
      return { strategies: [resourceStrategy("spread", spec)], tieBreak: leastContainers };
    case "spreadOver":
      return spec.over.length === 0
        ? { error: "spreadOver needs at least one label" }
        : { strategies: spreadOver(spec.over, context), tieBreak: breadthFirst };
    case "comparator": {
      const compare = context.functions?.comparators?.[spec.name];
      if (!compare) return missing(spec.name, "comparators");
      return guarded(() => comparatorStrategy(spec.name, compare, spec.args, ask, context));
    }
    case "score": {
      const score = context.functions?.scores?.[spec.name];
      if (!score) return missing(spec.name, "scores");
      return { strategies: [scoreStrategy(spec.name, score, spec.args)] };
    }
  }
}

function missing(name: string, kind: string): { error: string } {
  return { error: `there is no function ${name} among the cloud's ${kind}` };
}

function guarded(make: () => Strategy): { strategies: Strategy[] } | { error: string } {
  try {
    return { strategies: [make()] };
  } catch (error) {
    if (error instanceof FunctionFault) return { error: error.message };
    throw error;
  }
}
