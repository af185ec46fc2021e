import * as pulumi from "@pulumi/pulumi";
import { isEveryAddress } from "../../provider/ipam/cidr.js";
import { tightest } from "../../provider/placement/constraints/max-containers.js";
import type { Assignment } from "../../provider/placement/model.js";
import type {
  ContainerSpec,
  PlacedContainerState,
} from "../../provider/resources/placed-container/inputs.js";
import { isStopFirst, revisionOf } from "../../provider/resources/placed-container/revision.js";
import { containerSpec, foldersOf, volumesOf, type ContainerArgs } from "../container-args.js";
import { lift } from "../lift.js";
import { refuseUnknown, type Known } from "../known-args.js";
import { checkName } from "../names.js";
import { type IngressPort, ingressRequest, readPorts } from "../ports.js";
import { placeOf } from "../place.js";
import { ClockerResource, TYPE_PREFIX } from "../resource.js";
import { watch } from "../settled.js";
import { layerOf, needsOf, type NeedsArgs } from "../placement-args.js";
import type { DockerCloud } from "./docker-cloud.js";
import type { Placement } from "./placement.js";
import { VirtualNetwork } from "./virtual-network.js";

/** A network to attach to, with the names the container has there and, if wished, a fixed address. */
export interface NetworkAttachment {
  network: VirtualNetwork;
  /** Further names on this network; several containers may share one. @default [] */
  aliases?: string[];
  /** Fixed address inside the network's CIDR. @default planned, from the host's block */
  address?: string;
}

export interface PlacedContainerArgs extends ContainerArgs, NeedsArgs {
  /** The cloud that places the container. */
  cloud: DockerCloud;
  /**
   * In attach order, which is the order of the name servers too. The first one has the default route on Docker 28 and
   * later, as long as it is not attached later than the others; before, Docker takes the first by name
   * (`<networkId>-<vni>`). At least one.
   */
  networks: (VirtualNetwork | NetworkAttachment)[];
  /** Application it belongs to, for affinity and for reading. @default "" */
  application?: string;
  /** Kind of container, for affinity. @default the resource's name */
  type?: string;
}

/** Compile-time complete. */
const KNOWN: Known<PlacedContainerArgs> = {
  image: true,
  pull: true,
  command: true,
  entrypoint: true,
  workingDir: true,
  hostname: true,
  env: true,
  secrets: true,
  secretEnv: true,
  ports: true,
  cpus: true,
  memory: true,
  pids: true,
  mounts: true,
  restart: true,
  health: true,
  wait: true,
  user: true,
  readOnlyRoot: true,
  hardened: true,
  capabilities: true,
  extraHosts: true,
  dns: true,
  init: true,
  log: true,
  stopTimeout: true,
  labels: true,
  devices: true,
  cloud: true,
  networks: true,
  constraints: true,
  strategies: true,
  preferences: true,
  affinity: true,
  group: true,
  gpus: true,
  accelerators: true,
  platform: true,
  disk: true,
  application: true,
  type: true,
};

/**
 * One container, on the host and at the addresses that the cloud's plan chose and the preview showed. Limits, restart
 * policy and networks change in place; everything else replaces the container: start-first, or stop-first where a
 * published port, a volume or names that Docker itself answers force it. Until a new one that starts first is ready, names, policies and
 * ports in mode "ingress" stay with the old one, which goes at the end of the up; if it never gets ready, the old one serves on.
 *
 * ```ts
 * const redis = new PlacedContainer("redis", { cloud, networks: [lan], image: "redis:7", memory: "512 MiB" });
 * ```
 */
export class PlacedContainer extends ClockerResource {
  static readonly __pulumiType = `${TYPE_PREFIX}PlacedContainer`;

  static override isInstance(value: unknown): value is PlacedContainer {
    return (
      (value as { __pulumiType?: string } | undefined)?.__pulumiType ===
      PlacedContainer.__pulumiType
    );
  }

  /** All that the container is, defaults included. */
  declare readonly spec: pulumi.Output<ContainerSpec>;
  /** Where it runs and how it is reached there. */
  declare readonly place: pulumi.Output<PlacedContainerState["place"]>;
  /** What was found after it was made. */
  declare readonly status: pulumi.Output<PlacedContainerState["status"]>;

  /** The logical name, unique in the cloud's plan. */
  readonly containerName: string;
  /** @internal Ports of it that are open on every host. */
  readonly ingress: readonly IngressPort[];
  private readonly plan: Placement;

