import * as pulumi from "@pulumi/pulumi";
import type { PolicyMember, PublishedPort } from "../../provider/firewall/model.js";
import type { HostConnection } from "../../provider/host/connection.js";
import { tightest } from "../../provider/placement/constraints/max-containers.js";
import type { ContainerPredicate, Supply } from "../../provider/placement/model.js";
import type { PlanHost } from "../../provider/resources/placement/inputs.js";
import { CloudPlan } from "../cloud-plan.js";
import { rebalanceOf, supplyOf } from "../cloud-args.js";
import { lift } from "../lift.js";
import { refuseUnknown, type Known } from "../known-args.js";
import { checkName } from "../names.js";
import { layerOf, type LayerArgs } from "../placement-args.js";
import type { Collect, Constraint, Preference, Strategy } from "../rules.js";
import { FunctionBook } from "../user-functions.js";
import { bytesOf, secondsOf, type Duration, type Memory } from "../units.js";
import { DockerHost } from "./docker-host.js";
import { NetworkIngress } from "./network-ingress.js";
import { NetworkPolicy } from "./network-policy.js";
import { NetworkNames } from "./network-names.js";
import type { PlacedContainer } from "./placed-container.js";
import type { Placement } from "./placement.js";
import type { VirtualNetwork } from "./virtual-network.js";

export interface ContainerDefaults {
  /** Cores reserved for and granted to a container that names none. @default 0.5 */
  cpus?: number;
  /** Memory reserved for and granted to a container that names none. @default "256 MiB" */
  memory?: Memory;
  /** Processes a container that names no limit may have. @default 512 */
  pids?: number;
}

/** Asks for moves that make the balance of the strategies better. */
export interface RebalanceArgs {
  /** At most so many containers move in one up. @default 10 */
  maxMoves?: number;
  /** Only containers of these applications move. @default all */
  applications?: string[];
}

/** How many hosts the cloud should have; see `neededHosts`. */
export interface SupplyArgs {
  /** Room to keep free for containers to come: a number of them, a share of all places (`"25%"`), or resources. */
  headroom: number | `${number}%` | { cpus?: number; memory?: Memory };
  /** @default 0 */
  minHosts?: number;
  /** @default no limit */
  maxHosts?: number;
  /** Containers on one host. @default the lowest `maxContainers` among the cloud's constraints, else 8 */
  maxContainers?: number;
  /** What a new host would offer, for headroom by resources. @default the smallest host of the cloud */
  hostShape?: { cpus: number; memory: Memory };
}

