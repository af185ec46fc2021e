import type { Transport } from "../host/transport.js";
import type { DriverFacts, DriverName } from "../ipam/driver-facts.js";
import type { DockerNetworkBody } from "./docker-network.js";

/** Words that one host tells the others through us, such as its public key. Kept in the state: nothing secret. */
export type HostFacts = Record<string, string>;

/** Another host of the network. */
export interface Peer {
  /** Logical name of the host. */
  host: string;
  underlay: string;
  block: string;
  /** Addresses there that lie outside its block. */
  extra: string[];
  /** The same in IPv6. Absent: the network has none. */
  ipv6?: { block: string; gateway: string; extra: string[] };
  facts: HostFacts;
}

/** One host's part of a network: all that a driver needs to make it there. Plain data, computed by `planParts`. */
export interface HostPart {
  /** Logical name of the host. */
  host: string;
  /** `project/stack/name` of the network. */
  owner: string;
  /** The creation that it is of, which a host notes; absent where it was made before they were told apart. */
  generation?: string;
  cloud: string;
  networkId: string;
  driver: DriverName;
  vni: number;
  cidr: string;
  block: string;
  gateway: string;
  underlay: string;
  mtu: number;
  domain: string;
  outbound: boolean;
  /** Addresses of this host's containers that lie outside its block. */
  extra: string[];
  /** A machine that runs no containers of the cloud: Docker is not asked for anything there. Absent: false. */
  machine?: true;
  /**
   * It joins as one that was not in the network before: what it kept beside its part (HostRecord) is of an earlier time, from which it was
   * forgotten, and goes. Absent: false.
   */
  newcomer?: true;
  /** The same in IPv6. Absent: the network has none. */
  ipv6?: { cidr: string; block: string; gateway: string; extra: string[] };
  /** What this host told the others. */
  facts: HostFacts;
  /** The other hosts of the network, sorted by underlay address. */
  peers: Peer[];
  /** The driver's own settings as its program on the host reads them: one word for each key. */
  settings: Record<string, string>;
  /** What of the driver's settings only root may read on the host. Absent: nothing. */
  secrets?: Record<string, string>;
  /** Hosts file of the network's names. */
  names: string;
}

/**
 * What one host keeps of a network beside its part, each kind by a resource of its own: the names that a later plan adds,
 * the network's policy, and the ports that are open on every host.
 */
export interface HostRecord {
  kind: "names" | "policy" | "ports";
  /** Logical name of the host. */
  host: string;
  networkId: string;
  vni: number;
  /** `project/stack/name` of the network. */
  owner: string;
  /** Which of its kind, where a network may have several: the plan that adds names or opens ports. */
  key?: string;
  /** Tells it from others of its kind: what has another mark is never removed. One line beginning with "#". */
  mark: string;
  /**
   * A hosts file; lines of iptables-restore (provider/firewall/render.ts); or `tcp 8080 10.128.0.2 80 here` for each
   * container that answers on a port, "there" if it is on another host.
   */
  text: string;
}

/** A network that is there: enough to change what it keeps on a host. */
export type NetworkRef = Pick<HostPart, "networkId" | "vni" | "owner">;

/** A container's end of a network. */
export interface Endpoint {
  /** Docker's id or name of the container. */
  container: string;
  address: string;
  aliases?: string[];
}

export interface JoinResult {
  /** Docker's id of the network on this host. */
  dockerId: string;
  /** What was not as it should be and has been put right; empty when the host had all of it. */
  changed: string[];
}

export interface Observation {
  /** Nothing of the network is on the host. */
  absent: boolean;
  /** Docker's id of the network, or "". */
  dockerId: string;
  /** What differs from the part, one clause each; empty when all is as it should be. */
  differs: string[];
}

/** A record as a host has it. */
export interface RecordObservation {
  /** It is not on the host. */
  absent: boolean;
  /** What differs, one clause each; empty when all is as it should be. */
  differs: string[];
}

/** What a driver's calls are given: the host, and a signal. Work begun on the host may go on there after an abort. */
export interface DriverContext {
  transport: Transport;
  signal?: AbortSignal;
  /** Another host of the network, by its logical name. */
  to: (host: string) => Transport;
}

/** Options of a driver as the program gives them in `driverOptions`. */
export type DriverOptions = Readonly<Record<string, unknown>>;

