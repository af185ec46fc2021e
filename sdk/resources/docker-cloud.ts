import * as pulumi from "@pulumi/pulumi";
import type { HostConnection } from "../../provider/host/connection.js";
import type { ConstraintSpec, StrategyName, StrategySpec } from "../../provider/placement/model.js";
import type { PlanHost } from "../../provider/resources/placement/inputs.js";
import { CloudPlan } from "../cloud-plan.js";
import { lift } from "../lift.js";
import { refuseUnknown, type Known } from "../known-args.js";
import { checkName } from "../names.js";
import { bytesOf, secondsOf, type Duration, type Memory } from "../units.js";
import { DockerHost } from "./docker-host.js";
import type { Placement } from "./placement.js";

/** How acceptable hosts are ordered; the first one left wins. A name, or an object for one with settings. */
export type Strategy = StrategyName | StrategySpec;

/**
 * What must hold for a host: a label expression (`"zone=eu"`, `"zone in (eu,us)"`, `"ssd exists"`), or an object for
 * the other kinds.
 */
export type Constraint = string | ConstraintSpec;

export interface ContainerDefaults {
  /** Cores reserved for and granted to a container that names none. @default 0.5 */
  cpus?: number;
  /** Memory reserved for and granted to a container that names none. @default "256 MiB" */
  memory?: Memory;
  /** Processes a container that names no limit may have. @default 512 */
  pids?: number;
}

export interface DockerCloudArgs {
  /** The hosts, in the order in which depthFirst and breadthFirst take them. Or what another stack exported. */
  hosts: DockerHost[] | pulumi.Input<CloudExport>;
  /** Applied to every container, before the application's and its own. @default ["breadthFirst"] */
  strategies?: Strategy[];
  /** Hold for every container of the cloud. @default [] */
  constraints?: Constraint[];
  /** Networks are carved from this pool. @default "10.128.0.0/9" */
  addressPool?: pulumi.Input<string>;
  /** Size of a network carved from the pool. @default 16 */
  networkPrefix?: number;
  /** Limits for containers that name none. */
  containers?: ContainerDefaults;
  /** How long the plan waits for the hosts' answers. @default "10 seconds" */
  observeTimeout?: Duration;
}

/** What `cloud.export()` gives to other stacks: plain data without keys. */
export interface CloudExport {
  name: string;
  hosts: PlanHost[];
}

interface HostParts {
  connection: pulumi.Output<HostConnection>;
  capacity: pulumi.Output<unknown>;
}

/** Compile-time complete. */
const KNOWN: Known<DockerCloudArgs> = {
  hosts: true,
  strategies: true,
  constraints: true,
  addressPool: true,
  networkPrefix: true,
  containers: true,
  observeTimeout: true,
};

/** Infrastructure of many hosts as one place to put containers. Its plan decides where everything goes. */
export class DockerCloud extends pulumi.ComponentResource {
  /** What placement knows of each host from the program. Known in preview. */
  readonly hosts: pulumi.Output<PlanHost[]>;
  /** The DockerHosts, when they were made in this program. */
  readonly nodes: { hosts: DockerHost[] };
  /** @internal limits for containers that name none */
  readonly defaults: { cpus: number; memoryBytes: number; pids: number };
  /** @internal */
  readonly cloudName: string;
  private readonly plan: CloudPlan;
  private readonly infos = new Map<string, pulumi.Output<PlanHost>>();
  private readonly parts = new Map<string, HostParts>();

