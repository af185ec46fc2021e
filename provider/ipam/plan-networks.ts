import type {
  Candidate,
  NetworkAllocation,
  NetworkRequest,
  PlacementRequest,
  PlanInput,
  Refusal,
} from "../placement/model.js";
import { sortedByName } from "../placement/order.js";
import type { Decisions } from "../placement/place.js";
import { assignAddresses, type AddressSpace } from "./addresses.js";
import { BlockSpace } from "./block-space.js";
import { assignBlocks } from "./blocks.js";
import { carveCidr, checkCidr } from "./choose-cidr.js";
import { chooseDriver, type Site } from "./choose-driver.js";
import {
  type Cidr,
  containsAddress,
  formatAddress,
  formatCidr,
  parseAddress,
  parseCidr,
} from "./cidr.js";
import { type DriverName, factsOf, isDriverName } from "./driver-facts.js";
import { gatewayPlace } from "./gateway.js";
import { replacedUnderOthers } from "./in-use.js";
import { chooseRanges6, inIPv4, withIPv6 } from "./ipv6-ranges.js";
import { assignMachines, heldByMachines } from "./machines.js";
import { chooseMtu } from "./mtu.js";
import { checkNames, recordsOf } from "./names.js";
import { withoutLostRanges } from "./lost-ranges.js";
import { HostRanges, type Occupied, occupiedVnis } from "./occupied.js";
import { tailAddresses } from "./tail.js";
import { Twins } from "./twins.js";
import { chooseVni } from "./vni.js";
import { zonePortRefusals } from "./zone-ports.js";

export interface NetworkPlan {
  networks: Record<string, NetworkAllocation>;
  /** Names on networks that earlier plans made. */
  addedNames: Record<string, Record<string, string[]>>;
  /** By the position of the request, then by network; an address that is not decided yet is absent. */
  addresses: (Record<string, string> | undefined)[];
  /** Networks of which nothing can be said before all hosts exist. */
  pending: string[];
  refusals: Refusal[];
}

