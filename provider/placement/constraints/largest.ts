import type { HostState } from "../host-state.js";

/** The host with the largest value; the first by name among equals. `hosts` must not be empty. */
export function largest(
  hosts: readonly HostState[],
  value: (host: HostState) => number,
): HostState {
  return hosts.reduce((best, host) => {
    const difference = value(host) - value(best);
    return difference > 0 || (difference === 0 && host.rank < best.rank) ? host : best;
  });
}
