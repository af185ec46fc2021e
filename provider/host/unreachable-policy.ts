import type { HostConnection, HostOptions } from "./connection.js";
import { wayTo } from "./lost-hosts.js";

type Policy = HostOptions["whenUnreachable"];

const said = new Map<string, Policy>();

/**
 * What the program of this run says of its hosts. A deletion knows only the state, which holds what an earlier run said;
 * so a host can be given up and what is on it be taken out of the program in one up.
 */
export function notePolicies(connections: readonly HostConnection[]): void {
  for (const connection of connections) said.set(wayTo(connection), connection.whenUnreachable);
}

/** What to do with a host that cannot be reached: as this run's program says, else as the state does. */
export function whenUnreachable(connection: HostConnection): Policy {
  return said.get(wayTo(connection)) ?? connection.whenUnreachable;
}

/** Tests start anew. */
export function forgetPolicies(): void {
  said.clear();
}