/** Plans all networks for requests whose hosts are decided. */
export function planNetworks(whole: PlanInput, decisions: Decisions): NetworkPlan {
  const spelled = withoutLostRanges(whole);
  const plan: NetworkPlan = {
    networks: {},
    addedNames: {},
    addresses: new Array<Record<string, string> | undefined>(whole.requests.length),
    pending: [],
    refusals: [],
  };
  const hosts = sortedByName(spelled.candidates);
  const cidrs = chooseCidrs(spelled, hosts, plan);
  const ranges6 = chooseRanges6(spelled, sitesOf(spelled, hosts), cidrs);
  for (const { network, sentence } of ranges6.refusals)
    plan.refusals.push(refusal(network, sentence));
  // Its names and addresses are of both families, so without the one range nothing is said of it.
  for (const name of ranges6.pending) if (cidrs.delete(name)) plan.pending.push(name);
  const twins = new Map(
    [...cidrs].flatMap(([name, cidr]) => {
      const cidr6 = ranges6.chosen.get(name);
      return cidr6 ? [[name, new Twins(cidr, cidr6)] as const] : [];
    }),
  );
  const input = inIPv4(spelled, twins);
  const vnis = occupiedVnis(input);
  for (const network of input.networks) {
    const cidr = cidrs.get(network.name);
    if (!cidr) continue;
    const previous = input.previous.networks[network.name];
    const own = hosts.flatMap((host) => host.ownNetworks?.[network.name] ?? [])[0];
    const vni = previous?.vni ?? own?.vni ?? chooseVni(input.seed, network.name, vnis);
    vnis.add(vni);
    const members = hosts.filter(
      (host) => host.notReady === undefined || previous?.hosts[host.name] !== undefined,
    );
    const machines = network.machines ?? [];
    const sites = [...members, ...machines];
    const { driver, refusal: wrongDriver } = chooseDriver(network, sites, previous);
    if (wrongDriver !== undefined) plan.refusals.push(refusal(network.name, wrongDriver));
    const inUse = replacedUnderOthers(network.name, input, { cidr: formatCidr(cidr), driver });
    if (inUse !== undefined) plan.refusals.push(refusal(network.name, inUse));
    const cidr6 = ranges6.chosen.get(network.name);
    const mtu = network.mtu ?? mtuOf(sites, previous, driver);
    if (cidr6) {
      const problem = ipv6Problem(driver, mtu);
      if (problem !== undefined)
        plan.refusals.push(refusal(network.name, `network ${network.name}: ${problem}`));
    }
    const held = heldByMachines(network, previous);
    const gateway = gatewayPlace(network, cidr, driver);
    const blocks = assignBlocks(network, cidr, members, previous, held, gateway.place);
    for (const sentence of [gateway.refusal ?? [], blocks.refusals].flat())
      plan.refusals.push(refusal(network.name, sentence));
    const { addresses, refusals } = assignMachines(
      network,
      cidr,
      [...blocks.spaces.values()],
      previous,
      machines.length === 0 ? new Set() : heldByContainers(network.name, input),
    );
    refuseMachines(network, previous, refusals, plan);
    const reserved = [
      ...network.reserved,
      ...(factsOf(driver).ownLink ? [network.gateway ?? []].flat() : []),
    ];
    const allocation: NetworkAllocation = {
      cidr: formatCidr(cidr),
      ...(cidr6 ? { cidr6: formatCidr(cidr6) } : {}),
      driver,
      vni,
      mtu,
      hosts: blocks.hosts,
      ...(machines.length > 0 ? { machines: machinesOf(network, addresses, previous) } : {}),
      records: {},
      ...(reserved.length > 0 ? { reserved } : {}),
      ...(network.zone === undefined ? {} : { zone: network.zone }),
      ...(blocks.retired.length > 0 ? { retired: blocks.retired } : {}),
    };
    plan.networks[network.name] = allocation;
    const { name } = network;
    const { spaces } = blocks;
    const used6 = twins.get(name)?.used;
    const kept = { reserved: keptBack(allocation, cidr), taken: addresses };
    handOut({ name, cidr, ...(used6 ? { used6 } : {}), ...kept, spaces }, input, decisions, plan);
  }
  for (const [name, allocation] of Object.entries(input.given?.networks ?? {})) {
    if (plan.networks[name]) continue;
    handOut(spaceOf(name, allocation), input, decisions, plan);
    for (const problem of checkNames(name, input.requests, input.given?.requests)) {
      plan.refusals.push(refusal(name, problem));
    }
    const records = withIPv6(recordsOf(name, input.requests, plan.addresses), Twins.of(allocation));
    if (Object.keys(records).length > 0) plan.addedNames[name] = records;
  }
  for (const network of input.networks) {
    const { machines = [] } = network;
    const named =
      machines.length === 0 ? input.requests : [...input.requests, ...namesOfMachines(network)];
    for (const problem of checkNames(network.name, named)) {
      plan.refusals.push(refusal(network.name, problem));
    }
    const allocation = plan.networks[network.name];
    if (!allocation) continue;
    const ofMachines = machines.map(({ name }) => {
      const address = allocation.machines?.[name]?.address;
      return address === undefined ? undefined : { [network.name]: address };
    });
    const addresses = machines.length === 0 ? plan.addresses : [...plan.addresses, ...ofMachines];
    const records = recordsOf(network.name, named, addresses);
    allocation.records = withIPv6(records, twins.get(network.name));
    addExtras(network.name, allocation, input.requests, decisions, plan);
  }
  for (const [name, sentence] of zonePortRefusals(input))
    plan.refusals.push(refusal(name, sentence));
  refuseUnknownNetworks(input, plan);
  return plan;
}