export interface DockerCloudArgs extends LayerArgs {
  /** The hosts, in the order in which depthFirst and breadthFirst take them. Or what another stack exported. */
  hosts: DockerHost[] | pulumi.Input<CloudExport>;
  /** Applied to every container, before the application's and its own. @default ["breadthFirst"] */
  strategies?: Strategy[];
  /** Hold for every container of the cloud. @default [] */
  constraints?: Constraint[];
  /** Wishes for every container of the cloud. @default [] */
  preferences?: Preference[];
  /** Functions that affinity rules ask for as `PREDICATE name`: whether a container that lies on a host matches. @default {} */
  containerPredicates?: Record<string, ContainerPredicate>;
  /**
   * Move containers so that the balance of the strategies becomes better; previews show which. True: all that are
   * worth it, at most 10. Absent, nothing that may stay is moved. @default false
   */
  rebalance?: boolean | RebalanceArgs;
  /**
   * Place anew what was on hosts that cannot be reached, except what has data there. What still runs on such a host is
   * removed by the first up that reaches it. @default false
   */
  replaceLost?: boolean;
  /** Count how many hosts are needed: the outputs `neededHosts`, `desiredHosts` and `supply`. @default not counted */
  supply?: SupplyArgs;
  /**
   * Applications that share a network reach each other (`"none"`), or only where a NetworkPolicy says so
   * (`"applications"`): then each network with containers of several applications has such a policy, if the program makes
   * none for it itself, and sharing a network whose driver carries no policy is refused. @default "none"
   */
  isolate?: "applications" | "none";
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

/** A container that was requested for a network. */
interface Joined {
  name: string;
  application: string;
  service: string;
  plan: Placement;
  /** Ports of it are open on every host, over this network. */
  ingress?: true;
  published?: PublishedPort[];
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
  preferences: true,
  affinity: true,
  containerPredicates: true,
  rebalance: true,
  replaceLost: true,
  supply: true,
  isolate: true,
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
  /** @internal collects the functions of rules */
  readonly collect: Collect;
  /** Of its constraints; Infinity: no limit. */
  private readonly maxContainers: number;
  private readonly plan: CloudPlan;
  private readonly supplied: pulumi.Output<Supply> | undefined;
  private readonly joined = new Map<string, Joined[]>();
  private readonly added = new Map<Placement, Map<string, NetworkNames>>();
  private readonly opened = new Map<Placement, Map<string, PlacedContainer[]>>();
  private readonly isolates: boolean;
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
    this.isolates = args.isolate === "applications";
    this.cloudName = name;
    this.nodes = { hosts: own };
    const planHosts: pulumi.Input<pulumi.Input<Record<string, unknown>>[]> = isHosts(args.hosts)
      ? own.map(planHostOf)
      : pulumi.output(args.hosts).apply((exported) => exported.hosts as never);
    this.hosts = pulumi.output(planHosts) as unknown as pulumi.Output<PlanHost[]>;
    for (const host of own) this.infos.set(host.hostName, pulumi.output(planHostOf(host)));
    this.defaults = {
      cpus: args.containers?.cpus ?? 0.5,
      memoryBytes: bytesOf(at("containers.memory"), args.containers?.memory ?? "256 MiB"),
      pids: args.containers?.pids ?? 512,
    };
    const functions = new FunctionBook(name);
    this.collect = (kind, name, run) => functions.add(kind, name, run);
    for (const [predicate, run] of Object.entries(args.containerPredicates ?? {}))
      functions.add("containers", predicate, run);
    const { preferences, ...layer } = layerOf(
      { ...args, strategies: args.strategies ?? ["breadthFirst"] },
      this.collect,
    );
    this.maxContainers = tightest(layer.constraints) ?? Infinity;
    const rebalance = rebalanceOf(args.rebalance);
    this.plan = new CloudPlan(
      name,
      {
        cloud: name,
        hosts: isHosts(args.hosts) ? own.map(withPreparing) : planHosts,
        ...layer,
        ...(preferences.length > 0 ? { preferences } : {}),
        ...(rebalance ? { rebalance } : {}),
        ...(args.replaceLost === true ? { replaceLost: true } : {}),
        ...(args.supply ? { supply: supplyOf(at, args.supply) } : {}),
        pool: {
          cidr: args.addressPool ?? "10.128.0.0/9",
          networkPrefix: args.networkPrefix ?? 16,
        },
        observeTimeout: secondsOf(at("observeTimeout"), args.observeTimeout ?? 10),
      },
      { parent: this, dependsOn: own },
      functions,
    );
    this.supplied = args.supply ? this.plan.first().hostSupply : undefined;
    this.registerOutputs({});
  }

  /**
   * Everything another stack needs to place containers here: `new DockerCloud("c", { hosts: ref.getOutput("cloud") })`.
   * The cloud's `maxContainers` goes with each host, so that it holds for all stacks together; its other rules are this
   * stack's own.
   */
  export(): pulumi.Output<CloudExport> {
    return this.hosts.apply((hosts) => ({
      name: this.cloudName,
      hosts: hosts.map((host) => ({ ...host, ...this.limitOf(host, Infinity) })),
    }));
  }

  /**
   * How many hosts the cloud should have and what that was computed from. It counts what the program requests before
   * it waits for anything, and what is on the hosts. @throws RunError without the argument `supply`
   */
  get supply(): pulumi.Output<Supply> {
    if (!this.supplied) {
      throw new pulumi.RunError(
        `DockerCloud ${this.cloudName}: supply: say how much room to keep free, as in supply: { headroom: 4 }`,
      );
    }
    return this.supplied;
  }

  /** Hosts that are missing; 0 when there are enough. */
  get neededHosts(): pulumi.Output<number> {
    return lift(this.supply, "neededHosts");
  }

  /** Hosts that the cloud should have, between `minHosts` and `maxHosts`. */
  get desiredHosts(): pulumi.Output<number> {
    return lift(this.supply, "desiredHosts");
  }

  /** Names of the hosts, when they were made in this program. */
  get hostNames(): string[] {
    return this.nodes.hosts.map((host) => host.hostName);
  }

  /** @internal */
  requestContainer(name: string, request: () => pulumi.Input<Record<string, unknown>>): Placement {
    return this.plan.request(name, request);
  }

  /** @internal An application asks for a better balance of its containers. */
  rebalanceApplication(application: string, maxMoves: number | undefined): void {
    this.plan.rebalance(application, maxMoves);
  }

  /** @internal Resolves when the container that is requested under this name is in its place. */
  whenPlaced(container: string): Promise<void> {
    return this.plan.whenPlaced(container);
  }

