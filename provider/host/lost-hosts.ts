import type { HostConnection, SshEndpoint } from "./connection.js";

/** By the way to a host: the containers there of which the plan keeps count. */
const lost = new Map<string, Set<string>>();

/**
 * This host cannot be reached, and the plan of this run goes on without it: bringing networks up to date there waits
 * until it is back instead of failing the run. So does deleting the old containers of these `names`, which the plan has
 * noted to remove then. Every other deletion there fails as ever: nobody would come back to it.
 */
export function giveUpForNow(connection: HostConnection, names: readonly string[]): void {
  const way = wayTo(connection);
  lost.set(way, new Set([...(lost.get(way) ?? []), ...names]));
}

/** See giveUpForNow. Holds for this process, which serves one run. */
export function isGivenUp(connection: HostConnection): boolean {
  return lost.has(wayTo(connection));
}

/** Whether the plan removes what this container left on the host once that is back. */
export function isRemovedLater(connection: HostConnection, name: string): boolean {
  return lost.get(wayTo(connection))?.has(name) === true;
}

/** Tests start anew. */
export function forgetLostHosts(): void {
  lost.clear();
}

/** One text for each host, whatever it is called. The same address behind another jump host is another host. */
export function wayTo(connection: HostConnection): string {
  if (connection.kind === "local") return "local";
  const { jump } = connection;
  return jump ? `${endpoint(connection)} through ${endpoint(jump)}` : endpoint(connection);
}

function endpoint({ user, address, port }: SshEndpoint): string {
  return `${user}@${address}:${port}`;
}