/** Kept and fixed ranges first, so that new ones go round them. */
function chooseCidrs(
  input: PlanInput,
  hosts: readonly Candidate[],
  plan: NetworkPlan,
): Map<string, Cidr> {
  const ranges = new HostRanges(sitesOf(input, hosts));
  const chosen = new Map<string, Cidr>();
  const others = new Map<string, Occupied[]>();
  const occupy = (name: string, text: string, what: string): void => {
    const cidr = parseCidr(text);
    if (cidr) others.set(name, [...(others.get(name) ?? []), { cidr, what }]);
  };
  for (const [name, { cidr }] of Object.entries(input.given?.networks ?? {})) {
    occupy(name, cidr, `network ${name} (${cidr})`);
  }
  const wanted = new Set(input.networks.map(({ name }) => name));
  for (const [name, { cidr }] of Object.entries(input.previous.networks)) {
    const leaving = wanted.has(name) ? "" : ", which leaves in this update";
    occupy(name, cidr, `network ${name} (${cidr})${leaving}`);
  }
  const rest = (name: string): Occupied[] =>
    [...others].filter(([other]) => other !== name).flatMap(([, occupied]) => occupied);

  const carved: NetworkRequest[] = [];
  const unknown = new Set(input.undecided?.networks);
  for (const network of input.networks) {
    if (unknown.has(network.name)) {
      plan.pending.push(network.name);
      continue;
    }
    const text = network.cidr ?? keptCidr(network.name, input, hosts);
    if (text === undefined) {
      carved.push(network);
      continue;
    }
    const own = [...ownRanges(network.name, input, hosts), ...lanOf(network, text)];
    const result = checkCidr(network, text, ranges, rest(network.name), own);
    if ("refusal" in result) plan.refusals.push(refusal(network.name, result.refusal));
    else {
      chosen.set(network.name, result.cidr);
      occupy(network.name, text, `network ${network.name} (${text})`);
    }
  }
  // A network still to be decided may take the next range, and a host that does not exist yet may bring a route that
  // is in the way.
  const undecided =
    unknown.size > 0 ||
    [...hosts, ...machinesIn(input)].some(({ pending }) => pending === true) ||
    input.undecided?.earlier === true;
  for (const network of carved) {
    if (undecided) {
      plan.pending.push(network.name);
      continue;
    }
    const result = carveCidr(network, input.pool, ranges, rest(network.name));
    if ("refusal" in result) plan.refusals.push(refusal(network.name, result.refusal));
    else {
      chosen.set(network.name, result.cidr);
      const text = formatCidr(result.cidr);
      occupy(network.name, text, `network ${network.name} (${text})`);
    }
  }
  return chosen;
}

function machinesIn({ networks }: PlanInput) {
  return networks.flatMap(({ machines = [] }) => machines);
}

/** Whoever may have a range in use. */
function sitesOf(input: PlanInput, hosts: readonly Candidate[]) {
  return [...hosts, ...machinesIn(input).map((machine) => ({ ...machine, networks: [] }))];
}

/** Smallest MTU that IPv6 hosts must take (RFC 8200). */
const IPV6_MTU = 1280;

function ipv6Problem(driver: DriverName, mtu: number): string | undefined {
  if (!factsOf(driver).ipv6)
    return `driver ${driver} carries no IPv6: take driver vxlan, routed, wireguard or ovs, or leave ipv6 and cidr6 out`;
  if (mtu < IPV6_MTU) return `MTU ${mtu} is too small for IPv6, which needs ${IPV6_MTU}`;
  return undefined;
}

function keptCidr(name: string, input: PlanInput, hosts: readonly Candidate[]): string | undefined {
  const seen = hosts.flatMap((host) => host.ownNetworks?.[name]?.cidr ?? [])[0];
  return input.previous.networks[name]?.cidr ?? seen;
}

/** Ranges that hosts route because the network is there already. */
function ownRanges(name: string, input: PlanInput, hosts: readonly Candidate[]): Cidr[] {
  const texts = new Set(hosts.flatMap((host) => host.ownNetworks?.[name]?.cidr ?? []));
  const previous = input.previous.networks[name];
  if (previous) texts.add(previous.cidr);
  return [...texts].flatMap((text) => parseCidr(text) ?? []);
}

/** On the hosts' own LAN a network may have the LAN's CIDR, although the hosts route it already. */
function lanOf({ driver }: NetworkRequest, text: string): Cidr[] {
  if (!isDriverName(driver) || !factsOf(driver).ownLink) return [];
  return [parseCidr(text) ?? []].flat();
}

/** Addresses that no container gets: reserved ones, those of the hosts themselves on their own link, and what the driver needs. */
function keptBack({ driver, hosts, reserved = [] }: NetworkAllocation, cidr: Cidr): string[] {
  const { ownLink, keepsTail } = factsOf(isDriverName(driver) ? driver : "vxlan");
  return [
    ...reserved,
    ...(ownLink ? Object.values(hosts).map(({ underlay }) => underlay) : []),
    ...(keepsTail ? tailAddresses(cidr) : []),
  ];
}

function mtuOf(
  members: readonly Site[],
  previous: NetworkAllocation | undefined,
  driver: DriverName,
): number {
  const seen = members.flatMap(({ underlay }) => (underlay ? [underlay.mtu] : []));
  const { overhead } = factsOf(driver);
  return chooseMtu(seen, previous?.mtu, seen.length === members.length, overhead);
}

/** A machine that cannot be reached stays where it is, and does not join. */
function refuseMachines(
  { name, machines = [] }: NetworkRequest,
  previous: NetworkAllocation | undefined,
  refusals: readonly string[],
  plan: NetworkPlan,
): void {
  for (const { name: machine, notReady } of machines) {
    if (notReady !== undefined && previous?.machines?.[machine] === undefined)
      plan.refusals.push(refusal(name, `network ${name}: ${machine} ${notReady}`));
  }
  for (const sentence of refusals) plan.refusals.push(refusal(name, sentence));
}

