import type { Transport } from "../host/transport.js";

/** One host's part of a network: all that a driver needs to make it there. Plain data, computed by the driver's plan. */
export interface HostPart {
  /** Logical name of the host. */
  host: string;
  /** `project/stack/name` of the network. */
  owner: string;
  cloud: string;
  networkId: string;
  vni: number;
  cidr: string;
  block: string;
  gateway: string;
  underlay: string;
  mtu: number;
  domain: string;
  outbound: boolean;
  /** The other hosts of the network, sorted by underlay address. */
  peers: { underlay: string; block: string }[];
  /** Hosts file of the network's names. */
  names: string;
}

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

/** What a driver's calls are given: the host, and a signal. Work begun on the host may go on there after an abort. */
export interface DriverContext {
  transport: Transport;
  signal?: AbortSignal;
}

/**
 * A way to make a network of containers across hosts. Every call is about one host, is idempotent, and touches only
 * what carries our mark. The runtime (runtime.ts) wraps each driver: it alone owns locks, deadlines, retries and
 * redaction, so that drivers stay simple. One suite, tests/lab/support/network-conformance.ts, holds for all of them.
 */
export interface NetworkDriver {
  readonly name: string;
  /** Bytes that the driver adds to each packet; the network's MTU is the underlay's less this. */
  readonly overhead: number;
  /** Refuses, with the reason, a host that cannot carry the driver. Changes nothing. */
  prepare(context: DriverContext): Promise<void>;
  /** Makes the network on the host, or repairs or updates what is there. */
  join(context: DriverContext, part: HostPart): Promise<JoinResult>;
  /** Only the names changed. */
  rename(context: DriverContext, part: HostPart): Promise<void>;
  /** Attaches a container with its planned address. */
  attach(context: DriverContext, part: HostPart, endpoint: Endpoint): Promise<void>;
  /** Detaches a container; not attached is fine. */
  detach(context: DriverContext, part: HostPart, endpoint: Endpoint): Promise<void>;
  /** Takes the network off the host; refuses while containers are attached. */
  leave(context: DriverContext, part: HostPart): Promise<void>;
  /** What has to go when the last host has left, besides what `leave` removes. */
  destroy(context: DriverContext, part: HostPart): Promise<void>;
  /** Compares the host with the part; changes nothing. */
  observe(context: DriverContext, part: HostPart): Promise<Observation>;
}
