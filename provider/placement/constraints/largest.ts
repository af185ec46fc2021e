import type { HostState } from "../host-state.js";

/** The host with the largest value; among equals the first. `hosts` must not be empty. */
export function largest(
  hosts: readonly HostState[],
  value: (host: HostState) => number,
): HostState {
  return hosts.reduce((best, host) => (value(host) > value(best) ? host : best));
}