/** Addresses on a network that its containers have, had in the plan before, or fix. */
function heldByContainers(network: string, input: PlanInput): Set<string> {
  const { previous, given, candidates, requests } = input;
  const promised = [previous, ...(given ? [given] : [])].flatMap(({ assignments }) =>
    Object.values(assignments).map(({ addresses }) => addresses[network]),
  );
  const used = candidates.flatMap(({ usedAddresses }) => usedAddresses?.[network] ?? []);
  const fixed = requests.flatMap(({ networks }) =>
    networks.filter((each) => each.network === network).map(({ address }) => address),
  );
  return new Set([...promised, ...used, ...fixed].filter((address) => address !== undefined));
}

function machinesOf(
  { machines = [] }: NetworkRequest,
  addresses: ReadonlyMap<string, string>,
  previous: NetworkAllocation | undefined,
): NonNullable<NetworkAllocation["machines"]> {
  return Object.fromEntries(
    machines.flatMap(({ name, underlay }) => {
      const address = addresses.get(name);
      const at = underlay?.address ?? previous?.machines?.[name]?.underlay ?? "";
      return address === undefined ? [] : [[name, { address, underlay: at }]];
    }),
  );
}

/** Machines have names on a network as containers do. */
function namesOfMachines({
  name: network,
  machines = [],
}: NetworkRequest): Pick<PlacementRequest, "name" | "networks">[] {
  return machines.map(({ name, aliases }) => ({ name, networks: [{ network, aliases }] }));
}

/** Addresses that lie in no block of their host: drivers that route blocks need to know of them. */
function addExtras(
  network: string,
  { hosts }: NetworkAllocation,
  requests: PlanInput["requests"],
  decisions: Decisions,
  plan: NetworkPlan,
): void {
  const blocks = new Map(
    Object.entries(hosts).map(([name, host]) => [name, { host, block: parseCidr(host.block) }]),
  );
  requests.forEach((_, index) => {
    const found = blocks.get(decisions.placed[index]?.host ?? "");
    const text = plan.addresses[index]?.[network];
    const address = text === undefined ? undefined : parseAddress(text);
    if (!found?.block || !address || containsAddress(found.block, address)) return;
    found.host.extra = [...(found.host.extra ?? []), formatAddress(address)].sort();
  });
}

function spaceOf(name: string, allocation: NetworkAllocation): AddressSpace {
  const cidr = parseCidr(allocation.cidr) ?? { family: 4, base: 0n, prefix: 32 };
  const spaces = new Map<string, BlockSpace>();
  for (const [host, { block, gateway }] of Object.entries(allocation.hosts)) {
    const [parsed, at] = [parseCidr(block), parseAddress(gateway)];
    if (parsed) spaces.set(host, new BlockSpace(parsed, at && Number(at.value - parsed.base)));
  }
  const machines = Object.entries(allocation.machines ?? {});
  const taken = new Map(machines.map(([machine, { address }]) => [machine, address]));
  const used6 = Twins.of(allocation)?.used;
  const reserved = keptBack(allocation, cidr);
  return { name, cidr, ...(used6 ? { used6 } : {}), reserved, spaces, taken };
}

function handOut(
  space: AddressSpace,
  input: PlanInput,
  decisions: Decisions,
  plan: NetworkPlan,
): void {
  const { addresses, refusals } = assignAddresses(space, input, decisions);
  addresses.forEach((address, index) => {
    if (address !== undefined) (plan.addresses[index] ??= {})[space.name] = address;
  });
  plan.refusals.push(...refusals);
}

/** A request on a network that nobody asked for. */
function refuseUnknownNetworks(input: PlanInput, plan: NetworkPlan): void {
  const known = new Set(input.networks.map(({ name }) => name));
  for (const name of Object.keys(input.given?.networks ?? {})) known.add(name);
  for (const request of input.requests) {
    for (const { network } of request.networks) {
      if (known.has(network)) continue;
      plan.refusals.push({
        name: request.name,
        about: "request",
        sentence: `no address for ${request.name}: there is no network ${network} in the cloud`,
        hosts: [],
      });
    }
  }
}

function refusal(name: string, sentence: string): Refusal {
  return { name, about: "network", sentence, hosts: [] };
}
