import type { Candidate, NetworkAllocation, NetworkRequest } from "../placement/model.js";
import { listing } from "../placement/words.js";
import { containsAddress, parseAddress, parseCidr, parseCidrLoosely } from "./cidr.js";
import { type DriverName, factsOf, isDriverName } from "./driver-facts.js";

/** A host or machine as far as it matters how others reach it. */
export type Site = Pick<Candidate, "name" | "underlay">;

/** A network's driver, and why it cannot be used if it cannot. */
export interface ChosenDriver {
  driver: DriverName;
  refusal?: string;
}

/** What every network had before drivers were chosen. */
const DEFAULT_DRIVER: DriverName = "vxlan";

/**
 * The driver that the program names; else the one that the network has; else one by where its hosts are. Hosts that are
 * not all at private addresses get encryption unless the program declines it; `auto` takes plain routes for
 * neighbours on one link.
 */
export function chooseDriver(
  network: NetworkRequest,
  members: readonly Site[],
  previous: NetworkAllocation | undefined,
): ChosenDriver {
  const exposed = exposedHosts(members, previous);
  const encrypt = network.encryption ?? exposed.length > 0;
  const named = isDriverName(network.driver) ? network.driver : undefined;
  const said = (driver: DriverName, refusal: string | undefined): ChosenDriver => ({
    driver,
    ...(refusal === undefined ? {} : { refusal: `network ${network.name}: ${refusal}` }),
  });
  if (named === undefined && !previous)
    return said(bestDriver(network, members, encrypt), familyProblem(members));
  const kept = previous?.driver ?? DEFAULT_DRIVER;
  const driver = named ?? (isDriverName(kept) ? kept : DEFAULT_DRIVER);
  return said(
    driver,
    familyProblem(members) ??
      encryptionProblem(network, driver, encrypt, exposed) ??
      neighbourProblem(network, driver, members) ??
      machineProblem(network, driver),
  );
}

/** Links, tunnels and their guards are IPv4, whatever a network carries. */
function familyProblem(members: readonly Site[]): string | undefined {
  const hosts = members.flatMap(({ name, underlay }) =>
    underlay && parseAddress(underlay.address)?.family === 6
      ? [`${name} (${underlay.address})`]
      : [],
  );
  if (hosts.length === 0) return undefined;
  const [verb, each] = hosts.length === 1 ? ["is", "it"] : ["are", "each"];
  return `${listing(hosts)} ${verb} reached by IPv6, and hosts reach each other by IPv4: give ${each} an IPv4 address as privateAddress`;
}

function bestDriver(
  network: NetworkRequest,
  members: readonly Site[],
  encrypt: boolean,
): DriverName {
  if (encrypt) return "wireguard";
  const { strangers } = neighbours(members);
  const all = members.every(({ underlay }) => underlay !== undefined);
  return network.driver === "auto" && all && strangers.length === 0 ? "routed" : DEFAULT_DRIVER;
}

function machineProblem({ machines = [] }: NetworkRequest, driver: DriverName): string | undefined {
  if (machines.length === 0 || factsOf(driver).takesMachines) return undefined;
  const names = machines.map(({ name }) => name);
  return `driver ${driver} takes no machines without Docker, and ${listing(names)} ${names.length === 1 ? "is" : "are"} to join: take driver vxlan, routed or wireguard`;
}

function encryptionProblem(
  network: NetworkRequest,
  driver: DriverName,
  encrypt: boolean,
  exposed: readonly Site[],
): string | undefined {
  const { encrypts } = factsOf(driver);
  if (encrypts === "always" && network.encryption === false)
    return `driver ${driver} always encrypts: leave encryption out, or take driver vxlan`;
  if (!encrypt || encrypts !== "never") return undefined;
  if (network.encryption === true)
    return `driver ${driver} does not encrypt: take driver wireguard, or set encryption to false`;
  const hosts = exposed.map(({ name, underlay }) => `${name} (${underlay?.address})`);
  const verb = hosts.length === 1 ? "is" : "are";
  return `${listing(hosts)} ${verb} not on a private network, and driver ${driver} does not encrypt: take driver wireguard, or set encryption to false`;
}

/**
 * Hosts that are reached over public addresses. Those that were in the network before the plan chose drivers count as
 * the user's decision.
 */
function exposedHosts(members: readonly Site[], previous: NetworkAllocation | undefined): Site[] {
  return members.filter(
    ({ name, underlay }) =>
      underlay !== undefined &&
      isPublic(underlay.address) &&
      !(previous && previous.driver === undefined && previous.hosts[name] !== undefined),
  );
}

/** Ranges that the Internet does not route (IANA's special-purpose registry). */
const NOT_PUBLIC = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/3",
].flatMap((text) => parseCidr(text) ?? []);

/** True for an IPv4 address that anybody on the Internet could reach. */
export function isPublic(text: string): boolean {
  const address = parseAddress(text);
  return address?.family === 4 && !NOT_PUBLIC.some((range) => containsAddress(range, address));
}

function neighbourProblem(
  network: NetworkRequest,
  driver: DriverName,
  members: readonly Site[],
): string | undefined {
  if (!factsOf(driver).neighbours || network.sameLink === true) return undefined;
  const { link, strangers } = neighbours(members);
  if (strangers.length === 0) return undefined;
  const hosts = strangers.map(({ name, underlay }) => `${name} (${underlay?.address})`);
  const where = link === undefined ? "one link" : `the link ${link} of the others`;
  return `driver ${driver} needs neighbours, and ${listing(hosts)} ${hosts.length === 1 ? "is" : "are"} not on ${where}: take driver vxlan, or set sameLink to true if they are`;
}

/** The link that most hosts are on, and the hosts that are not. A host that nobody could look at is let through. */
function neighbours(members: readonly Site[]): { link?: string; strangers: Site[] } {
  const seen = members.filter(({ underlay }) => underlay !== undefined);
  const links = new Set(seen.flatMap((host) => linkOf(host) ?? []));
  let best: { link?: string; strangers: Site[] } = { strangers: seen.length > 1 ? seen : [] };
  for (const link of links) {
    const strangers = seen.filter((host) => linkOf(host) !== link);
    if (strangers.length < best.strangers.length) best = { link, strangers };
  }
  return best;
}

/** The narrowest range that the host routes and that its own address is in. */
function linkOf({ underlay }: Site): string | undefined {
  const address = underlay && parseAddress(underlay.address);
  if (!underlay || !address) return undefined;
  const holding = underlay.routes
    .flatMap((text) => {
      const cidr = parseCidrLoosely(text);
      return cidr && cidr.prefix > 0 && containsAddress(cidr, address) ? [{ text, cidr }] : [];
    })
    .filter(({ cidr }) => cidr.prefix < 32)
    .sort((a, b) => b.cidr.prefix - a.cidr.prefix);
  return holding[0]?.text;
}
