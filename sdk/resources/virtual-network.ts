import * as pulumi from "@pulumi/pulumi";
import type { DriverName } from "../../provider/ipam/driver-facts.js";
import type { PolicyMember } from "../../provider/firewall/model.js";
import { WEAVE_DOMAIN, type NameServer } from "../../provider/network/dns/name-server.js";
import type { NetworkAllocation } from "../../provider/placement/model.js";
import { lift } from "../lift.js";
import { refuseUnknown, type Known } from "../known-args.js";
import { checkName } from "../names.js";
import { ClockerResource, TYPE_PREFIX } from "../resource.js";
import type { DockerCloud } from "./docker-cloud.js";

interface ZoneNames {
  /** @default 53 */
  port?: pulumi.Input<number>;
  /** The zone, such as `app.example.org`: a container `web` is `web.app.example.org` there. */
  zone: pulumi.Input<string>;
  /** The zone of the addresses, such as `101.10.in-addr.arpa`. @default no reverse records of IPv4 */
  reverseZone?: pulumi.Input<string>;
  /** The zone of the IPv6 addresses, such as `1.0.1.0.0.0.d.f.ip6.arpa`. @default no reverse records of IPv6 */
  reverseZone6?: pulumi.Input<string>;
  /** Seconds that others may remember an answer. @default 1 */
  ttl?: pulumi.Input<number>;
}

/** A zone of an existing name server: BIND, or any that takes signed dynamic updates. */
export interface ExistingZoneArgs extends ZoneNames {
  /** IPv4 address of the zone's primary server. */
  server: pulumi.Input<string>;
  /** The key that may change and transfer the zone, as tsig-keygen makes it; its secret is kept as one. */
  key: {
    name: pulumi.Input<string>;
    /** @default "hmac-sha256" */
    algorithm?: pulumi.Input<string>;
    secret: pulumi.Input<string>;
  };
}

/** A zone that hosts of the network serve: BIND, run by us. */
export interface OwnZoneArgs extends ZoneNames {
  /** Hosts that serve it, by name, each at its own address. A change of the list moves the zone. */
  hosts: pulumi.Input<pulumi.Input<string>[]>;
}

export type NetworkZoneArgs = ExistingZoneArgs | OwnZoneArgs;

export interface VirtualNetworkArgs {
  /** The cloud whose hosts the network joins. */
  cloud: DockerCloud;
  /** What people call the network; also part of its names on the hosts. @default the resource's name */
  networkId?: string;
  /**
   * How hosts are joined (docs/networking.md compares them). A change replaces the network, and is refused while containers are on it.
   * `"auto"`: plain routes where all hosts are neighbours on one link, else as the default.
   * @default "vxlan", or "wireguard" when some host is reached at a public address
   */
  driver?: DriverName | "auto";
  /** The driver's own settings, by name. Changes are made in place, except where docs/networking.md says otherwise. */
  driverOptions?: Record<string, pulumi.Input<string | number | boolean | Record<string, string>>>;
  /**
   * Encrypt what hosts send to each other. `true` refuses drivers that do not; `false` takes hosts with public addresses
   * as they are. @default true when some host is reached at a public address
   */
  encryption?: boolean;
  /** All hosts are neighbours on one link, although their routes do not show it. For `routed`. @default false */
  sameLink?: boolean;
  /** The part of `cidr` that hosts' blocks are cut from, such as the free half of an office LAN. @default all of it */
  range?: string;
  /** Addresses of the network. A change replaces it. @default carved from the cloud's pool */
  cidr?: pulumi.Input<string>;
  /**
   * IPv6 beside IPv4, with an address of each family for hosts, containers and machines: the n-th of one CIDR belongs to the
   * n-th of the other. For `vxlan`, `routed` and `wireguard`. Changed in place. @default true with `cidr6`
   */
  ipv6?: boolean;
  /**
   * IPv6 addresses of the network, at least as many as `cidr` has. Changed in place: every container gets its new one.
   * @default with `ipv6`, a /64 of the stack's own unique local range
   */
  cidr6?: pulumi.Input<string>;
  /**
   * The containers' way out, an address of `cidr`. Each host is the gateway of its own containers, at the place of its block that
   * this address has in the first one: `"10.42.0.254"` makes 10.42.0.254, 10.42.1.254 and so on. Refused while containers know another
   * one. With `macvlan` it is the LAN's router, as in `driverOptions`, which no container gets; not for `swarm` and `weave`.
   * @default the first address after the block's own; with `macvlan` the host
   */
  gateway?: string;
  /** Size of the block that each host gets from the CIDR. @default 24 */
  blockPrefix?: number;
  /** Addresses that are never handed out, of either family. @default [] */
  reserved?: string[];
  /** Largest packet inside the network, bytes. @default the smallest underlay MTU of the hosts, less what the driver adds */
  mtu?: number;
  /** Domain of the network's names: `redis` is also `redis.<domain>`. @default "<networkId>.clocker", or "<networkId>.weave.local" with `names: "weave"` */
  domain?: string;
  /**
   * Who answers the network's names on its hosts: a `"dnsmasq"` of ours on each; `"docker"`, its own resolver, for driver `swarm` or a
   * network of one host (containers are replaced stop-first then); or, with driver `weave`, `"weave"`: weaveDNS in Weave's router, which tells every
   * network's full names to whoever asks for them. A change replaces the network, and is refused while containers are on it.
   * @default "dnsmasq"
   */
  names?: NameServer;
  /**
   * A zone that gets the network's names as well, of your own name server or served by hosts of the network: those outside find
   * containers too. @default none
   */
  zone?: NetworkZoneArgs;
  /** Resolvers for all other names. @default the host's own */
  dnsServers?: pulumi.Input<pulumi.Input<string>[]>;
  /** Containers may reach the outside through their host. @default true */
  outbound?: boolean;
  /** Hosts have the rules by which containers reach the outside: Clocker's name of `outbound`. @default as `outbound` */
  addIptablesRules?: boolean;
}

