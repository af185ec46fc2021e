import type * as pulumi from "@pulumi/pulumi";
import { refuseUnknown, type Known } from "../known-args.js";
import { VirtualNetwork, type VirtualNetworkArgs } from "./virtual-network.js";

export interface WeaveNetworkArgs extends Omit<
  VirtualNetworkArgs,
  "driver" | "driverOptions" | "ipv6" | "cidr6" | "sameLink" | "gateway"
> {
  /**
   * Weave's routers encrypt what they send with a key from this password, 8 to 255 printable ASCII characters, and talk to
   * no router with another one. It is kept as a secret. A change restarts the routers, not the containers.
   * @default none, and nothing is encrypted; needed where hosts are not on a private network
   */
  password?: pulumi.Input<string>;
  /** What Weave's own allocator hands out addresses of, to containers of others. @default "10.32.0.0/12" */
  ipallocRange?: string;
  /** The part of it for containers that ask for no other. @default all of it */
  ipallocDefaultSubnet?: string;
  /** Let the kernel carry packets where it can (Open vSwitch's module). @default true */
  fastDatapath?: boolean;
  /** Containers get a route for multicast. A change replaces the network, and is refused while containers are on it. @default false */
  multicast?: boolean;
}

/** Compile-time complete. */
const KNOWN: Known<WeaveNetworkArgs> = {
  cloud: true,
  networkId: true,
  encryption: true,
  range: true,
  cidr: true,
  blockPrefix: true,
  reserved: true,
  mtu: true,
  domain: true,
  names: true,
  zone: true,
  dnsServers: true,
  outbound: true,
  addIptablesRules: true,
  password: true,
  ipallocRange: true,
  ipallocDefaultSubnet: true,
  fastDatapath: true,
  multicast: true,
};

/**
 * A network of Weave Net's: `VirtualNetwork` with driver `weave`, whose options are arguments here. One may take the
 * other's place in a program, under the same name.
 *
 * ```ts
 * new WeaveNetwork("app", { cloud, password: config.requireSecret("weave") });
 * ```
 */
export class WeaveNetwork extends VirtualNetwork {
  constructor(name: string, args: WeaveNetworkArgs, opts: pulumi.CustomResourceOptions = {}) {
    refuseUnknown(`WeaveNetwork ${name}`, args, KNOWN);
    const { password, ipallocRange, ipallocDefaultSubnet, fastDatapath, multicast, ...common } =
      args;
    const options = {
      ...(password === undefined ? {} : { password }),
      ...(ipallocRange === undefined ? {} : { ipallocRange }),
      ...(ipallocDefaultSubnet === undefined ? {} : { ipallocDefaultSubnet }),
      ...(fastDatapath === undefined ? {} : { fastDatapath }),
      ...(multicast === undefined ? {} : { multicast }),
    };
    const given = Object.keys(options).length > 0 ? { driverOptions: options } : {};
    super(name, { ...common, driver: "weave", ...given }, opts);
  }
}
