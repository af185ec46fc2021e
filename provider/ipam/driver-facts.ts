/** What planning has to know of a network driver: it decides addresses and MTU before any host is asked. */
export interface DriverFacts {
  /** Bytes that the driver adds to each packet; the network's MTU is the underlay's less this. */
  overhead: number;
  /** Whether packets between hosts are encrypted: always, never, or when `encryption` asks for it. */
  encrypts: "always" | "never" | "optional";
  /** Packets are not wrapped, so all hosts must be neighbours on one link. */
  neighbours: boolean;
  /** Each host's block is routed to it, so an address elsewhere than in its host's block needs a route of its own. */
  routesBlocks: boolean;
  /** Containers are on the hosts' own link: its CIDR may be the hosts' own. */
  ownLink: boolean;
  /** The driver keeps the end of the network for itself (ipam/tail.ts). */
  keepsTail: boolean;
  /** Containers go outside by the network's gateway; else Docker gives them a bridge of its own for that. */
  leadsOut: boolean;
  /**
   * How the outside reaches containers: by the ports that they publish, as machines of the hosts' own link, or as rules
   * have it that are not ours.
   */
  entry: "published" | "link" | "foreign";
  /** Every packet to a container passes the firewall of its host, so that a policy can be kept. */
  filtered: boolean;
  /** Machines without Docker can be on the network. */
  takesMachines: boolean;
  /** Containers get MACs of the driver's choice, which refuses others. */
  ownMacs: boolean;
  /** Carries IPv6 beside IPv4. */
  ipv6: boolean;
  /** A host can pass connections on to the containers of every other one, so that a port can be open on all hosts. */
  forwards: boolean;
}

/** Outer Ethernet, IPv4, UDP and VXLAN headers. */
const VXLAN_HEADERS = 50;

/** IPv4, UDP and WireGuard headers and the authentication tag. */
const WIREGUARD_HEADERS = 60;

/** What leaves Weave's own default of 1376 on 1500: it fits encrypted packets on both of its data paths. */
const WEAVE_HEADERS = 124;

const PLAIN = {
  overhead: 0,
  encrypts: "never",
  neighbours: false,
  routesBlocks: false,
  ownLink: false,
  keepsTail: false,
  leadsOut: true,
  entry: "published",
  filtered: false,
  takesMachines: false,
  ownMacs: false,
  ipv6: false,
  forwards: false,
} as const satisfies DriverFacts;

/** Every driver by its name in `VirtualNetwork({ driver })`. */
export const DRIVER_FACTS = {
  vxlan: {
    ...PLAIN,
    overhead: VXLAN_HEADERS,
    filtered: true,
    takesMachines: true,
    ipv6: true,
    forwards: true,
  },
  routed: {
    ...PLAIN,
    neighbours: true,
    routesBlocks: true,
    filtered: true,
    takesMachines: true,
    ipv6: true,
    forwards: true,
  },
  wireguard: {
    ...PLAIN,
    overhead: WIREGUARD_HEADERS,
    encrypts: "always",
    routesBlocks: true,
    filtered: true,
    takesMachines: true,
    ipv6: true,
    forwards: true,
  },
  macvlan: { ...PLAIN, neighbours: true, routesBlocks: true, ownLink: true, entry: "link" },
  swarm: { ...PLAIN, overhead: VXLAN_HEADERS, keepsTail: true, leadsOut: false },
  plugin: { ...PLAIN, entry: "foreign" },
  cni: { ...PLAIN, entry: "foreign" },
  ovs: { ...PLAIN, overhead: VXLAN_HEADERS, ipv6: true, forwards: true },
  weave: {
    ...PLAIN,
    overhead: WEAVE_HEADERS,
    encrypts: "optional",
    ownMacs: true,
    leadsOut: false,
  },
} as const satisfies Record<string, DriverFacts>;

export type DriverName = keyof typeof DRIVER_FACTS;

/** What planning has to know of a driver. */
export function factsOf(driver: DriverName): DriverFacts {
  return DRIVER_FACTS[driver];
}

export function isDriverName(name: unknown): name is DriverName {
  return typeof name === "string" && Object.hasOwn(DRIVER_FACTS, name);
}
