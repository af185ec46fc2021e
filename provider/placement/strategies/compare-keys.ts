import type { Ask } from "../constraints/constraint.js";
import type { HostState } from "../host-state.js";
import type { Ordering } from "./strategy.js";

/** Key by key; 0 when only the last order can tell. */
export function compareKeys(ordering: Ordering, ask: Ask, a: HostState, b: HostState): number {
  for (const strategy of ordering.strategies) {
    const difference = strategy.key(ask, a) - strategy.key(ask, b);
    if (difference !== 0) return difference;
  }
  return 0;
}
