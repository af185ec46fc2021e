/** What is asked of placement, what hosts offer, and what comes out. Plain data, no effects. */

/** One container to be placed. Order in the list is program order and matters. */
export interface PlacementRequest {
  /** Unique within the cloud's plan: the container's logical name. */
  name: string;
  /** Application (blueprint) it belongs to; "" for none. */
  application: string;
  /** Type for affinity, e.g. the service name. */
  type: string;
  /** Reserved cores; 0 reserves none. */
  cpus: number;
  /** Reserved bytes; 0 reserves none. */
  memoryBytes: number;
  /** Host ports it publishes; `hostAddress` "" means all addresses. */
  ports: { hostPort: number; protocol: "tcp" | "udp"; hostAddress: string }[];
  /** Named volumes it mounts: a container follows its volume. */
  volumes: string[];
  /** Networks in attach order, with a fixed address if the user gave one, and the names it has there. */
  networks: { network: string; address?: string; aliases: string[] }[];
  /**
   * Hash of everything that cannot be changed on a running container. A new revision is a new container; unless
   * `stopFirst`, it runs beside the old one for a moment and so needs other addresses.
   */
  revision: string;
  /** The old container must be gone before the new one starts (a host port, a volume). */
  stopFirst: boolean;
  constraints: ConstraintSpec[];
  /** Strategies of the container and its application, applied after the cloud's. */
  strategies: StrategySpec[];
}

/** A constraint filters hosts. */
export type ConstraintSpec =
  /** `zone=eu`, `zone!=eu`, `zone in (eu,us)`, `zone notin (eu)`, `ssd exists`, `ssd !exists` */
  | { kind: "label"; expression: string }
  /** Glob on the host's name: `h*`, `web-?`. */
  | { kind: "hostname"; pattern: string }
  /** Exactly this host. */
  | { kind: "host"; host: string }
  | { kind: "maxContainers"; max: number };

/** A strategy orders hosts. */
export type StrategySpec =
  | { kind: "random"; seed?: string }
  | { kind: "depthFirst" }
  | { kind: "breadthFirst" }
  | { kind: "leastContainers" };

/** A network to be given addresses. */
export interface NetworkRequest {
  /** Logical name, unique in the plan. */
  name: string;
  /** Fixed CIDR, or absent: the plan carves one from the pool. */
  cidr?: string;
  /** Size of one host's block, e.g. 24. */
  blockPrefix: number;
  /** Addresses never handed out. */
  reserved: string[];
  mtu?: number;
}

export interface HostPort {
  hostPort: number;
  protocol: "tcp" | "udp";
  hostAddress: string;
}

/** A host as one placement run sees it: declared inputs plus what was observed once. */
export interface Candidate {
  name: string;
  labels: Record<string, string>;
  /** Total cores and bytes: declared, else observed. */
  cpus: number;
  memoryBytes: number;
  /** Kept free on purpose. */
  headroom: { cpus: number; memoryBytes: number };
  /** At most this many containers of the cloud; absent: no limit. */
  maxContainers?: number;
  /** Containers there that are not requests of this plan (other stacks', earlier plans', foreign). */
  others: CandidateContainer[];
  /** Containers there whose owner is a request of this plan, by request name: sticky even without a state. */
  own: Record<
    string,
    { networks: Record<string, string>; cpus?: number; memoryBytes?: number; ports?: HostPort[] }
  >;
  /** Absent: usable. Otherwise why nothing new may be placed there, e.g. "cannot be reached: timed out after 10 s". */
  notReady?: string;
  /** True: the host will exist only after this up (its address is not known); what needs it is decided then. */
  pending?: boolean;
  /** Underlay address, its device's MTU and the subnets the host routes; absent when not observed. */
  underlay?: { address: string; mtu: number; routes: string[] };
  /** CIDRs and VNIs of networks on the host that are not in this plan, with their owner. */
  networks: { name: string; owner: string; cidrs: string[]; vni?: number; addresses?: string[] }[];
  /** Named volumes present, by name. */
  volumes: string[];
  /** This plan's networks that already are on the host, by name: sticky even without a state. */
  ownNetworks?: Record<string, { cidr: string; vni: number }>;
  /** Addresses in use there on this plan's networks by containers that are not its requests, by network name. */
  usedAddresses?: Record<string, string[]>;
  /** True: some label is not known yet, so no label expression can be said to fail. Implies `pending`. */
  labelsUnknown?: boolean;
}

export interface CandidateContainer {
  name: string;
  /** `project/stack/name`, or "" when foreign. */
  owner: string;
  application: string;
  cpus: number;
  memoryBytes: number;
  ports: HostPort[];
}

/** Where a container runs. What `plan.assignments[name]` is to users. */
export interface Assignment {
  host: string;
  /** Address by network name. */
  addresses: Record<string, string>;
  /** The winning host's score by its strategy; higher is better. */
  score: number;
  /** One sentence: why this host. Kept while the container stays. */
  reason: string;
  /** The request's revision that the addresses were given to. */
  revision: string;
}

/** A network's address plan. What `plan.networks[name]` is to users. */
export interface NetworkAllocation {
  cidr: string;
  /** VXLAN network identifier, 1..16777215. */
  vni: number;
  mtu: number;
  /** By host name. `block` is the host's part of the CIDR, `gateway` its first usable address. */
  hosts: Record<string, { block: string; gateway: string; underlay: string }>;
  /** Names and the addresses they resolve to, sorted: each container's own name and its aliases. */
  records: Record<string, string[]>;
  /** Blocks of hosts that left, in the order they left: given out again last, and to the same host first. */
  retired?: { host: string; block: string }[];
}

export interface PlanInput {
  /** In the order the program made them. */
  candidates: Candidate[];
  requests: PlacementRequest[];
  networks: NetworkRequest[];
  /** Cloud-wide, applied first. */
  constraints: ConstraintSpec[];
  strategies: StrategySpec[];
  pool: { cidr: string; networkPrefix: number };
  /** `project/stack`, seeds VNIs and random choices. */
  seed: string;
  previous: {
    assignments: Record<string, Assignment>;
    networks: Record<string, NetworkAllocation>;
  };
  /**
   * What plans made earlier in the same program decided. Their networks may be attached to and are not planned
   * again; their addresses are taken. Their containers are in each candidate's `others`.
   */
  given?: {
    assignments: Record<string, Assignment>;
    networks: Record<string, NetworkAllocation>;
  };
  /** What cannot be judged yet because values of the program are not known. */
  undecided?: {
    /** Requests of which anything but the revision is unknown. */
    requests: string[];
    /** Requests of which only the revision is unknown. */
    revisions: string[];
    networks: string[];
    /** Something in an earlier plan still waits, and may come to lie anywhere. */
    earlier: boolean;
  };
}

/** Why a request has no host. */
export interface Refusal {
  name: string;
  /** What `name` names. */
  about: "request" | "network";
  /** The whole sentence for the user. */
  sentence: string;
  /** Each host's reason. */
  hosts: { host: string; reason: string }[];
}

export interface PlanResult {
  /** An address that is missing for one of a request's networks is decided when pending hosts exist. */
  assignments: Record<string, Assignment>;
  networks: Record<string, NetworkAllocation>;
  /** Requests and networks that must wait for hosts that do not exist yet. */
  pending: { requests: string[]; networks: string[] };
  refusals: Refusal[];
}
