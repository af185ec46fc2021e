import * as pulumi from "@pulumi/pulumi";
import { accessOf, KNOWN_ACCESS, type HostAccessArgs } from "../host-access.js";
import { lift } from "../lift.js";
import { refuseUnknown, type Known } from "../known-args.js";
import { checkName } from "../names.js";
import type { VirtualNetwork } from "./virtual-network.js";

export interface NetworkMemberArgs {
  /** The network, of the same program and driver `vxlan`, `routed` or `wireguard`. Another one moves it there. */
  network: VirtualNetwork;
  /** The machine; it needs sshd, a Linux kernel and no Docker. A change of its address is an update. */
  host: HostAccessArgs;
  /** Its name on the network. @default the resource's name */
  name?: string;
  /** Its address on the network, outside the hosts' blocks. @default the last free one, which it keeps */
  address?: string;
  /** Further names on the network; several members and services may share one. @default [] */
  aliases?: string[];
  /** The application that policies count it to. @default none, as containers without one */
  application?: string;
}

/** Compile-time complete. */
const KNOWN: Known<NetworkMemberArgs> = {
  network: true,
  host: true,
  name: true,
  address: true,
  aliases: true,
  application: true,
};

/**
 * A VM or a metal host on a network, with an address and a name, beside the containers: they reach each other by name,
 * in both directions. What is on the machine belongs to the network, which makes, repairs and removes it as on the
 * cloud's hosts: a link with the address, firewall rules, the names in /etc/hosts, and a unit that brings them back at boot.
 *
 * ```ts
 * const db = new NetworkMember("db", { network, host: { address: "10.0.0.40", hostKey: "ssh-ed25519 AAAA..." } });
 * ```
 */
export class NetworkMember extends pulumi.ComponentResource {
  /** Its address on the network. Known in preview, unless the network's addresses are not. */
  readonly address: pulumi.Output<string>;
  /** Its name on the network; with the domain, `<name>.<domain of the network>`. */
  readonly memberName: string;

  /** @throws RunError when the plan of the network is closed: members are made before anything is awaited */
  constructor(
    resource: string,
    args: NetworkMemberArgs,
    opts: pulumi.ComponentResourceOptions = {},
  ) {
    super("clocker:index:NetworkMember", resource, {}, { parent: args.network, ...opts });
    checkName("NetworkMember", resource);
    const what = `NetworkMember ${resource}`;
    refuseUnknown(what, args, KNOWN);
    refuseUnknown(`${what}: host`, args.host, KNOWN_ACCESS);
    const { network, address, aliases = [], application = "" } = args;
    const name = args.name ?? resource;
    const { privateAddress, ...host } = args.host;
    network.addMachine(what, {
      name,
      connection: accessOf(`${what}: host`, name, host),
      aliases,
      application,
      ...(address === undefined ? {} : { address }),
      ...(privateAddress === undefined ? {} : { privateAddress }),
    });
    this.memberName = name;
    this.address = lift(lift(lift(network.allocation, "machines"), name), "address");
    this.registerOutputs({ address: this.address, name });
  }
}
