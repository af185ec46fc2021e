import type { Ask } from "../constraints/constraint.js";
import type { HostState } from "../host-state.js";
import type { Branches } from "../tally.js";

/** Orders hosts by a number that is not NaN: the lowest first. */
export interface Strategy {
  readonly name: string;
  /** True: the key depends on the request's application and type, not on the host alone. */
  readonly byType: boolean;
  /**
   * How a host's key may change while containers are placed. `rises`: it never falls. `freely`: either way, but only
   * when something is placed on that very host. `byBranch`: it never falls, and is the same for all hosts of a branch.
   * `never`: it goes by what is declared alone.
   */
  readonly changes: "rises" | "freely" | "byBranch" | "never";
  /** Of `byBranch`. */
  readonly branches?: Branches;
  /** True: it goes by a sample, which the next plan takes anew. Nothing is moved for a better balance of it. */
  readonly live?: true;
  /** A rebalance moves a container only where the key becomes better by more than this. */
  readonly margin: number;
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
  /** True: what lies on other hosts matters. */
  readonly acrossHosts: boolean;
}
