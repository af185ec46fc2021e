import type {
  Assignment,
  NetworkAllocation,
  PlanInput,
  PlanResult,
} from "../../placement/model.js";
import { isUnknown, UNKNOWN } from "../../unknown.js";
import type { PlacementInputs, PlanNetwork } from "./inputs.js";

/** What the row of a container says that waits for a host. */
export const AFTER_HOSTS = "placed after hosts exist";
const AFTER_INPUTS = "placed when its inputs are known";

/** An unknown value stands in place of any type. */
const unknown = UNKNOWN as never;

/** Every request's assignment: what is decided is known, the rest unknown leaf by leaf. */
export function toAssignments(
  news: PlacementInputs,
  input: PlanInput,
  result: PlanResult,
): Record<string, Assignment> {
  const vague = new Set(input.undecided?.requests);
  const pending = new Set(result.pending.requests);
  const assignments: Record<string, Assignment> = {};
  for (const { name, networks, revision } of news.requests) {
    const assignment = result.assignments[name];
    if (!assignment && !pending.has(name)) continue;
    const names = isUnknown(networks) ? [] : networks.map(({ network }) => network);
    const addresses = Object.fromEntries(
      names
        .filter((network) => !isUnknown(network))
        .map((network) => [network, assignment?.addresses[network] ?? UNKNOWN]),
    );
    assignments[name] = assignment
      ? { ...assignment, addresses }
      : {
          host: UNKNOWN,
          addresses: isUnknown(networks) ? unknown : addresses,
          score: unknown,
          reason: vague.has(name) ? AFTER_INPUTS : AFTER_HOSTS,
          revision,
        };
  }
  return assignments;
}

/** Every network's allocation in the same way; `assignments` as `toAssignments` gives them. */
export function toAllocations(
  news: PlacementInputs,
  input: PlanInput,
  result: PlanResult,
  assignments: Readonly<Record<string, Assignment>>,
): Record<string, NetworkAllocation> {
  const allocations: Record<string, NetworkAllocation> = {};
  for (const network of news.networks) {
    const allocation = result.networks[network.name];
    if (!allocation && !result.pending.networks.includes(network.name)) continue;
    const shown = allocation
      ? withUnknowns(network, allocation, input)
      : allUnknown(network, input);
    const known = { ...namesOfMachines(network, shown), ...shown.records };
    const records = withUnknownNames(network.name, known, input, assignments);
    allocations[network.name] = { ...shown, records };
  }
  return allocations;
}

/** The names that this plan adds to networks of earlier plans, in the same way. */
export function toAddedNames(
  news: PlacementInputs,
  input: PlanInput,
  result: PlanResult,
  assignments: Readonly<Record<string, Assignment>>,
): Record<string, Record<string, string[]>> {
  const own = new Set(news.networks.map(({ name }) => name));
  const earlier = input.requests
    .flatMap(({ networks }) => networks.map(({ network }) => network))
    .filter((network) => !own.has(network));
  const added = [...new Set(earlier)].sort().map((network) => {
    const known = result.addedNames[network] ?? {};
    return [network, withUnknownNames(network, known, input, assignments)] as const;
  });
  return Object.fromEntries(added.filter(([, records]) => Object.keys(records).length > 0));
}

/** Names of machines whose addresses are not known. */
function namesOfMachines(
  { machines }: PlanNetwork,
  allocation: NetworkAllocation,
): Record<string, string[]> {
  if (machines === undefined || isUnknown(machines)) return {};
  const waiting = machines.filter(({ name }) => isUnknown(allocation.machines?.[name]?.address));
  const names = waiting.flatMap(({ name, aliases }) => [
    name,
    ...(isUnknown(aliases) ? [] : aliases),
  ]);
  return Object.fromEntries(names.map((name) => [name.toLowerCase(), unknown]));
}

/** A name is known, and its addresses are not, while the container's address is not. */
function withUnknownNames(
  network: string,
  known: Record<string, string[]>,
  input: PlanInput,
  assignments: Readonly<Record<string, Assignment>>,
): Record<string, string[]> {
  const records = { ...known };
  for (const request of input.requests) {
    const attachment = request.networks.find((each) => each.network === network);
    const address = assignments[request.name]?.addresses;
    if (!attachment || (!isUnknown(address) && !isUnknown(address?.[network]))) continue;
    for (const name of [request.name, ...attachment.aliases]) {
      records[name.toLowerCase()] = unknown;
    }
  }
  return records;
}

/** The underlay of a host that does not exist yet, and the MTU, to which it may have to bend. */
function withUnknowns(
  network: PlanNetwork,
  allocation: NetworkAllocation,
  input: PlanInput,
): NetworkAllocation {
  const machines = input.networks.find(({ name }) => name === network.name)?.machines ?? [];
  const pending = new Set(
    [...input.candidates, ...machines]
      .filter((host) => host.pending === true)
      .map(({ name }) => name),
  );
  if (pending.size === 0) return allocation;
  const before = input.previous.networks[network.name];
  return {
    ...allocation,
    driver: before ? (allocation.driver ?? unknown) : driverOf(network),
    mtu: network.mtu ?? unknown,
    hosts: withoutUnderlay(allocation.hosts, pending),
    ...(allocation.machines ? { machines: withoutUnderlay(allocation.machines, pending) } : {}),
  };
}

function withoutUnderlay<T extends { underlay: string }>(
  all: Record<string, T>,
  pending: ReadonlySet<string>,
): Record<string, T> {
  return Object.fromEntries(
    Object.entries(all).map(([name, each]) => [
      name,
      pending.has(name) ? { ...each, underlay: UNKNOWN } : each,
    ]),
  );
}

function allUnknown(network: PlanNetwork, input: PlanInput): NetworkAllocation {
  const hosts = input.candidates.filter(({ notReady }) => notReady === undefined);
  return {
    cidr: network.cidr ?? UNKNOWN,
    driver: driverOf(network),
    vni: unknown,
    mtu: network.mtu ?? unknown,
    hosts: Object.fromEntries(
      hosts.map(({ name }) => [name, { block: UNKNOWN, gateway: UNKNOWN, underlay: UNKNOWN }]),
    ),
    ...machinesUnknown(network),
    records: {},
  };
}

function machinesUnknown({ machines }: PlanNetwork): Pick<NetworkAllocation, "machines"> {
  if (machines === undefined) return {};
  if (isUnknown(machines)) return { machines: unknown };
  return {
    machines: Object.fromEntries(
      machines.map(({ name, address }) => [
        name,
        { address: address ?? UNKNOWN, underlay: UNKNOWN },
      ]),
    ),
  };
}

/** The driver, where the program names it; else it depends on where the hosts will be. */
function driverOf({ driver }: PlanNetwork): string {
  return driver === undefined || driver === "auto" ? unknown : driver;
}

/**
 * The supply, where it was asked for. A headroom of resources cannot be counted while nobody knows what a host offers that
 * is yet to be made, or what a container asks for; one of places can.
 */
export function toHostSupply(
  { supply: spec, candidates, undecided }: PlanInput,
  { supply }: PlanResult,
): Pick<PlacementInputs, "hostSupply"> {
  if (!supply || !spec) return {};
  const isOfPlaces = "count" in spec.headroom || "percent" in spec.headroom;
  const isSized = candidates.every(
    ({ pending, cpus, memoryBytes }) =>
      pending !== true || (Number.isFinite(cpus) && Number.isFinite(memoryBytes)),
  );
  const isAsked = undecided === undefined || undecided.requests.length === 0;
  return { hostSupply: isOfPlaces || (isSized && isAsked) ? supply : unknown };
}
