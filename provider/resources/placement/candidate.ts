import type { ContainerSummary, DockerNetwork } from "../../host/docker-types.js";
import type { EngineSnapshot, HostSnapshot } from "../../host/observe.js";
import { devicesOf, type HeldPort, portsOf } from "../../host/held.js";
import { isNotInstalled } from "../../host/engine-problem.js";
import { LABELS } from "../../host/ownership.js";
import { reservationOf, type Reservation } from "../../host/reservations.js";
import type { TakenPorts } from "../../host/taken-ports.js";
import type { Candidate, CandidateContainer } from "../../placement/model.js";
import type { PortRange } from "../../placement/port-table.js";
import { hasUnknown } from "../../unknown.js";
import { factsOf } from "./host-facts.js";
import type { PlanHost } from "./inputs.js";
import { addressesOf, isAlive, isReady, planNamesOf } from "./listed-container.js";
import { underlayOf } from "./underlay.js";

/** Whose objects are this plan's: owner label -> name in the plan. */
export interface Owners {
  requests: ReadonlyMap<string, string>;
  /** Those of earlier plans as well. */
  networks: ReadonlyMap<string, string>;
  /** Owner labels of the networks that this plan decides. */
  planned: ReadonlySet<string>;
}

/** A host as placement sees it: what the program declares, over what was observed; unknown means it is yet to be made. */
export function toCandidate(
  host: PlanHost,
  snapshot: HostSnapshot | undefined,
  owners: Owners,
): Candidate {
  const machine = snapshot?.reachable === true ? snapshot.machine : undefined;
  const engine = snapshot?.reachable === true ? snapshot.engine : undefined;
  const unknown = snapshot === undefined;
  const candidate: Candidate = {
    name: host.name,
    labels: hasUnknown(host.labels) ? {} : host.labels,
    // What is not declared of a host that cannot be seen speaks against nothing.
    cpus: known(host.capacity.cpus) ?? engine?.info.NCPU ?? machine?.cpus ?? Infinity,
    memoryBytes:
      known(host.capacity.memoryBytes) ?? engine?.info.MemTotal ?? machine?.memoryBytes ?? Infinity,
    headroom: hasUnknown(host.headroom) ? { cpus: 0, memoryBytes: 0 } : host.headroom,
    others: [],
    own: {},
    networks: [],
    volumes: [],
    ownNetworks: {},
    usedAddresses: {},
    ...factsOf(host, snapshot),
  };
  if (known(host.maxContainers) !== undefined) candidate.maxContainers = Number(host.maxContainers);
  if (unknown) candidate.pending = true;
  if (unknown && hasUnknown(host.labels)) candidate.labelsUnknown = true;
  if (snapshot) Object.assign(candidate, readinessOf(snapshot, host.name));
  if (machine) {
    candidate.underlay = underlayOf(machine, known(host.underlay));
  }
  if (snapshot?.reachable === true && snapshot.taken) {
    const takenPorts = takenFrom(snapshot.taken, engine?.containers ?? [], owners);
    if (takenPorts.length > 0) candidate.takenPorts = takenPorts;
  }
  if (machine && !engine) candidate.volumesUnknown = true;
  if (engine && machine) addEngine(candidate, engine, machine.reservations, owners);
  return candidate;
}

/**
 * What a container publishes is known by it, whoever listens there for it; and what networks have open follows from the
 * requests of the plans. So does which hosts serve a zone; that of an earlier plan is asked for where it is as well, as plans of before do not say it.
 */
function takenFrom(
  taken: readonly TakenPorts[],
  containers: readonly ContainerSummary[],
  { networks, planned }: Owners,
): PortRange[] {
  const published = new Set(containers.flatMap(portsOf).map(portKey));
  return taken.flatMap(({ network, zone, ...range }) => {
    if (network !== undefined && networks.has(network)) return [];
    if (zone !== undefined && planned.has(zone)) return [];
    const { first, last, protocol } = range;
    return first === last && published.has(portKey({ hostPort: first, protocol })) ? [] : [range];
  });
}

function portKey({ hostPort, protocol }: Pick<HeldPort, "hostPort" | "protocol">): string {
  return `${hostPort}/${protocol}`;
}

/** A machine that answers without its Docker is not empty: what runs there was not seen. */
function readinessOf(snapshot: HostSnapshot, host: string): Partial<Candidate> {
  if (!snapshot.reachable) {
    const { code, message } = snapshot.problem;
    return { notReady: whyNot(message, host), ...(code === "unreachable" ? { lost: true } : {}) };
  }
  const { engine, engineProblem } = snapshot;
  if (engine || !engineProblem) return {};
  return isNotInstalled(engineProblem)
    ? { withoutDocker: true }
    : { notReady: whyNot(engineProblem.message, host) };
}

function known<T>(value: T | undefined): T | undefined {
  return value === undefined || hasUnknown(value) ? undefined : value;
}

/** `cannot be reached at ...: timed out`: the first line without the host's name, which stands before it. */
export function whyNot(message: string, host: string): string {
  const [line = ""] = message.split("\n");
  const what = line.startsWith(`host ${host}: `) ? line.slice(`host ${host}: `.length) : line;
  return what.startsWith("cannot ") ? what : `cannot be used: ${what}`;
}

