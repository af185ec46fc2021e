import * as pulumi from "@pulumi/pulumi";
import type { Assignment, NetworkAllocation, Supply } from "../../provider/placement/model.js";
import { ClockerResource, TYPE_PREFIX } from "../resource.js";

/**
 * The plan of a cloud: receives every request of the program in program order, observes all hosts once, and decides
 * hosts and addresses for all of them, in preview as in up. Made by DockerCloud; users see it in previews.
 */
export class Placement extends ClockerResource {
  static readonly __pulumiType = `${TYPE_PREFIX}Placement`;

  static override isInstance(value: unknown): value is Placement {
    return (
      (value as { __pulumiType?: string } | undefined)?.__pulumiType === Placement.__pulumiType
    );
  }

  /** Host, addresses, score and reason of each container, by name. */
  declare readonly assignments: pulumi.Output<Record<string, Assignment>>;
  /** CIDR, VNI, MTU, host blocks and names of each network, by name. */
  declare readonly allocations: pulumi.Output<Record<string, NetworkAllocation>>;

  /** By container: the one that has to be in its new place before it moves; absent when nothing waits. */
  declare readonly order: pulumi.Output<Record<string, string> | undefined>;
  /** Names that the plan adds to networks of earlier plans, by network. */
  declare readonly names: pulumi.Output<Record<string, Record<string, string[]>>>;
  /** How many hosts the cloud should have, if it was asked for. */
  declare readonly hostSupply: pulumi.Output<Supply>;

  /** @internal */
  readonly planName: string;

  /** @internal */
  constructor(name: string, inputs: pulumi.Inputs, opts: pulumi.CustomResourceOptions) {
    super("Placement", "placement", name, inputs, opts);
    this.planName = name;
  }
}
