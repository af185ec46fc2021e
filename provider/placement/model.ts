import type { Candidate } from "./model-candidates.js";
import type { ConstraintSpec, Preference } from "./model-constraints.js";
import type { Platform } from "./model-hosts.js";
import type { Assignment, NetworkAllocation } from "./model-results.js";
import type { StrategySpec } from "./model-strategies.js";
import type { SupplySpec } from "./model-supply.js";
import type { UserFunctions } from "./user-functions.js";

export type * from "./model-candidates.js";
export type * from "./model-constraints.js";
export type * from "./model-hosts.js";
export type * from "./model-results.js";
export type * from "./model-strategies.js";
export type * from "./model-supply.js";
export type * from "./model-what-if.js";
export type * from "./user-functions.js";

/** What is asked of placement. What hosts offer and what comes out is beside it. Plain data, no effects. */

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
  /** Ports that are open on every host for its service: the containers of its application and type. @default none */
  ingress?: { hostPort: number; protocol: "tcp" | "udp" }[];
  /** Named volumes it mounts: a container follows its volume. */
  volumes: string[];
  /**
   * Folders of its host that it writes to. They are data like a volume's, but have no name of their own: each is this
   * container's, on the host where it runs. Default none.
   */
  folders?: string[];
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
  /** Wishes with weights, added to the cloud's and the application's. Default none. */
  preferences?: Preference[];
  /** Siblings for the `group` constraint: containers of one application with the same group. Default: the type. */
  group?: string;
  /** Devices it needs for itself, such as GPUs. Default none. */
  devices?: DeviceRequest[];
  /** Free disk it needs when it is first placed, in bytes. Default 0: not looked at. */
  diskBytes?: number;
  /** Platforms its image is built for. Absent or empty: not known, and so not looked at. */
  platforms?: Platform[];
  /** Requests (by name) that must be there before it: a drain moves them first. Unknown names are ignored. */
  dependsOn?: string[];
}

/** So many devices of one kind, all from the same group of equal devices of a host. */
export interface DeviceRequest {
  /** `gpu`, `nvidia/gpu`: the host's device must have this kind, or this kind after a `/`. */
  kind: string;
  /** 1 or more. */
  count: number;
  /** Label expressions on the device's attributes, e.g. `memory >= 16`, `model ~ "^A100"`. Default none. */
  where?: string[];
}

/** What one layer (cloud, application) asks of every container below it. */
export interface Layer {
  constraints?: ConstraintSpec[];
  strategies?: StrategySpec[];
  preferences?: Preference[];
}

/** A network to be given addresses. */
export interface NetworkRequest {
  /** Logical name, unique in the plan. */
  name: string;
  /** Fixed CIDR, or absent: the plan carves one from the pool. */
  cidr?: string;
  /** IPv6 beside IPv4. Absent: only with `cidr6`. */
  ipv6?: boolean;
  /** Fixed IPv6 CIDR, or absent: the plan carves one from the stack's own pool (ipam/choose-cidr6.ts). */
  cidr6?: string;
  /** Where in its block each host has its gateway, as an address of the first block; needs `cidr`. Absent: the first after the block's own. */
  gateway?: string;
  /** Size of one host's block, e.g. 24. */
  blockPrefix: number;
  /** Addresses never handed out. */
  reserved: string[];
  mtu?: number;
  /** How hosts are joined; absent or "auto": the plan chooses. */
  driver?: string;
  /** Packets between hosts are encrypted; absent: where not all hosts are on private addresses. */
  encryption?: boolean;
  /** The user says that all hosts are neighbours on one link, whatever their addresses look like. */
  sameLink?: boolean;
  /** The part of the CIDR that blocks are cut from; absent: all of it. */
  range?: string;
  /** Hosts that serve its names as a zone, each at its own address, on `port` (53). Absent: none do. */
  zone?: { hosts: string[]; port?: number };
  /** Machines without Docker that are on the network as well. Absent: none. */
  machines?: MachineRequest[];
}

/** A machine that is on a network by itself, and runs no containers of the cloud. */
export interface MachineRequest {
  /** Its name on the network, and in the plan. */
  name: string;
  /** Further names there. */
  aliases: string[];
  /** Fixed address, or absent: the plan gives it one. */
  address?: string;
  /** Underlay address, its device's MTU and the subnets the machine routes; absent when not observed. */
  underlay?: { address: string; mtu: number; routes: string[] };
  /** True: the machine will exist only after this up. */
  pending?: boolean;
  /** Why it cannot join, e.g. "cannot be reached: timed out after 10 s". */
  notReady?: string;
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
  /** The cloud's name: with the seed it gives the pool of its IPv6 ranges. Default: the seed alone does. */
  cloud?: string;
  previous: {
    assignments: Record<string, Assignment>;
    networks: Record<string, NetworkAllocation>;
    /** The volumes that each had then. Absent: those that it asks for now. */
    volumes?: Record<string, string[]>;
    /** The folders that each wrote to then. Absent, of all or of one: those that it asks for now. */
    folders?: Record<string, string[]>;
    /** Ports that were open on every host then, as `8080/tcp`. What has taken one since does not speak against it. */
    ingress?: string[];
  };
  /**
   * What plans made earlier in the same program decided. Their networks may be attached to and are not planned
   * again; their addresses are taken. Their containers are in each candidate's `others`.
   */
  given?: {
    assignments: Record<string, Assignment>;
    networks: Record<string, NetworkAllocation>;
    /** What they were asked for: their names on the networks are taken. */
    requests: PlacementRequest[];
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
  /** Wishes of the cloud for every container. */
  preferences?: Preference[];
  /** The middle layer, by application: after the cloud's, before the container's own. */
  applications?: Record<string, Layer>;
  /** What specs of kind `predicate`, `comparator` and `score`, and `PREDICATE` rules, refer to by name. */
  functions?: UserFunctions;
  /** Absent: nothing that may stay is moved. */
  rebalance?: Rebalance;
  /** True: what lies on a `lost` host is placed anew, except what has data there. Default false: it waits. */
  replaceLost?: boolean;
  /** Absent: the result has no `supply`. */
  supply?: SupplySpec;
}

/** Asks for moves that make the strategies' balance better. Nothing is moved twice, and nothing with data. */
export interface Rebalance {
  /** At most so many moves in one plan. Default 10. */
  maxMoves?: number;
  /** Only containers of these applications move. Absent: all of the cloud's. */
  applications?: string[];
  /** Moves of applications that have a limit of their own, which counts beside `maxMoves`. */
  limits?: Record<string, number>;
}
