import type { Ask } from "./constraints/constraint.js";
import type { HostState } from "./host-state.js";
import type { Location } from "./model-hosts.js";
import type { HostFacts, HostNow, PlacementRequest, RequestFacts } from "./model.js";

const facts = new WeakMap<HostState, HostFacts>();
const requests = new WeakMap<PlacementRequest, RequestFacts>();

/** What functions of the program see of a host; frozen, so that none can change what another sees. */
export function hostFacts(host: HostState): HostFacts {
  let known = facts.get(host);
  if (!known) {
    const { candidate } = host;
    known = deepFreeze({
      name: host.name,
      labels: { ...candidate.labels },
      groups: [...(candidate.groups ?? [])],
      location: copyOf(candidate.location),
      ...(candidate.platform ? { platform: { ...candidate.platform } } : {}),
      ...(candidate.usage ? { usage: { ...candidate.usage } } : {}),
      cpus: candidate.cpus - candidate.headroom.cpus,
      memoryBytes: candidate.memoryBytes - candidate.headroom.memoryBytes,
    });
    facts.set(host, known);
  }
  return known;
}

function copyOf({ coordinates, jurisdictions, ...place }: Location = {}): Location {
  return {
    ...place,
    ...(coordinates ? { coordinates: { ...coordinates } } : {}),
    ...(jurisdictions ? { jurisdictions: [...jurisdictions] } : {}),
  };
}

/** The same with what lies there now. */
export function hostNow(ask: Ask, host: HostState): HostNow {
  const { name, labels, groups, location, platform, usage, cpus, memoryBytes } = hostFacts(host);
  // Each member by itself: to spread a frozen object takes three times as long, and this is what functions cost most.
  return Object.freeze({
    name,
    labels,
    groups,
    location,
    cpus,
    memoryBytes,
    freeCpus: host.freeMicroCpus / 1e6,
    freeMemoryBytes: host.freeBytes,
    containers: host.containers,
    replicas: host.replicasOf(ask.typeId),
    ...(platform && { platform }),
    ...(usage && { usage }),
  });
}

export function requestFacts(request: PlacementRequest): RequestFacts {
  let known = requests.get(request);
  if (!known) {
    const { application, type, cpus, memoryBytes } = request;
    known = deepFreeze({
      application,
      type,
      group: request.group ?? type,
      cpus,
      memoryBytes,
      volumes: [...request.volumes],
    });
    requests.set(request, known);
  }
  return known;
}

/** The same facts, and whether anybody has looked at one of them. */
export function watched(facts: RequestFacts): { facts: RequestFacts; isRead: () => boolean } {
  let read = false;
  const copy = Object.defineProperties(
    {},
    Object.fromEntries(
      Object.entries(facts).map(([name, value]: [string, unknown]) => {
        const get = (): unknown => {
          read = true;
          return value;
        };
        return [name, { enumerable: true, get }];
      }),
    ),
  ) as RequestFacts;
  return { facts: Object.freeze(copy), isRead: () => read };
}

function deepFreeze<T extends object>(value: T): T {
  for (const member of Object.values(value)) {
    if (typeof member === "object" && member !== null) deepFreeze(member as object);
  }
  return Object.freeze(value);
}
