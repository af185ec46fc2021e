import type { HostConnection } from "../host/connection.js";
import { wayTo } from "../host/lost-hosts.js";
import type { DriverName } from "../ipam/driver-facts.js";
import type { Twins } from "../ipam/twins.js";

/**
 * Somebody takes over from a container on one network: its replacement beside it or on another host, or itself with
 * another address.
 */
export interface Succession {
  /** Logical name of both. */
  container: string;
  /** Where the old one runs, and its address. */
  host: string;
  address: string;
  /** The planned address. */
  next: string;
  /** Names lead to the old one until the new one is ready. */
  serves: boolean;
  /** This run has led the names to the new one. Absent: not yet, or an earlier run has. */
  isOver?: true;
}

/** A network as a plan of this run has seen it. */
export interface SeenNetwork {
  driver: DriverName;
  /** Hosts and machines that are on it and answered. */
  hosts: readonly HostConnection[];
  successions: readonly Succession[];
  /** Absent: the network has no IPv6. */
  twins?: Twins;
}

/** By the network's owner, then by the plan's: a later plan adds containers to an earlier one's network. */
const seen = new Map<string, Map<string, SeenNetwork>>();

/**
 * What the plan has just seen on a network, in place of what it saw before. Holds for this process, which serves one run: it
 * is what is there, so no state may keep it, and a run that is begun again looks anew.
 */
export function noteSuccessions(network: string, plan: string, found: SeenNetwork): void {
  const plans = seen.get(network) ?? new Map<string, SeenNetwork>();
  seen.set(network, plans.set(plan, found));
}

/** Names lead to these addresses by now: nobody serves for them any more. */
export function noteHandedOver(network: string, addresses: readonly string[]): void {
  for (const [plan, found] of seen.get(network) ?? []) {
    const successions = found.successions.map((each) =>
      addresses.includes(each.next) ? { ...each, serves: false, isOver: true as const } : each,
    );
    noteSuccessions(network, plan, { ...found, successions });
  }
}

/** Addresses, of both families, that take over from the one a container has, and that this run has not led its names to. */
export function nextOn(network: string, container: string, address: string): string[] {
  return plansOf(network).flatMap(({ successions, twins }) =>
    successions
      .filter((each) => each.container === container && each.address === address && !each.isOver)
      .flatMap(({ next }) => [next, twins?.ipv6(next) ?? []].flat()),
  );
}

export function successionsOn(network: string): Succession[] {
  return plansOf(network).flatMap(({ successions }) => successions);
}

/** By the address whose container is not ready yet: whom names lead to until then. Of both address families. */
export function servingOn(network: string): ReadonlyMap<string, string> {
  return new Map(
    plansOf(network).flatMap(({ successions, twins }) =>
      successions.flatMap(({ serves, next, address }): [string, string][] => {
        if (!serves) return [];
        const [next6, address6] = [twins?.ipv6(next), twins?.ipv6(address)];
        const ipv6 = next6 !== undefined && address6 !== undefined;
        return [[next, address], ...(ipv6 ? [[next6, address6] satisfies [string, string]] : [])];
      }),
    ),
  );
}

/**
 * The same as one host is to have it. Only who answered the plan is told when a container is ready; on others, names lead at once
 * to where they will.
 */
export function servingAt(
  network: string,
  connection: HostConnection,
): ReadonlyMap<string, string> {
  const way = wayTo(connection);
  const isTold = whoHasNames(network)?.hosts.some((host) => wayTo(host) === way) === true;
  return isTold ? servingOn(network) : new Map();
}

/** Who has names of the network, each once. Undefined: no plan of this run has it. */
export function whoHasNames(network: string): Pick<SeenNetwork, "driver" | "hosts"> | undefined {
  const plans = plansOf(network);
  if (!plans[0]) return undefined;
  const hosts = plans.flatMap((plan) => plan.hosts);
  const once = new Map(hosts.map((connection) => [wayTo(connection), connection]));
  return { driver: plans[0].driver, hosts: [...once.values()] };
}

/** Tests start anew. */
export function forgetSuccessions(): void {
  seen.clear();
}

function plansOf(network: string): SeenNetwork[] {
  return [...(seen.get(network)?.values() ?? [])];
}
