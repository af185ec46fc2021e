import type { ConstraintSpec, Preference } from "./model-constraints.js";
import type { Location, Platform, Usage } from "./model-hosts.js";
import type { StrategySpec } from "./model-strategies.js";
import type { Supply, SupplySpec } from "./model-supply.js";
import type { UserFunctions } from "./user-functions.js";

export type * from "./model-constraints.js";
export type * from "./model-hosts.js";
export type * from "./model-strategies.js";
export type * from "./model-supply.js";
export type * from "./model-what-if.js";
export type * from "./user-functions.js";

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
  /** Label expressions on the device's attributes, e.g. `memory >= 16`, `model ~ ^A100`. Default none. */
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
    {
      networks: Record<string, string>;
      cpus?: number;
      memoryBytes?: number;
      ports?: HostPort[];
      /** Ids of the devices it holds. */
      devices?: string[];
    }
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
  /** Live use. Absent: not sampled, which rules and strategies about use say instead of guessing. */
  usage?: Usage;
  /** Free disk where containers and volumes lie, in bytes, less what is kept free on purpose. */
  disk?: { freeBytes: number };
  /** Groups of equal devices. Absent: none. */
  devices?: CandidateDevice[];
  /** What the host runs. Absent: not observed. */
  platform?: Platform;
  /** Groups of hosts that the program put it into. Default none. */
  groups?: string[];
  location?: Location;
  /** Affinity rules of the host: what may lie on it. Default none. */
  affinity?: string[];
  /** True: nothing new comes here, and what is here leaves if it can (`moves`), or is listed (`stuck`). */
  drain?: boolean;
  /** True: the host is gone for good as far as anyone knows; `notReady` says why. See `PlanInput.replaceLost`. */
  lost?: boolean;
}

/** Equal devices of a host, each taken by at most one container. */
export interface CandidateDevice {
  /** `nvidia/gpu`, `gpu`, `tpu`. */
  kind: string;
  /** What is known of them, e.g. `{ model: "A100", memory: "40" }`. */
  attributes: Record<string, string>;
  /** What Docker calls them; unique on the host. */
  ids: string[];
}

export interface CandidateContainer {
  name: string;
  /** `project/stack/name`, or "" when foreign. */
  owner: string;
  application: string;
  cpus: number;
  memoryBytes: number;
  ports: HostPort[];
  /** Its type, as labelled. Absent: not known, so no rule about types counts it. */
  type?: string;
  /** Its group; see `PlacementRequest.group`. */
  group?: string;
  /** Ids of the devices it holds. */
  devices?: string[];
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
  /** Ids of the host's devices that are its own, in the order of the request's `devices`. Absent: it asked for none. */
  devices?: string[];
}

/** A network's address plan. What `plan.networks[name]` is to users. */
export interface NetworkAllocation {
  cidr: string;
  /** How hosts are joined. Absent in plans from before it was chosen here: vxlan. */
  driver?: string;
  /** VXLAN network identifier, 1..16777215. */
  vni: number;
  mtu: number;
  /**
   * By host name. `block` is the host's part of the CIDR, `gateway` its first usable address, `extra` the addresses that
   * users fixed for containers there although they lie outside its block; absent: none.
   */
  hosts: Record<string, { block: string; gateway: string; underlay: string; extra?: string[] }>;
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

/** Asks for moves that make the strategies' balance better. Nothing is moved twice, and nothing with a volume. */
export interface Rebalance {
  /** At most so many moves in one plan. Default 10. */
  maxMoves?: number;
  /** Only containers of these applications move. Absent: all of the cloud's. */
  applications?: string[];
}

/** One container changes its host. */
export interface Move {
  name: string;
  from: string;
  to: string;
  /**
   * `rule`: its old host is gone or breaks a rule now. `drain`, `lost`: its old host is left. `rebalance`: the balance
   * becomes better.
   */
  cause: "rule" | "drain" | "lost" | "rebalance";
  /** One sentence without names: why it leaves `from`. Why it comes to `to` is the assignment's reason. */
  why: string;
}

/** A container that stays on a host which it should leave. */
export interface Stuck {
  name: string;
  host: string;
  cause: "drain" | "lost";
  /** `web-1 stays on h1, which is drained: 2 hosts lack 1 GiB of memory (largest free 300 MiB on h2)`. */
  sentence: string;
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
  /** Names of the requests on networks that earlier plans made, by network. */
  addedNames: Record<string, Record<string, string[]>>;
  /** Requests and networks that must wait for hosts that do not exist yet. */
  pending: { requests: string[]; networks: string[] };
  refusals: Refusal[];
  /**
   * Containers that had another host in `previous`, in the order to carry the moves out: what others depend on
   * first, then program order. Each is start-first unless its request is `stopFirst`. Absent: none.
   */
  moves?: Move[];
  /** Containers that stay where they should not; they keep their assignment. Absent: none. */
  stuck?: Stuck[];
  /** How many hosts the cloud should have, if asked for. */
  supply?: Supply;
}
