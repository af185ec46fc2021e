import type { Location, Platform, Usage } from "./model-hosts.js";
import type { PortRange } from "./port-table.js";

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
  /** Ports that somebody has there, but no container publishes: a process, a rule of the firewall, a network. Default none. */
  takenPorts?: PortRange[];
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
      /** Folders of the host that it writes to. */
      folders?: string[];
      /** What older containers of the request hold there until they are gone. Absent: there is none, or nothing. */
      older?: { ports: HostPort[]; devices: string[] };
      /** True: it does not run, or not well: unhealthy, or still starting. Default false. */
      unready?: boolean;
    }
  >;
  /** Absent: usable. Otherwise why nothing new may be placed there, e.g. "cannot be reached: timed out after 10 s". */
  notReady?: string;
  /** True: the host will exist only after this up (its address is not known); what needs it is decided then. */
  pending?: boolean;
  /** True: Docker is installed there by this up. It takes what is new, but what it held before cannot be seen. */
  withoutDocker?: boolean;
  /** Underlay address, its device's MTU and the subnets the host routes; absent when not observed. */
  underlay?: { address: string; mtu: number; routes: string[] };
  /** CIDRs and VNIs of networks on the host that are not in this plan, with their owner. */
  networks: { name: string; owner: string; cidrs: string[]; vni?: number; addresses?: string[] }[];
  /** Named volumes present, by name. */
  volumes: string[];
  /** Docker did not answer there, so that its volumes are not known. Default false. */
  volumesUnknown?: boolean;
  /** This plan's networks that already are on the host, by name: sticky even without a state. */
  ownNetworks?: Record<string, { cidr: string; cidr6?: string; vni: number }>;
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
  /** Networks of ours, of any stack, that it runs on, as `project/stack/name`. Absent: none. */
  networks?: string[];
}
