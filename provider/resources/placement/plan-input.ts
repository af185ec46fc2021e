import type { HostConnection } from "../../host/connection.js";
import type { HostSnapshot } from "../../host/observe.js";
import { ownerOf } from "../../host/ownership.js";
import type {
  Assignment,
  Candidate,
  NetworkAllocation,
  NetworkRequest,
  PlanInput,
  Platform,
  UserFunctions,
} from "../../placement/model.js";
import { reserveZonePorts } from "../../ipam/zone-ports.js";
import { hasUnknown, isUnknown } from "../../unknown.js";
import { type Owners, toCandidate } from "./candidate.js";
import type { PlacementInputs, PlanHost, PlanMachine, PlanNetwork, PlanRequest } from "./inputs.js";
import { toMachine } from "./machine.js";
import { isRecord } from "../../validation/problems.js";

/** A machine to be observed, under its network's name and its own. */
export interface Observed {
  name: string;
  connection: HostConnection;
}

/** Hosts that can be asked now: how to reach them and what they can take is known. */
export function askableHosts(hosts: readonly PlanHost[]): PlanHost[] {
  return hosts.filter((host) => !hasUnknown(host));
}

/** Machines without Docker that can be asked now. */
export function askableMachines(networks: readonly PlanNetwork[]): Observed[] {
  return networks.flatMap((network) =>
    machinesIn(network)
      .filter((machine) => !hasUnknown(machine))
      .map((machine) => ({ ...machine, name: machineKey(network, machine) })),
  );
}

/** Machines of two networks may have one name; no host has such a name. */
function machineKey({ name: network }: PlanNetwork, { name }: PlanMachine): string {
  return `${network}/${name}`;
}

function machinesIn({ machines }: PlanNetwork): PlanMachine[] {
  return machines === undefined || isUnknown(machines) ? [] : machines;
}

/**
 * The pure problem that these inputs and observations pose. Hosts without an observation are pending. Unknown parts
 * of the program are taken out and listed as undecided.
 */
export function toPlanInput(
  olds: Partial<PlacementInputs>,
  news: PlacementInputs,
  snapshots: readonly HostSnapshot[],
  functions?: UserFunctions,
): PlanInput {
  const { meta } = news;
  const owner = (name: string): string => ownerOf({ ...meta, name });
  const owners: Owners = {
    requests: new Map(news.requests.map(({ name }) => [owner(name), name])),
    networks: new Map(
      [...news.networks.map(({ name }) => name), ...Object.keys(news.earlier.networks)].map(
        (name) => [owner(name), name],
      ),
    ),
    planned: new Set(news.networks.map(({ name }) => owner(name))),
  };
  const byName = new Map(snapshots.map((snapshot) => [snapshot.name, snapshot]));
  const candidates = news.hosts.map((host) => toCandidate(host, byName.get(host.name), owners));
  const given = {
    assignments: decided(news.earlier.assignments) as Record<string, Assignment>,
    networks: decided(news.earlier.networks) as Record<string, NetworkAllocation>,
    requests: news.earlier.requests.map(knownRequest),
  };
  reserveEarlier(news, candidates, given.assignments, owner);
  const networks = news.networks.map((network) => knownNetwork(network, byName));
  const earlier = Object.entries(given.networks).map(([name, { zone }]) => ({ name, zone }));
  reserveZonePorts(candidates, [...earlier, ...networks]);
  return {
    candidates,
    requests: news.requests.map((request) => withPlatform(knownRequest(request), snapshots)),
    networks,
    constraints: news.constraints,
    strategies: news.strategies,
    pool: news.pool,
    seed: `${meta.project}/${meta.stack}`,
    cloud: news.cloud,
    previous: {
      assignments: decided(olds.assignments) as Record<string, Assignment>,
      networks: decided(olds.allocations) as Record<string, NetworkAllocation>,
      ...mountedBefore(olds.requests, candidates),
      ingress: openBefore(olds.requests),
    },
    given,
    undecided: {
      requests: news.requests.filter((each) => isPartlyUnknown(each)).map(({ name }) => name),
      revisions: news.requests
        .filter(({ revision }) => isUnknown(revision))
        .map(({ name }) => name),
      networks: news.networks.filter(isUndecided).map(({ name }) => name),
      earlier: hasUnknown(news.earlier),
    },
    ...settingsOf(news),
    ...(functions ? { functions } : {}),
  };
}

/** What the containers of the previous plan mounted, as far as it is known. */
function mountedBefore(
  requests: PlacementInputs["requests"] | undefined,
  candidates: readonly Candidate[],
): Pick<PlanInput["previous"], "volumes" | "folders"> {
  if (!Array.isArray(requests)) return {};
  const known = requests.filter((each) => isRecord(each) && !hasUnknown(each.volumes));
  const seen = foldersSeen(candidates);
  const folders = requests.flatMap((each): [string, string[]][] => {
    if (!isRecord(each) || hasUnknown(each.folders)) return [];
    // One without folders may come from before plans knew of them: then its container tells.
    const had = each.folders ?? seen.get(each.name);
    return had ? [[each.name, had]] : [];
  });
  return {
    volumes: Object.fromEntries(known.map(({ name, volumes }) => [name, volumes])),
    folders: Object.fromEntries(folders),
  };
}

