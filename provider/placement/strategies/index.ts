import type { StrategySpec } from "../model.js";
import { breadthFirst } from "./breadth-first.js";
import { leastContainers } from "./least-containers.js";
import type { LastOrder, Ordering, Strategy } from "./strategy.js";

export { compareKeys } from "./compare-keys.js";
export type { Ordering, Strategy } from "./strategy.js";

/**
 * Composes a list of strategies, the cloud's first and the request's after them. Each sorts the hosts anew and
 * stably, so that the last one decides and those before it break its ties. depthFirst and random are orders
 * without ties: what stands before them has no say.
 */
export function composeStrategies(specs: readonly StrategySpec[], planSeed: string): Ordering {
  const strategies: Strategy[] = [];
  let last: LastOrder = { kind: "name" };
  for (const spec of [...specs].reverse()) {
    if (spec.kind === "depthFirst") break;
    if (spec.kind === "random") {
      last = { kind: "random", seed: spec.seed ?? planSeed };
      break;
    }
    const strategy = spec.kind === "breadthFirst" ? breadthFirst : leastContainers;
    if (!strategies.includes(strategy)) strategies.push(strategy);
  }
  const lastId = last.kind === "random" ? `random ${last.seed}` : "name";
  return {
    strategies,
    last,
    id: [...strategies.map(({ name }) => name), lastId].join(" "),
    byType: strategies.some(({ byType }) => byType),
  };
}