function addEngine(
  candidate: Candidate,
  engine: EngineSnapshot,
  reservations: Readonly<Record<string, Reservation>>,
  owners: Owners,
): void {
  const planNames = planNamesOf(engine.networks, owners.networks);
  /** Docker's name of a network -> its owner. */
  const networkOwners = new Map<string, string>();
  for (const network of engine.networks) {
    const ownedBy = network.Labels?.[LABELS.owner];
    if (ownedBy !== undefined) networkOwners.set(network.Name, ownedBy);
    const name = planNames.get(network.Name);
    const cidrs = cidrsOf(network);
    const vni = Number(network.Labels?.[LABELS.vni] ?? NaN);
    if (name === undefined) {
      candidate.networks.push({
        name: network.Name,
        owner: network.Labels?.[LABELS.owner] ?? "",
        cidrs,
        ...(Number.isInteger(vni) ? { vni } : {}),
      });
      continue;
    }
    const cidr = network.Labels?.[LABELS.cidr] ?? cidrs[0];
    if (cidr !== undefined && Number.isInteger(vni)) {
      const cidr6 = cidrs.find((each) => each.includes(":"));
      const own = { cidr, vni, ...(cidr6 === undefined ? {} : { cidr6 }) };
      candidate.ownNetworks = { ...candidate.ownNetworks, [name]: own };
    }
  }
  // Newest first: an older container of the same owner is about to be removed, but still there.
  const containers = [...engine.containers].sort((a, b) => b.Created - a.Created);
  for (const container of containers) {
    const owner = container.Labels[LABELS.owner] ?? "";
    const request = owners.requests.get(owner);
    // Foreign ones that do not run take nothing. Ours hold their reservation whatever their state.
    if (owner === "" && !isAlive(container)) continue;
    const seen = describe(container, owner, reservationOf(container, reservations));
    const addresses = addressesOf(container, planNames);
    if (request !== undefined && candidate.own[request] === undefined) {
      const { cpus, memoryBytes, ports, devices } = seen;
      const folders = foldersOf(container);
      candidate.own[request] = {
        ...{ networks: addresses, cpus, memoryBytes, ports },
        ...(devices ? { devices } : {}),
        ...(folders.length > 0 ? { folders } : {}),
        ...(isReady(container) ? {} : { unready: true }),
      };
      continue;
    }
    if (request !== undefined) holdOlder(candidate.own[request], seen);
    else {
      const networks = ownersOfNetworks(container, networkOwners);
      candidate.others.push(networks.length > 0 ? { ...seen, networks } : seen);
    }
    for (const [network, address] of Object.entries(addresses)) {
      const used = candidate.usedAddresses?.[network] ?? [];
      candidate.usedAddresses = { ...candidate.usedAddresses, [network]: [...used, address] };
    }
  }
  candidate.volumes = engine.volumes.map(({ Name }) => Name).filter((name) => !isAnonymous(name));
}

/** What an older container of a request has is nobody else's until it is gone. */
function holdOlder(
  own: Candidate["own"][string] | undefined,
  { ports, devices = [] }: CandidateContainer,
): void {
  if (!own || ports.length + devices.length === 0) return;
  const { older = { ports: [], devices: [] } } = own;
  own.older = {
    ports: [...older.ports, ...ports],
    devices: [...older.devices, ...devices],
  };
}

/** Folders and files of the host that it may write to. */
function foldersOf({ Mounts }: ContainerSummary): string[] {
  return Mounts.flatMap(({ Type, Source, RW }) =>
    Type === "bind" && Source !== undefined && RW !== false ? [Source] : [],
  );
}

function describe(
  container: ContainerSummary,
  owner: string,
  reservation: Reservation,
): CandidateContainer {
  const { [LABELS.type]: type, [LABELS.group]: group } = container.Labels;
  const devices = devicesOf(container);
  return {
    name: container.Names[0]?.replace(/^\//, "") ?? container.Id.slice(0, 12),
    owner,
    application: container.Labels[LABELS.application] ?? "",
    ...reservation,
    ports: portsOf(container),
    ...(type === undefined ? {} : { type }),
    ...(group === undefined ? {} : { group }),
    ...(devices.length > 0 ? { devices } : {}),
  };
}

/** One that does not run keeps no network from being removed. */
function ownersOfNetworks(
  container: ContainerSummary,
  owners: ReadonlyMap<string, string>,
): string[] {
  if (!isAlive(container)) return [];
  const { NetworkSettings } = container;
  return Object.keys(NetworkSettings?.Networks ?? {}).flatMap((name) => owners.get(name) ?? []);
}

function cidrsOf(network: DockerNetwork): string[] {
  return (network.IPAM.Config ?? []).flatMap(({ Subnet }) => (Subnet ? [Subnet] : []));
}

/** Docker names a volume that nobody named by 64 hexadecimal digits. */
function isAnonymous(name: string): boolean {
  return /^[0-9a-f]{64}$/.test(name);
}