/** Ports that were open on every host, as `8080/tcp`. */
function openBefore(requests: PlacementInputs["requests"] | undefined): string[] {
  if (!Array.isArray(requests)) return [];
  return requests.flatMap((each) =>
    isRecord(each) && !hasUnknown(each.ingress)
      ? (each.ingress ?? []).map(({ hostPort, protocol }) => `${hostPort}/${protocol}`)
      : [],
  );
}

/** Folders of each container that was seen, wherever it was. */
function foldersSeen(candidates: readonly Candidate[]): Map<string, string[]> {
  const seen = new Map<string, string[]>();
  for (const { own } of candidates) {
    for (const [name, { folders = [] }] of Object.entries(own)) {
      seen.set(name, [...(seen.get(name) ?? []), ...folders]);
    }
  }
  return seen;
}

/** What the cloud asks for beside its rules, as far as it is known. */
function settingsOf(news: PlacementInputs): Partial<PlanInput> {
  const { preferences, rebalance, replaceLost, supply } = news;
  const settings = { preferences, rebalance, replaceLost, supply };
  return Object.fromEntries(
    Object.entries(settings).filter(([, value]) => value !== undefined && !hasUnknown(value)),
  );
}

/** An image that the hosts must have already says itself what it is built for, if all that have it agree. */
function withPlatform(
  { image, ...request }: PlanRequest,
  snapshots: readonly HostSnapshot[],
): PlanInput["requests"][number] {
  if (image === undefined || isUnknown(image) || request.platforms !== undefined) return request;
  const seen = snapshots.flatMap((snapshot): Platform[] => {
    const platform = snapshot.reachable ? snapshot.engine?.images?.[image] : undefined;
    return platform ? [platform] : [];
  });
  const [first] = seen;
  const agreed = first && seen.every(({ os, arch }) => os === first.os && arch === first.arch);
  return agreed ? { ...request, platforms: [first] } : request;
}

/** Earlier plans' containers take their place even before they have been made. */
function reserveEarlier(
  news: PlacementInputs,
  candidates: PlanInput["candidates"],
  assignments: Readonly<Record<string, Assignment>>,
  owner: (name: string) => string,
): void {
  for (const request of news.earlier.requests) {
    const host = candidates.find(({ name }) => name === assignments[request.name]?.host);
    if (!host || hasUnknown({ ...request, revision: "" })) continue;
    // A volume is where its container is, or will be: who mounts it too has to go there.
    for (const volume of request.volumes)
      if (!host.volumes.includes(volume)) host.volumes.push(volume);
    const theirs = owner(request.name);
    if (host.others.some((other) => other.owner === theirs)) continue;
    const { name, application, type, cpus, memoryBytes, ports } = request;
    const devices = assignments[name]?.devices;
    host.others.push({
      ...{ name, owner: theirs, application, type, cpus, memoryBytes, ports },
      group: request.group ?? type,
      ...(devices ? { devices } : {}),
    });
  }
}

/** Entries that are known throughout; others are as if they had not been made. */
function decided(entries: unknown): Record<string, unknown> {
  if (!isRecord(entries)) return {};
  return Object.fromEntries(
    Object.entries(entries).filter(([, entry]) => isRecord(entry) && !hasUnknown(entry)),
  );
}

function isPartlyUnknown(request: PlanRequest): boolean {
  return hasUnknown({ ...request, revision: "" });
}

/** A request that placement can read; one with unknown parts asks for nothing and is not placed. */
function knownRequest(request: PlanRequest): PlanRequest {
  if (!isPartlyUnknown(request)) return request;
  return {
    name: request.name,
    application: "",
    type: "",
    cpus: 0,
    memoryBytes: 0,
    ports: [],
    volumes: [],
    networks: knownNetworks(request.networks),
    revision: request.revision,
    stopFirst: false,
    constraints: [],
    strategies: [],
  };
}

function knownNetworks(networks: unknown): PlanRequest["networks"] {
  if (!Array.isArray(networks)) return [];
  return (networks as unknown[]).flatMap((each) =>
    isRecord(each) && typeof each["network"] === "string" && !isUnknown(each["network"])
      ? [{ network: each["network"], aliases: [] }]
      : [],
  );
}

/** A machine that does not exist yet leaves its network decided. */
function isUndecided(network: PlanNetwork): boolean {
  const { machines, zone: _zone, ...rest } = network;
  const named = machines ?? [];
  return (
    hasUnknown(rest) ||
    isUnknown(machines) ||
    named.some(({ name, aliases, address }) => hasUnknown([name, aliases, address]))
  );
}

function knownNetwork(
  network: PlanNetwork,
  snapshots: ReadonlyMap<string, HostSnapshot>,
): NetworkRequest {
  if (isUndecided(network)) return { name: network.name, blockPrefix: 24, reserved: [] };
  const { machines, zone, ...others } = network;
  // Who serves its names is nothing that addresses depend on.
  const rest = { ...others, ...(zone === undefined || hasUnknown(zone) ? {} : { zone }) };
  if (machines === undefined) return rest;
  return {
    ...rest,
    machines: machines.map((machine) =>
      toMachine(machine, snapshots.get(machineKey(network, machine))),
    ),
  };
}