/** Compile-time complete. */
const KNOWN: Known<VirtualNetworkArgs> = {
  cloud: true,
  networkId: true,
  driver: true,
  driverOptions: true,
  encryption: true,
  sameLink: true,
  range: true,
  cidr: true,
  ipv6: true,
  cidr6: true,
  gateway: true,
  blockPrefix: true,
  reserved: true,
  mtu: true,
  domain: true,
  names: true,
  zone: true,
  dnsServers: true,
  outbound: true,
  addIptablesRules: true,
};

const KNOWN_ZONE: Known<ExistingZoneArgs & OwnZoneArgs> = {
  server: true,
  port: true,
  zone: true,
  reverseZone: true,
  reverseZone6: true,
  ttl: true,
  key: true,
  hosts: true,
};
const KNOWN_KEY: Known<ExistingZoneArgs["key"]> = { name: true, algorithm: true, secret: true };

/**
 * A private network across all hosts of a cloud. Which CIDR it has, each host's block and every container's address are
 * in the cloud's plan, so previews show them.
 */
export class VirtualNetwork extends ClockerResource {
  static readonly __pulumiType = `${TYPE_PREFIX}VirtualNetwork`;

  static override isInstance(value: unknown): value is VirtualNetwork {
    return (
      (value as { __pulumiType?: string } | undefined)?.__pulumiType === VirtualNetwork.__pulumiType
    );
  }

  declare readonly cidr: pulumi.Output<string>;
  /** Undefined where the network has no IPv6. */
  declare readonly cidr6: pulumi.Output<string> | undefined;
  /** VXLAN network identifier. */
  declare readonly vni: pulumi.Output<number>;
  declare readonly mtu: pulumi.Output<number>;
  /** The driver, also where the plan chose it. */
  declare readonly driver: pulumi.Output<DriverName>;
  declare readonly domain: pulumi.Output<string>;
  declare readonly networkId: pulumi.Output<string>;
  /** Names of the containers that the network was made with, and their addresses; later ones are in a NetworkNames. */
  declare readonly records: pulumi.Output<Record<string, string[]>>;

  /** The logical name, as containers refer to the network. */
  readonly networkName: string;
  /** Name of the Docker network on every host. */
  readonly dockerName: pulumi.Output<string>;
  /** @internal Who answers its names. */
  readonly nameServer: NameServer;
  /** @internal */
  readonly allocation: pulumi.Output<NetworkAllocation>;
  /** @internal */
  readonly cloud: DockerCloud;
  /** @internal Machines without Docker that are on it. */
  readonly machines: MachineArgs[];
  /** @internal The policy that the network has: containers that are made after it wait for it. */
  policy: { name: string; resource: pulumi.Resource } | undefined;

