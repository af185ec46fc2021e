import type { HostConnection } from "./connection.js";

const lost = new Set<string>();

/**
 * The plan of this run has placed anew what was on this host, which cannot be reached. Deleting the old containers, and
 * bringing networks up to date there, then waits until it is back instead of failing the run: the plan keeps count.
 */
export function giveUpForNow(connection: HostConnection): void {
  lost.add(wayTo(connection));
}

/** See giveUpForNow. Holds for this process, which serves one run. */
export function isGivenUp(connection: HostConnection): boolean {
  return lost.has(wayTo(connection));
}

/** Tests start anew. */
export function forgetLostHosts(): void {
  lost.clear();
}

/** One text for each host, whatever it is called. */
export function wayTo(connection: HostConnection): string {
  return connection.kind === "local"
    ? "local"
    : `${connection.user}@${connection.address}:${connection.port}`;
}