  /** @internal */
  announce(container: string, placed: Promise<unknown>): void {
    this.plan.announce(container, placed);
  }

  /** @internal */
  requestNetwork(name: string, request: () => pulumi.Input<Record<string, unknown>>): Placement {
    return this.plan.network(name, request);
  }

  /** @internal A container was requested for a network. */
  joins(network: VirtualNetwork, container: Joined): void {
    const { networkName } = network;
    const all = this.joined.get(networkName);
    if (all) all.push(container);
    else this.joined.set(networkName, [container]);
    const isNew = !all
      ?.slice(0, -1)
      .some(({ application }) => application === container.application);
    if (isNew && this.isolates) setImmediate(() => this.part(network));
  }

  /** Applications that share a network are kept apart, if the program has not said itself who may reach whom. */
  private part(network: VirtualNetwork): void {
    const joined = this.joined.get(network.networkName) ?? [];
    const applications = new Set(joined.map(({ application }) => application));
    if (applications.size < 2 || network.policy) return;
    new NetworkPolicy(
      `${network.networkName}-applications`,
      { network },
      { parent: network, protect: false },
    );
  }

  /** @internal Who is on a network, of all that the program requests until it really waits. */
  membersOf(network: VirtualNetwork): pulumi.Input<pulumi.Input<PolicyMember>[]> {
    const complete = new Promise<void>((resolve) => setImmediate(resolve));
    return complete.then(() => [
      ...(this.joined.get(network.networkName) ?? []).map(({ name, plan, ...more }) => {
        const assignment = lift(plan.assignments, name);
        const address = lift(lift(assignment, "addresses"), network.networkName);
        return pulumi
          .all([lift(assignment, "host"), address])
          .apply(([host, own]) => ({ name, ...more, host, address: own }));
      }),
      ...network.machineMembers(),
    ]);
  }

  /** @internal The plan that this network is in has not been closed: nothing in it can be waited for. */
  isOpen(network: string): boolean {
    return this.plan.isOpen(network);
  }

  /**
   * @internal The names that a plan adds to a network of an earlier plan: one resource for both, made with the first
   * container that needs it. Undefined where the network's own plan has the container, and so its names.
   */
  addedNames(network: VirtualNetwork, plan: Placement): NetworkNames | undefined {
    if (this.plan.ofNetwork(network.networkName) === plan) return undefined;
    let ofPlan = this.added.get(plan);
    if (!ofPlan) this.added.set(plan, (ofPlan = new Map<string, NetworkNames>()));
    let names = ofPlan.get(network.networkName);
    if (!names) {
      names = new NetworkNames(network, plan, this);
      ofPlan.set(network.networkName, names);
    }
    return names;
  }

  /** @internal Ports of a container are open on every host: one resource for a network and a plan, made with the first. */
  opens(network: VirtualNetwork, plan: Placement, member: PlacedContainer): void {
    let ofPlan = this.opened.get(plan);
    if (!ofPlan) this.opened.set(plan, (ofPlan = new Map<string, PlacedContainer[]>()));
    const members = ofPlan.get(network.networkName);
    if (members) {
      members.push(member);
      return;
    }
    const started = [member];
    ofPlan.set(network.networkName, started);
    new NetworkIngress(network, plan, this, started);
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

  /**
   * @internal What a container's place says of its host; the same outputs for all containers there that want no more
   * than so many on their host.
   */
  partsOf(host: string, maxContainers: number): HostParts {
    const key = `${host} ${maxContainers}`;
    let parts = this.parts.get(key);
    if (!parts) {
      const info = this.infoOf(pulumi.output(host));
      parts = {
        connection: lift(info, "connection"),
        capacity: info.apply((found) => ({
          ...found.capacity,
          headroom: found.headroom,
          ...this.limitOf(found, maxContainers),
        })),
      };
      this.parts.set(key, parts);
    }
    return parts;
  }

  /** The tightest of what the host, the cloud and the layers below it allow; nothing where nobody says a number. */
  private limitOf(host: PlanHost, wanted: number): { maxContainers?: number } {
    const max = Math.min(host.maxContainers ?? Infinity, this.maxContainers, wanted);
    return Number.isFinite(max) ? { maxContainers: max } : {};
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

function planHostOf(host: DockerHost) {
  return { name: host.hostName, connection: host.access, ...host.placementArgs };
}

/** While the facts are not known, the host's resource has something to do first: it may have Docker to start. */
function withPreparing(host: DockerHost) {
  return { ...planHostOf(host), preparing: host.facts.apply(() => undefined) };
}