  constructor(name: string, args: VirtualNetworkArgs, opts: pulumi.CustomResourceOptions = {}) {
    checkName("VirtualNetwork", name);
    refuseUnknown(`VirtualNetwork ${name}`, args, KNOWN);
    const networkId = args.networkId ?? name;
    checkName("VirtualNetwork networkId", networkId);
    refuseOwnPlan(name, "cidr", args);
    refuseOwnPlan(name, "cidr6", args);
    const outbound = outboundOf(name, args);
    const names = args.names ?? "dnsmasq";
    const driverOptions = driverOptionsOf(name, args);
    const gateway = args.gateway ?? routerOf(args);
    const machines: MachineArgs[] = [];
    const plan = args.cloud.requestNetwork(name, () => ({
      name,
      ...(args.cidr === undefined ? {} : { cidr: args.cidr }),
      ...(args.ipv6 === undefined ? {} : { ipv6: args.ipv6 }),
      ...(args.cidr6 === undefined ? {} : { cidr6: args.cidr6 }),
      ...(gateway === undefined ? {} : { gateway }),
      blockPrefix: args.blockPrefix ?? 24,
      reserved: args.reserved ?? [],
      ...(args.mtu === undefined ? {} : { mtu: args.mtu }),
      ...(args.driver === undefined ? {} : { driver: args.driver }),
      ...(args.encryption === undefined ? {} : { encryption: args.encryption }),
      ...(args.sameLink === undefined ? {} : { sameLink: args.sameLink }),
      ...(args.range === undefined ? {} : { range: args.range }),
      ...(args.zone !== undefined && "hosts" in args.zone ? { zone: servedBy(args.zone) } : {}),
      ...(machines.length === 0 ? {} : { machines: machines.map(requestOf) }),
    }));
    const allocation = lift(plan.allocations, name);
    const members = lift(allocation, "hosts");
    super(
      "VirtualNetwork",
      "virtualNetwork",
      name,
      {
        cloud: args.cloud.cloudName,
        networkId,
        driver:
          args.driver === undefined || args.driver === "auto"
            ? lift(allocation, "driver")
            : args.driver,
        ...(driverOptions === undefined ? {} : { driverOptions: sealed(driverOptions) }),
        ...(args.encryption === undefined ? {} : { encryption: args.encryption }),
        cidr: lift(allocation, "cidr"),
        ...((args.ipv6 ?? args.cidr6 !== undefined) ? { cidr6: lift(allocation, "cidr6") } : {}),
        vni: lift(allocation, "vni"),
        mtu: lift(allocation, "mtu"),
        domain: args.domain ?? `${networkId}.${names === "weave" ? WEAVE_DOMAIN : "clocker"}`,
        // as networks have it that were made before there was a choice
        ...(names === "dnsmasq" ? {} : { names }),
        ...(args.zone === undefined ? {} : { zone: zoneOf(name, args.zone) }),
        dnsServers: args.dnsServers ?? [],
        outbound,
        records: lift(allocation, "records"),
        hosts: withMachines(
          args.cloud.hostBook.each(({ name: host, connection }) => {
            const member = lift(members, host);
            return {
              name: host,
              connection,
              block: lift(member, "block"),
              gateway: lift(member, "gateway"),
              underlay: lift(member, "underlay"),
              extra: lift(member, "extra"),
            };
          }),
          () => machines.map((machine) => machineOn(allocation, machine)),
        ),
        dockerIds: undefined,
      },
      opts,
    );
    this.networkName = name;
    this.nameServer = names;
    this.cloud = args.cloud;
    this.machines = machines;
    this.allocation = allocation;
    this.policy = undefined;
    this.dockerName = this.vni.apply((vni) => `${networkId}-${vni}`);
  }

  /** @internal A machine without Docker joins. @throws RunError when the plan has been made already */
  addMachine(what: string, machine: MachineArgs): void {
    if (!this.cloud.isOpen(this.networkName)) {
      throw new pulumi.RunError(
        `${what}: network ${this.networkName} is planned already: make the member before the program awaits anything`,
      );
    }
    this.machines.push(machine);
  }

  /** @internal The part of its CIDR that a host of the cloud has; undefined where the host is not in the network yet. */
  blockOf(host: string): pulumi.Output<string> {
    return lift(lift(lift(this.allocation, "hosts"), host), "block");
  }

  /** @internal The same of its machines, each with what it is reached by. */
  machineHosts(): pulumi.Inputs[] {
    return this.machines.map(({ name, connection }) => ({
      name,
      connection,
      block: machineBlock(this.allocation, name),
    }));
  }

  /** @internal Its machines as policies know them. */
  machineMembers(): pulumi.Output<PolicyMember>[] {
    return this.machines.map(({ name, application }) => {
      const address = lift(lift(lift(this.allocation, "machines"), name), "address");
      const names = { name, application, service: name, host: name };
      return address.apply((own) => ({ ...names, address: own, machine: true as const }));
    });
  }
}

function zoneOf(name: string, zone: NetworkZoneArgs): pulumi.Inputs {
  refuseUnknown(`VirtualNetwork ${name}: zone`, zone, KNOWN_ZONE);
  const { key } = zone as Partial<ExistingZoneArgs>;
  if (key === undefined) return { ...zone };
  refuseUnknown(`VirtualNetwork ${name}: zone.key`, key, KNOWN_KEY);
  return { ...zone, key: { ...key, secret: pulumi.secret(key.secret) } };
}

