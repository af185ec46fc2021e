import type { Ask } from "../constraints/constraint.js";
import type { HostState } from "../host-state.js";

/** The host that wins, and the one that would have if the winner were not there. */
export interface Pick {
  winner: HostState;
  next: HostState | undefined;
}

/**
 * Finds the first host of an ordering that accepts a request. There are four, by what the order needs: a scan, a
 * heap, a ring, and bands of rings. All give what the scan gives; they differ in how much they look at.
 */
export interface Picker {
  pick(ask: Ask): Pick | undefined;
}

/** Whether a host still has room; once false it stays false for equal requests. */
export type Accepts = (ask: Ask, host: HostState) => boolean;
