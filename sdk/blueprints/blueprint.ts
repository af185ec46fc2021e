import * as pulumi from "@pulumi/pulumi";
import type { ContainerArgs } from "../container-args.js";
import { checkName } from "../names.js";
import { joinLayers, type LayerArgs, type NeedsArgs } from "../placement-args.js";
import type { DockerCloud } from "../resources/docker-cloud.js";
import { PlacedContainer, type PlacedContainerArgs } from "../resources/placed-container.js";
import { VirtualNetwork, type VirtualNetworkArgs } from "../resources/virtual-network.js";

/** One service of an application: `count` containers of one kind. */
export interface ServiceArgs extends ContainerArgs, NeedsArgs {
  /** How many containers. With a count they are named `<service>-0`, `<service>-1`, ... @default one, named `<service>` */
  count?: number;
  /** Services that must be up and healthy before this one starts. @default those whose outputs it uses */
  dependsOn?: string[];
  /** Further names of the service on the application's network. @default [] */
  aliases?: string[];
}

/** What a service offers to those that use it. */
export interface ServiceOutputs {
  /** Name that resolves to all its containers on the application's network. */
  name: string;
  /** Addresses of its containers on the application's network. */
  addresses: pulumi.Output<string[]>;
  containers: PlacedContainer[];
}

/** Looks up another service; using it makes it a dependency. */
export type UseService = (name: string) => ServiceOutputs;

/** A service's args, or a function that makes them from the outputs of other services. */
export type ServiceDefinition = ServiceArgs | ((use: UseService) => ServiceArgs);

/** Its constraints, strategies, preferences and affinity rules are for all services, after the cloud's, before their own. */
export interface BlueprintArgs extends LayerArgs {
  cloud: DockerCloud;
  /** By name; the name is also the service's name on the network. Order is placement order after dependencies. */
  services: Record<string, ServiceDefinition>;
  /** The application's network: an existing one, or settings for its own. @default its own, carved from the pool */
  network?: VirtualNetwork | Omit<VirtualNetworkArgs, "cloud">;
  /** Move this application's containers for a better balance, as `rebalance` of DockerCloud does for all. @default false */
  rebalance?: boolean | { maxMoves?: number };
  /** Adjusts a child before it is made, e.g. for a setting that a service has no word for. */
  transform?: (args: PlacedContainerArgs, service: string, index: number) => PlacedContainerArgs;
}

/** A published port as it is reached from outside. */
export interface Endpoint {
  service: string;
  container: string;
  host: string;
  /** `address:port` of the host; a port in mode "ingress" is open on all others too. */
  address: string;
  containerPort: number;
  protocol: string;
}

/**
 * A composite application: services with dependencies on a network of their own.
 *
 * ```ts
 * new Blueprint("guestbook", {
 *   cloud,
 *   services: {
 *     redis: { image: "redis:7", health: { command: "redis-cli ping" } },
 *     web: (use) => ({ image: "web:1", count: 3, env: { REDIS_HOST: use("redis").name }, ports: ["8080:8080"] }),
 *   },
 * });
 * ```
 */
export class Blueprint extends pulumi.ComponentResource {
  /** The children, by service. */
  readonly nodes: { network: VirtualNetwork; services: Record<string, PlacedContainer[]> };
  /** Published ports of all services. Known in preview as far as placement is. */
  readonly endpoints: pulumi.Output<Endpoint[]>;

  constructor(name: string, args: BlueprintArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("clocker:index:Blueprint", name, {}, opts);
    checkName("Blueprint", name);
    if (args.rebalance)
      args.cloud.rebalanceApplication(
        name,
        args.rebalance === true ? undefined : args.rebalance.maxMoves,
      );
    const network = this.createNetwork(name, args);
    const services = this.createServices(name, args, network);
    this.nodes = {
      network,
      services: Object.fromEntries(
        [...services].map(([service, { containers }]) => [service, containers]),
      ),
    };
    this.endpoints = endpointsOf(this.nodes.services);
    this.registerOutputs({ endpoints: this.endpoints });
  }