  constructor(name: string, args: DockerCloudArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("clocker:index:DockerCloud", name, {}, opts);
    checkName("DockerCloud", name);
    refuseUnknown(`DockerCloud ${name}`, args, KNOWN);
    const at = (property: string) => `DockerCloud ${name}: ${property}`;
    const own = isHosts(args.hosts) ? args.hosts : [];
    if (isHosts(args.hosts) && own.length === 0) {
      throw new pulumi.RunError(`${at("hosts")}: a cloud needs at least one host`);
    }
    this.cloudName = name;
    this.nodes = { hosts: own };
    const planHosts: pulumi.Input<pulumi.Input<Record<string, unknown>>[]> = isHosts(args.hosts)
      ? own.map((host) => ({ name: host.hostName, connection: host.access, ...host.placementArgs }))
      : pulumi.output(args.hosts).apply((exported) => exported.hosts as never);
    this.hosts = pulumi.output(planHosts) as unknown as pulumi.Output<PlanHost[]>;
    for (const host of own) {
      const info = { name: host.hostName, connection: host.access, ...host.placementArgs };
      this.infos.set(host.hostName, pulumi.output(info));
    }
    this.defaults = {
      cpus: args.containers?.cpus ?? 0.5,
      memoryBytes: bytesOf(at("containers.memory"), args.containers?.memory ?? "256 MiB"),
      pids: args.containers?.pids ?? 512,
    };
    this.plan = new CloudPlan(
      name,
      {
        cloud: name,
        hosts: planHosts,
        constraints: (args.constraints ?? []).map(constraintSpec),
        strategies: (args.strategies ?? ["breadthFirst"]).map(strategySpec),
        pool: {
          cidr: args.addressPool ?? "10.128.0.0/9",
          networkPrefix: args.networkPrefix ?? 16,
        },
        observeTimeout: secondsOf(at("observeTimeout"), args.observeTimeout ?? 10),
      },
      { parent: this, dependsOn: own },
    );
    this.registerOutputs({});
  }

  /** Everything another stack needs to place containers here: `new DockerCloud("c", { hosts: ref.getOutput("cloud") })`. */
  export(): pulumi.Output<CloudExport> {
    return this.hosts.apply((hosts) => ({ name: this.cloudName, hosts }));
  }

  /** Names of the hosts, when they were made in this program. */
  get hostNames(): string[] {
    return this.nodes.hosts.map((host) => host.hostName);
  }

  /** @internal */
  requestContainer(name: string, request: () => pulumi.Input<Record<string, unknown>>): Placement {
    return this.plan.request(name, request);
  }

  /** @internal */
  requestNetwork(name: string, request: () => pulumi.Input<Record<string, unknown>>): Placement {
    return this.plan.network(name, request);
  }

  /** @internal The plan that this network is in has not been closed: nothing in it can be waited for. */
  isOpen(network: string): boolean {
    return this.plan.isOpen(network);
  }

  /** @internal What the program says of the host that a plan chose. Depends on that host alone. */
  infoOf(host: pulumi.Output<string>): pulumi.Output<PlanHost> {
    return host.apply((name) => {
      const known = this.infos.get(name);
      if (known) return known;
      return this.hosts.apply((hosts) => {
        const found = hosts.find((candidate) => candidate.name === name);
        if (!found) throw new pulumi.RunError(`cloud ${this.cloudName} has no host ${name}`);
        return found;
      });
    });
  }

  /** @internal What a container's place says of its host; the same outputs for all containers there. */
  partsOf(host: string): HostParts {
    let parts = this.parts.get(host);
    if (!parts) {
      const info = this.infoOf(pulumi.output(host));
      parts = {
        connection: lift(info, "connection"),
        capacity: info.apply(({ capacity, headroom, maxContainers }) => ({
          ...capacity,
          headroom,
          ...(maxContainers === undefined ? {} : { maxContainers }),
        })),
      };
      this.parts.set(host, parts);
    }
    return parts;
  }

  /** @internal The hosts as plain entries where the program made them, so that one unknown address hides no other. */
  eachHost<T extends object>(
    map: (host: { name: string; connection: pulumi.Input<HostConnection> }) => T,
  ): pulumi.Input<pulumi.Input<T>[]> {
    if (this.nodes.hosts.length > 0) {
      return this.nodes.hosts.map((host) => map({ name: host.hostName, connection: host.access }));
    }
    return this.hosts.apply((hosts) => hosts.map(map));
  }
}

function isHosts(hosts: DockerCloudArgs["hosts"]): hosts is DockerHost[] {
  return Array.isArray(hosts);
}

/** @internal */
export function strategySpec(strategy: Strategy): StrategySpec {
  return typeof strategy === "string" ? { kind: strategy } : strategy;
}

/** @internal */
export function constraintSpec(constraint: Constraint): ConstraintSpec {
  return typeof constraint === "string" ? { kind: "label", expression: constraint } : constraint;
}
