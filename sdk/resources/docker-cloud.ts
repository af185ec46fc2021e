import * as pulumi from "@pulumi/pulumi";
import { tightest } from "../../provider/placement/constraints/max-containers.js";
import type { Supply } from "../../provider/placement/model.js";
import type { PlanHost } from "../../provider/resources/placement/inputs.js";
import {
  KNOWN_CLOUD,
  rebalanceOf,
  supplyOf,
  type CloudExport,
  type DockerCloudArgs,
} from "../cloud-args.js";
import { CloudPlan } from "../cloud-plan.js";
import { HostBook } from "../host-book.js";
import { refuseUnknown } from "../known-args.js";
import { lift } from "../lift.js";
import { checkName } from "../names.js";
import { NetworkBook } from "../network-book.js";
import { layerOf } from "../placement-args.js";
import type { Collect } from "../rules.js";
import { bytesOf, secondsOf } from "../units.js";
import { FunctionBook } from "../user-functions.js";
import type { DockerHost } from "./docker-host.js";
import type { Placement } from "./placement.js";

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
  /** @internal */
  readonly hostBook: HostBook;
  /** @internal */
  readonly networkBook: NetworkBook;
  private readonly plan: CloudPlan;
  private readonly supplied: pulumi.Output<Supply> | undefined;

  constructor(name: string, args: DockerCloudArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("clocker:index:DockerCloud", name, {}, opts);
    checkName("DockerCloud", name);
    refuseUnknown(`DockerCloud ${name}`, args, KNOWN_CLOUD);
    const at = (property: string) => `DockerCloud ${name}: ${property}`;
    const own = isHosts(args.hosts) ? args.hosts : [];
    if (isHosts(args.hosts) && own.length === 0) {
      throw new pulumi.RunError(`${at("hosts")}: a cloud needs at least one host`);
    }
    this.cloudName = name;
    this.nodes = { hosts: own };
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
    this.hostBook = new HostBook(
      name,
      isHosts(args.hosts)
        ? args.hosts
        : pulumi.output(args.hosts).apply((exported) => exported.hosts),
      tightest(layer.constraints) ?? Infinity,
    );
    this.hosts = this.hostBook.all;
    const rebalance = rebalanceOf(args.rebalance);
    this.plan = new CloudPlan(
      name,
      {
        cloud: name,
        hosts: this.hostBook.planned(),
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
    this.networkBook = new NetworkBook(this, this.plan, args.isolate === "applications");
    this.supplied = args.supply ? this.plan.first().hostSupply : undefined;
    this.registerOutputs({});
  }

  /**
   * Everything another stack needs to place containers here: `new DockerCloud("c", { hosts: ref.getOutput("cloud") })`.
   * The cloud's `maxContainers` goes with each host, so that it holds for all stacks together; its other rules are this
   * stack's own.
   */
  export(): pulumi.Output<CloudExport> {
    return this.hostBook.exported().apply((hosts) => ({ name: this.cloudName, hosts }));
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

  /** @internal The plan that this network is in has not been closed: nothing in it can be waited for. */
  isOpen(network: string): boolean {
    return this.plan.isOpen(network);
  }
}

function isHosts(hosts: DockerCloudArgs["hosts"]): hosts is DockerHost[] {
  return Array.isArray(hosts);
}