/** The pure half of a driver: what can be said of a network before any host is asked. */
export interface DriverPlan {
  readonly name: DriverName;
  readonly facts: DriverFacts;
  /** What is wrong with the options: the option's name and why. Unknown values are let through. */
  optionProblems(options: DriverOptions): { option: string; reason: string }[];
  /** The same of options that follow others while the network lives. Absent: every change is taken. */
  changeProblems?(olds: DriverOptions, news: DriverOptions): { option: string; reason: string }[];
  /** Options that cannot change while the network lives. */
  readonly fixedOptions: readonly string[];
  /** Of the network's own settings, those that this driver cannot change while it lives. Absent: none. */
  readonly fixedInputs?: readonly ("mtu" | "outbound")[];
  /** The driver's own settings of one host. */
  settings(network: SettingsInput): Record<string, string>;
  /** Of the driver's settings, those that are kept from everybody but root. Absent: none. */
  secrets?(options: DriverOptions): Record<string, string>;
  /** Where a driver encrypts if it is asked to: whether these options have it do so. */
  encrypts?(options: DriverOptions): boolean;
  /** Docker's side of the network, made on each host, or undefined when the driver needs none there. */
  dockerBody(part: HostPart): DockerNetworkBody;
}

/** What settings follow from. */
export interface SettingsInput {
  options: DriverOptions;
  encryption: boolean | undefined;
  vni: number;
  /** Names of all hosts of the network, in program order. */
  hosts: readonly string[];
  /** The host that the settings are for. */
  host: string;
  /** That host's part of the CIDR. */
  block: string;
}

/**
 * A way to make a network of containers across hosts. Every call is about one host, is idempotent, and touches only
 * what carries our mark. The runtime (runtime.ts) wraps each driver: it alone owns locks, deadlines, retries and
 * redaction, so that drivers stay simple. One suite, tests/lab/support/network-conformance.ts, holds for all of them.
 */
export interface NetworkDriver {
  readonly name: DriverName;
  readonly plan: DriverPlan;
  /** Programs that the driver runs on a host, and the Debian and Ubuntu package of each. */
  readonly programs: Readonly<Record<string, string>>;
  /**
   * Refuses, with the reason, a host that cannot carry the driver, after it has installed what is missing. Changes nothing
   * of the network.
   */
  prepare(context: DriverContext, part: HostPart): Promise<void>;
  /** What the other hosts have to know of this one; makes it where it is not there yet. Absent: nothing. */
  introduce?(context: DriverContext, part: HostPart): Promise<HostFacts>;
  /**
   * Makes the network on the host, or repairs or updates what is there. `first`: no other host has it yet, so a refusal
   * takes along what all of them share.
   */
  join(context: DriverContext, part: HostPart, first?: boolean): Promise<JoinResult>;
  /** Once every host has joined: traffic moves to what `join` made beside what was there. Absent: nothing to move. */
  activate?(context: DriverContext, part: HostPart): Promise<void>;
  /** Once every host is active: what traffic moved away from goes. */
  retire?(context: DriverContext, part: HostPart): Promise<void>;
  /**
   * A host has left for good, or was forgotten: this one gets what it held for all, at once or as soon as it is known to be gone. Asked of
   * one host alone. Absent: hosts hold nothing for others.
   */
  takeBack?(context: DriverContext, part: HostPart, gone: { underlay: string }): Promise<void>;
  /** Only the names changed. */
  rename(context: DriverContext, part: HostPart): Promise<void>;
  /** Names that led to other containers until these addresses were ready lead to them. Whether any did. */
  handOver(
    context: DriverContext,
    network: NetworkRef,
    addresses: readonly string[],
  ): Promise<boolean>;
  /** Puts a record in force in the place of the one before, in one step. The network must be on the host. */
  putRecord(context: DriverContext, record: HostRecord): Promise<void>;
  /** Takes a record away; no network, no record or another mark is fine. */
  dropRecord(context: DriverContext, record: HostRecord): Promise<void>;
  /** Compares a record on the host; changes nothing. */
  observeRecord(context: DriverContext, record: HostRecord): Promise<RecordObservation>;
  /** Attaches a container with its planned address. */
  attach(context: DriverContext, part: HostPart, endpoint: Endpoint): Promise<void>;
  /** Detaches a container; not attached is fine. */
  detach(context: DriverContext, part: HostPart, endpoint: Endpoint): Promise<void>;
  /** A conflict that names the containers, while some are attached that `leave` refuses for. Changes nothing. */
  refuseInUse(context: DriverContext, part: HostPart): Promise<void>;
  /**
   * Takes the network off the host; refuses while containers are attached. `ending`: all hosts leave, so what they share
   * goes as well.
   */
  leave(context: DriverContext, part: HostPart, ending: boolean): Promise<void>;
  /** Compares the host with the part; changes nothing. */
  observe(context: DriverContext, part: HostPart): Promise<Observation>;
}
