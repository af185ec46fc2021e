import type { Supply } from "./model-supply.js";

/** What a plan decides. */

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
  /** IPv6 range, whose n-th address is that of the n-th of `cidr` (ipam/twins.ts). Absent: the network has no IPv6. */
  cidr6?: string;
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
  /** Machines without Docker by name. Absent: none. */
  machines?: Record<string, { address: string; underlay: string }>;
  /** Names and the addresses they resolve to, sorted: each container's own name and its aliases; of IPv6 too. */
  records: Record<string, string[]>;
  /** Addresses that later plans hand to nobody either: those that the program reserves, and the LAN's router. Absent: none. */
  reserved?: string[];
  /** Hosts that serve its names as a zone, and the port (53): taken there in later plans too. Absent: none do. */
  zone?: { hosts: string[]; port?: number };
  /** Blocks of hosts that left, in the order they left: given out again last, and to the same host first. */
  retired?: { host: string; block: string }[];
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
