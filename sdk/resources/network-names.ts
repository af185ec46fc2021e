import * as pulumi from "@pulumi/pulumi";
import { lift } from "../lift.js";
import { ClockerResource, TYPE_PREFIX } from "../resource.js";
import type { DockerCloud } from "./docker-cloud.js";
import type { Placement } from "./placement.js";
import { withMachines, type VirtualNetwork } from "./virtual-network.js";

/**
 * Names that one plan adds to a network of an earlier plan: those of the containers that the program makes after an
 * `await` that waits. Made by DockerCloud, one for a network and a plan; users see it in previews. Every host of the
 * network has them, until the plan's containers are gone.
 */
export class NetworkNames extends ClockerResource {
  static readonly __pulumiType = `${TYPE_PREFIX}NetworkNames`;

  /** Names and their addresses, beside the network's own. */
  declare readonly records: pulumi.Output<Record<string, string[]>>;

  /** @internal */
  constructor(network: VirtualNetwork, plan: Placement, cloud: DockerCloud) {
    super(
      "NetworkNames",
      "networkNames",
      `${plan.planName}:${network.networkName}`,
      {
        network: network.networkName,
        networkId: network.networkId,
        driver: network.driver,
        vni: network.vni,
        cidr: network.cidr,
        domain: network.domain,
        plan: plan.planName,
        hosts: withMachines(
          cloud.hostBook.each(({ name, connection }) => ({
            name,
            connection,
            block: network.blockOf(name),
          })),
          () => network.machineHosts(),
        ),
        records: lift(plan.names, network.networkName),
      },
      // Not protected with the network: it goes with the containers it names.
      { parent: network, protect: false },
    );
  }
}
