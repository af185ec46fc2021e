import * as pulumi from "@pulumi/pulumi";
import type { OpenPort } from "../../provider/resources/network-ingress/inputs.js";
import { lift } from "../lift.js";
import type { IngressPort } from "../ports.js";
import { ClockerResource, TYPE_PREFIX } from "../resource.js";
import type { DockerCloud } from "./docker-cloud.js";
import type { PlacedContainer } from "./placed-container.js";
import type { Placement } from "./placement.js";
import type { VirtualNetwork } from "./virtual-network.js";

/**
 * Ports that are open on every host for the containers of a plan, over one network: those with `mode: "ingress"`. Made by
 * DockerCloud, one for a network and a plan; users see it in previews. It changes once new containers are
 * ready, and before old ones go.
 */
export class NetworkIngress extends ClockerResource {
  static readonly __pulumiType = `${TYPE_PREFIX}NetworkIngress`;

  /** The ports, and which containers answer there. */
  declare readonly ports: pulumi.Output<OpenPort[]>;

  /** @internal `members`: complete by the time that the plan is closed. */
  constructor(
    network: VirtualNetwork,
    plan: Placement,
    cloud: DockerCloud,
    members: readonly PlacedContainer[],
  ) {
    const complete = new Promise<void>((resolve) => setImmediate(resolve));
    const ready: Promise<pulumi.Input<pulumi.Resource>[]> = complete.then(() => [...members]);
    super(
      "NetworkIngress",
      "networkIngress",
      `${plan.planName}:${network.networkName}`,
      {
        network: network.networkName,
        networkId: network.networkId,
        driver: network.driver,
        vni: network.vni,
        cidr: network.cidr,
        ...(network.cidr6 ? { cidr6: network.cidr6 } : {}),
        plan: plan.planName,
        hosts: cloud.hostBook.each(({ name, connection }) => ({
          name,
          connection,
          block: network.blockOf(name),
        })),
        ports: complete.then(() => openPorts(network, plan, members)),
      },
      {
        parent: network,
        protect: false,
        dependsOn: ready,
      },
    );
  }
}

/** Each port once, with all containers that answer there. */
function openPorts(
  { networkName }: VirtualNetwork,
  plan: Placement,
  members: readonly PlacedContainer[],
): pulumi.Inputs[] {
  const open = new Map<
    string,
    { port: Omit<IngressPort, "containerPort">; targets: pulumi.Inputs[] }
  >();
  for (const container of members) {
    const assignment = lift(plan.assignments, container.containerName);
    const address = lift(lift(assignment, "addresses"), networkName);
    for (const { containerPort, hostPort, protocol } of container.ingress) {
      const key = `${hostPort}/${protocol}`;
      let entry = open.get(key);
      if (!entry) open.set(key, (entry = { port: { hostPort, protocol }, targets: [] }));
      entry.targets.push({
        container: container.containerName,
        host: lift(assignment, "host"),
        address,
        port: containerPort,
      });
    }
  }
  return [...open.values()].map(({ port, targets }) => ({ ...port, targets }));
}