  constructor(name: string, args: PlacedContainerArgs, opts: pulumi.CustomResourceOptions = {}) {
    checkName("PlacedContainer", name);
    refuseUnknown(`PlacedContainer ${name}`, args, KNOWN);
    const attachments = args.networks.map((item): NetworkAttachment =>
      VirtualNetwork.isInstance(item) ? { network: item } : item,
    );
    for (const { network } of attachments) {
      if (network.cloud !== args.cloud) {
        throw new pulumi.RunError(
          `PlacedContainer ${name}: networks: ${network.networkName} belongs to the cloud ` +
            `${network.cloud.cloudName}, the container to ${args.cloud.cloudName}`,
        );
      }
    }
    const spec = containerSpec(name, args, args.cloud.defaults);
    const settled = watch(spec) as unknown as () => ContainerSpec;
    const type = args.type ?? name;
    const { preferences, ...layer } = layerOf(args, args.cloud.collect);
    const needs = needsOf((property) => `PlacedContainer ${name}: ${property}`, args);
    const before = namesIn(opts.dependsOn);
    const folders = foldersOf(spec);
    const { ingress } = readPorts(`PlacedContainer ${name}: ports`, args.ports);
    const plan = args.cloud.requestContainer(name, () => ({
      name,
      application: args.application ?? "",
      type,
      cpus: spec.cpus,
      memoryBytes: spec.memoryBytes,
      ports: spec.ports
        .filter((port) => port.hostPort > 0)
        .map(({ hostPort, protocol, hostAddress }) => ({ hostPort, protocol, hostAddress })),
      ...ingressRequest(ingress),
      volumes: volumesOf(spec),
      ...(folders.length > 0 ? { folders } : {}),
      networks: attachments.map(({ network, address, aliases }) => ({
        network: network.networkName,
        ...(address === undefined ? {} : { address }),
        aliases: aliases ?? [],
      })),
      ...layer,
      ...(preferences.length > 0 ? { preferences } : {}),
      ...needs,
      ...(spec.pull === "never" && needs.platforms === undefined ? { image: spec.image } : {}),
      ...(before.length > 0 ? { dependsOn: before } : {}),
      revision: revisionOf(settled()),
      // A device has one holder at a time, and so have names where Docker answers them.
      stopFirst:
        isStopFirst(settled()) ||
        needs.devices !== undefined ||
        attachments.some(({ network }) => network.nameServer === "docker"),
    }));
    // Before the container answers to its names, they resolve.
    const published = spec.ports
      .filter(({ hostPort }) => hostPort > 0)
      .map(({ containerPort, hostPort, protocol, hostAddress }) => ({
        port: containerPort,
        hostPort,
        protocol,
        ...(isEveryAddress(hostAddress) ? {} : { hostAddress }),
      }));
    for (const { network } of attachments)
      args.cloud.networkBook.joins(network, {
        name,
        application: args.application ?? "",
        service: type,
        plan,
        ...(ingress.length > 0 && network === attachments[0]?.network ? { ingress: true } : {}),
        ...(published.length > 0 ? { published } : {}),
      });
    const policies = attachments.flatMap(({ network }) => network.policy?.resource ?? []);
    const names = attachments.flatMap(
      ({ network }) => args.cloud.networkBook.namesOf(network, plan) ?? [],
    );
    const earlier: Promise<pulumi.Input<pulumi.Resource>[]> = args.cloud.networkBook
      .partedBy(attachments.map(({ network }) => network))
      .then((partings) => [...names, ...policies, ...partings]);
    super(
      "PlacedContainer",
      "placedContainer",
      name,
      {
        cloud: args.cloud.cloudName,
        spec: {
          ...spec,
          networks: attachments.map(({ network }) => ({ network: network.networkName })),
        },
        place: placeOf(plan, name, args.cloud, attachments, {
          type,
          group: args.group ?? type,
          maxContainers: tightest(layer.constraints) ?? Infinity,
        }),
        status: undefined,
      },
      pulumi.mergeOptions(opts, { dependsOn: earlier }),
    );
    this.containerName = name;
    this.ingress = ingress;
    this.plan = plan;
    args.cloud.announce(name, answered(this));
    const [first] = attachments;
    if (first && ingress.length > 0) args.cloud.networkBook.opens(first.network, plan, this);
  }

  /** Host, addresses, score and reason, as the plan decided. Known in preview. */
  get assignment(): pulumi.Output<Assignment> {
    return lift(this.plan.assignments, this.containerName);
  }

  /** Name of the host it runs on. Known in preview. */
  get host(): pulumi.Output<string> {
    return lift(this.assignment, "host");
  }

  /** Address by network name. Known in preview. */
  get addresses(): pulumi.Output<Record<string, string>> {
    return lift(this.assignment, "addresses");
  }

  /** Address of the machine it runs on, as programs outside the cloud reach its published ports. */
  get hostAddress(): pulumi.Output<string> {
    return lift(this.place, "connection").apply((connection) =>
      connection.kind === "local" ? "localhost" : connection.address,
    );
  }
}

/** Settles when the engine has answered, as it does once the container is ready. A failure is the engine's to tell. */
function answered(container: PlacedContainer): Promise<unknown> {
  const urn = container.urn as unknown as { promise(): Promise<string> };
  return urn.promise().catch(() => undefined);
}

/** Names of the containers that a program says another one depends on. */
function namesIn(dependsOn: pulumi.CustomResourceOptions["dependsOn"]): string[] {
  const all: unknown[] = Array.isArray(dependsOn) ? dependsOn : [dependsOn];
  return all.flatMap((item) => (PlacedContainer.isInstance(item) ? [item.containerName] : []));
}
