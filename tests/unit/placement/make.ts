import type {
  Assignment,
  Candidate,
  CandidateContainer,
  NetworkRequest,
  PlacementRequest,
  PlanInput,
  PlanResult,
} from "../../../provider/placement/model.js";

export const MiB = 1024 ** 2;
export const GiB = 1024 ** 3;

/** A host with 4 cpus and 4 GiB, seen and empty. */
export function host(name: string, over: Partial<Candidate> = {}): Candidate {
  return {
    name,
    labels: {},
    cpus: 4,
    memoryBytes: 4 * GiB,
    headroom: { cpus: 0, memoryBytes: 0 },
    others: [],
    own: {},
    networks: [],
    volumes: [],
    underlay: { address: `192.168.7.${hostNumber(name)}`, mtu: 1500, routes: ["192.168.7.0/24"] },
    ...over,
  };
}

function hostNumber(name: string): number {
  return (Number(/\d+$/.exec(name)?.[0] ?? 1) % 250) + 1;
}

/** A container that asks for nothing. */
export function ask(name: string, over: Partial<PlacementRequest> = {}): PlacementRequest {
  return {
    name,
    application: "shop",
    type: name.replace(/-\d+$/, ""),
    cpus: 0,
    memoryBytes: 0,
    ports: [],
    volumes: [],
    networks: [],
    revision: "r1",
    stopFirst: false,
    constraints: [],
    strategies: [],
    ...over,
  };
}

/** `web-0`, `web-1`, ... */
export function replicas(
  type: string,
  count: number,
  over: Partial<PlacementRequest> = {},
): PlacementRequest[] {
  return Array.from({ length: count }, (_, i) => ask(`${type}-${i}`, over));
}

export function other(name: string, over: Partial<CandidateContainer> = {}): CandidateContainer {
  return { name, owner: "", application: "", cpus: 0, memoryBytes: 0, ports: [], ...over };
}

type PlainNetwork = Omit<NetworkRequest, "machines">;

export function network(name: string, over: Partial<PlainNetwork> = {}): PlainNetwork {
  return { name, blockPrefix: 24, reserved: [], ...over };
}

/** An attachment to a network. */
export function on(name: string, over: { address?: string; aliases?: string[] } = {}) {
  return { network: name, aliases: [], ...over };
}

export function input(over: Partial<PlanInput> = {}): PlanInput {
  return {
    candidates: [],
    requests: [],
    networks: [],
    constraints: [],
    strategies: [{ kind: "breadthFirst" }],
    pool: { cidr: "10.128.0.0/9", networkPrefix: 16 },
    seed: "shop/dev",
    previous: { assignments: {}, networks: {} },
    ...over,
  };
}

/** The same world after a plan was carried out. */
export function after(before: PlanInput, result: PlanResult): PlanInput {
  return { ...before, previous: { assignments: result.assignments, networks: result.networks } };
}

export function assigned(host: string, over: Partial<Assignment> = {}): Assignment {
  return { host, addresses: {}, score: 0, reason: "as before", revision: "r1", ...over };
}

/** `{ "web-0": "h1" }` */
export function hostsOf(result: PlanResult): Record<string, string> {
  return Object.fromEntries(
    Object.entries(result.assignments).map(([name, { host: on }]) => [name, on]),
  );
}

export function sentences(result: PlanResult): string[] {
  return result.refusals.map(({ sentence }) => sentence);
}
