import type { Ask } from "../constraints/constraint.js";
import type { HostState } from "../host-state.js";

/**
 * Orders hosts by a number: the lowest first. While one plan is made a host's key may rise but must never fall
 * (containers are only added); the heap relies on it.
 */
export interface Strategy {
  readonly name: string;
  /** True: the key depends on the request's application and type, not on the host alone. */
  readonly byType: boolean;
  key(ask: Ask, host: HostState): number;
  /** What users see beside the reason: higher is better. */
  score(ask: Ask, host: HostState): number;
  /** Why the winner's key beats the next host's: `fewest containers: 0 here, 1 on h2`. */
  better(ask: Ask, winner: HostState, next: HostState): string;
  /** The same when both keys are equal: `fewest containers: 1 here and on h2`. */
  equal(ask: Ask, winner: HostState, next: HostState): string;
}

/** What decides when every key is equal. */
export type LastOrder = { kind: "name" } | { kind: "random"; seed: string };

/** A list of strategies as one order of hosts: keys from the most to the least important, then the last order. */
export interface Ordering {
  readonly strategies: readonly Strategy[];
  readonly last: LastOrder;
  /** Equal for equal orderings. */
  readonly id: string;
  readonly byType: boolean;
}
