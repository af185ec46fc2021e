import type { HostConnection } from "../../host/connection.js";
import type { DriverName } from "../../ipam/driver-facts.js";
import type { Meta } from "../../lifecycle.js";
import type { NameServer } from "../../network/dns/name-server.js";
import type { HostFacts } from "../../network/driver.js";
import type { NetworkZone } from "../../network/zone/zone.js";

/** One host's part in a network. */
export interface NetworkHost {
  name: string;
  connection: HostConnection;
  /** The host's part of the CIDR, its gateway address there, and its underlay address. */
  block: string;
  gateway: string;
  underlay: string;
  /** Addresses of containers there that lie outside its block. */
  extra?: string[];
  /** It has no Docker of ours: `gateway` is its own address, and its block that address alone. Default false. */
  machine?: boolean;
}

export interface VirtualNetworkInputs {
  meta: Meta;
  cloud: string;
  /** What users call the network; the Docker network's name on every host is `<networkId>-<vni>`. */
  networkId: string;
  driver: DriverName;
  /** The driver's own settings; each driver's plan.ts says which. */
  driverOptions?: Record<string, unknown>;
  /** Whether packets between hosts are encrypted; absent: as the driver does it. */
  encryption?: boolean;
  cidr: string;
  /** IPv6 range: its n-th address is that of the n-th of `cidr` (ipam/twins.ts). Absent: the network has no IPv6. */
  cidr6?: string;
  vni: number;
  mtu: number;
  /** Domain appended to names, e.g. "app.clocker". */
  domain: string;
  /** Who answers the names. A change replaces the network. Absent: "dnsmasq", one on each host. */
  names?: NameServer;
  /** A zone, of an existing name server or of servers of ours, that has the network's names as well. Absent: none. */
  zone?: NetworkZone;
  /** Upstream resolvers for names that are not the network's; empty: the host's own. */
  dnsServers: string[];
  /** Containers may reach the outside through their host (masquerade). */
  outbound: boolean;
  hosts: NetworkHost[];
  /** Names that every host's name server answers on this network. */
  records: Record<string, string[]>;
}

export interface VirtualNetworkState extends VirtualNetworkInputs {
  /** Docker's network id by host name. */
  dockerIds: Record<string, string>;
  /** Name of the Docker network on every host. */
  dockerName: string;
  /** The creation that this state is of. Absent in states of before, and so on their hosts. */
  generation?: string;
  /** What each host told the others, such as its public key. Nothing secret. */
  facts?: Record<string, HostFacts>;
  /** Words of the hosts that came after the network was made (network-joins.ts). Absent: none did. */
  joins?: Record<string, string>;
  /** What is wrong by host name, as the last operation or refresh saw it. The next update repairs it. */
  problems?: Record<string, string[]>;
}