/** What the plan has to know of a zone: which ports are taken by it. */
function servedBy({ hosts, port }: OwnZoneArgs) {
  return { hosts, ...(port === undefined ? {} : { port }) };
}

/** @throws RunError when its two names say different things */
function outboundOf(
  name: string,
  { outbound, addIptablesRules }: Pick<VirtualNetworkArgs, "outbound" | "addIptablesRules">,
): boolean {
  if (outbound !== undefined && addIptablesRules !== undefined && outbound !== addIptablesRules)
    throw new pulumi.RunError(
      `VirtualNetwork ${name}: addIptablesRules is another name of outbound, and they differ: give one of them`,
    );
  return outbound ?? addIptablesRules ?? true;
}

/** With macvlan the gateway is the driver's to know. @throws RunError when it is given twice */
function driverOptionsOf(
  name: string,
  { driver, driverOptions, gateway }: VirtualNetworkArgs,
): VirtualNetworkArgs["driverOptions"] {
  if (driver !== "macvlan" || gateway === undefined) return driverOptions;
  if (driverOptions?.["gateway"] !== undefined)
    throw new pulumi.RunError(
      `VirtualNetwork ${name}: gateway is given twice, as an argument and in driverOptions: give one of them`,
    );
  return { ...driverOptions, gateway };
}

/** The LAN's router as the driver is told of it: no container may get its address either. */
function routerOf({ driver, driverOptions, cidr }: VirtualNetworkArgs): string | undefined {
  const router =
    driver === "macvlan" && cidr !== undefined ? driverOptions?.["gateway"] : undefined;
  return typeof router === "string" ? router : undefined;
}

/** A password is a secret, whatever the program takes it for. */
function sealed(options: NonNullable<VirtualNetworkArgs["driverOptions"]>): pulumi.Inputs {
  const { password } = options;
  return password === undefined ? options : { ...options, password: pulumi.secret(password) };
}

/** A machine as the plan and the network take it; see NetworkMember. */
interface MachineArgs {
  name: string;
  connection: pulumi.Input<Record<string, unknown>>;
  /** For policies; the plan asks nothing of it. */
  application: string;
  aliases: string[];
  address?: string;
  privateAddress?: string;
}

/**
 * @internal The cloud's hosts and, after them, what `machines` says once the program really waits. One unknown value hides no
 * other where the hosts are plain entries.
 */
export function withMachines(
  hosts: pulumi.Input<pulumi.Input<pulumi.Inputs>[]>,
  machines: () => pulumi.Inputs[],
): pulumi.Input<pulumi.Input<pulumi.Inputs>[]> {
  const complete = new Promise<void>((resolve) => setImmediate(resolve));
  if (Array.isArray(hosts)) return complete.then(() => [...hosts, ...machines()]);
  return pulumi.output(hosts).apply((known) => complete.then(() => [...known, ...machines()]));
}

/** A machine as the plan takes it. */
function requestOf({ application: _policy, ...machine }: MachineArgs) {
  return machine;
}

/** A machine's part in the network: a host whose block is its own address. */
function machineOn(
  allocation: pulumi.Output<NetworkAllocation>,
  { name, connection }: MachineArgs,
): pulumi.Inputs {
  const machine = lift(lift(allocation, "machines"), name);
  const address = lift(machine, "address");
  return {
    name,
    connection,
    block: machineBlock(allocation, name),
    gateway: address,
    underlay: lift(machine, "underlay"),
    machine: true,
  };
}

/** Its address alone. */
function machineBlock(
  allocation: pulumi.Output<NetworkAllocation>,
  name: string,
): pulumi.Output<string> {
  const address = lift(lift(lift(allocation, "machines"), name), "address");
  return address.apply((text) => `${text}/32`);
}

/** A CIDR that comes from what the same plan decides could never be known. */
function refuseOwnPlan(
  name: string,
  property: "cidr" | "cidr6",
  { [property]: cidr, cloud }: VirtualNetworkArgs,
): void {
  if (!pulumi.Output.isInstance(cidr)) return;
  const output = cidr as unknown as { resources(): Set<pulumi.Resource> };
  for (const source of output.resources()) {
    if (!VirtualNetwork.isInstance(source) || source.cloud !== cloud) continue;
    if (!cloud.isOpen(source.networkName)) continue;
    throw new pulumi.RunError(
      `VirtualNetwork ${name}: ${property} comes from ${source.networkName}, which the same plan decides: ` +
        "give it as a plain value, or await an output of that network first",
    );
  }
}