  private createNetwork(name: string, args: BlueprintArgs): VirtualNetwork {
    if (VirtualNetwork.isInstance(args.network)) return args.network;
    return new VirtualNetwork(name, { ...args.network, cloud: args.cloud }, { parent: this });
  }

  /** Dependencies first; a service that a function uses is made when it is used. */
  private createServices(
    name: string,
    args: BlueprintArgs,
    network: VirtualNetwork,
  ): Map<string, ServiceOutputs> {
    const made = new Map<string, ServiceOutputs>();
    const path: string[] = [];
    const make = (service: string, from: string): ServiceOutputs => {
      const done = made.get(service);
      if (done) return done;
      const definition = args.services[service];
      if (!definition) {
        const known = Object.keys(args.services).join(", ");
        throw new pulumi.RunError(
          `Blueprint ${name}: services.${from} depends on ${JSON.stringify(service)}, which is none of ${known}`,
        );
      }
      if (path.includes(service)) {
        throw new pulumi.RunError(
          `Blueprint ${name}: services depend on each other in a circle: ${[...path, service].join(" -> ")}`,
        );
      }
      path.push(service);
      const used = new Set<string>();
      const use: UseService = (other) => {
        used.add(other);
        return make(other, service);
      };
      const serviceArgs = typeof definition === "function" ? definition(use) : definition;
      for (const other of serviceArgs.dependsOn ?? []) use(other);
      const dependencies = [...used].flatMap((other) => made.get(other)!.containers);
      const outputs = this.createService(name, service, serviceArgs, args, network, dependencies);
      path.pop();
      made.set(service, outputs);
      return outputs;
    };
    for (const service of Object.keys(args.services)) make(service, service);
    return made;
  }

  private createService(
    name: string,
    service: string,
    serviceArgs: ServiceArgs,
    args: BlueprintArgs,
    network: VirtualNetwork,
    dependencies: PlacedContainer[],
  ): ServiceOutputs {
    checkName(`Blueprint ${name}: service`, service);
    const { count, dependsOn: _dependsOn, aliases = [], ...container } = serviceArgs;
    if (count !== undefined && (!Number.isInteger(count) || count < 0)) {
      throw new pulumi.RunError(
        `Blueprint ${name}: services.${service}.count: a whole number from 0 is needed`,
      );
    }
    const members =
      count === undefined ? [service] : Array.from({ length: count }, (_, i) => `${service}-${i}`);
    const containers = members.map((member, index) => {
      const names = count === undefined ? [service] : [member, service];
      const childArgs: PlacedContainerArgs = {
        ...container,
        cloud: args.cloud,
        application: name,
        type: service,
        networks: [{ network, aliases: [...names, ...aliases] }],
        ...joinLayers(args, container),
      };
      return new PlacedContainer(
        `${name}-${member}`,
        args.transform ? args.transform(childArgs, service, index) : childArgs,
        { parent: this, dependsOn: dependencies },
      );
    });
    return {
      name: service,
      addresses: pulumi.all(
        containers.map((child) => child.addresses.apply((all) => all[network.networkName] ?? "")),
      ),
      containers,
    };
  }
}

function endpointsOf(services: Record<string, PlacedContainer[]>): pulumi.Output<Endpoint[]> {
  const all = Object.entries(services).flatMap(([service, containers]) =>
    containers.map((container) =>
      pulumi
        .all([container.host, container.hostAddress, container.spec.apply((spec) => spec.ports)])
        .apply(([host, address, ports]) =>
          [...ports, ...container.ingress.map((port) => ({ ...port, hostAddress: "" }))]
            .filter((port) => port.hostPort > 0)
            .map((port): Endpoint => ({
              service,
              container: container.containerName,
              host,
              address: `${port.hostAddress && port.hostAddress !== "0.0.0.0" ? port.hostAddress : address}:${port.hostPort}`,
              containerPort: port.containerPort,
              protocol: port.protocol,
            })),
        ),
    ),
  );
  return pulumi.all(all).apply((lists) => lists.flat());
}
