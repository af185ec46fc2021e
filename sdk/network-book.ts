import * as pulumi from "@pulumi/pulumi";
import type { PolicyMember, PublishedPort } from "../provider/firewall/model.js";
import type { CloudPlan } from "./cloud-plan.js";
import { lift } from "./lift.js";
import type { DockerCloud } from "./resources/docker-cloud.js";
import { NetworkIngress } from "./resources/network-ingress.js";
import { NetworkNames } from "./resources/network-names.js";
import { NetworkPolicy } from "./resources/network-policy.js";
import type { PlacedContainer } from "./resources/placed-container.js";
import type { Placement } from "./resources/placement.js";
import type { VirtualNetwork } from "./resources/virtual-network.js";

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

/**
 * Who is on a cloud's networks by the program, and the resources that follow from it: names that a later plan adds,
 * ports that are open on every host, and the policy that keeps applications apart. Each is made with the first container
 * that needs it.
 */
export class NetworkBook {
  private readonly joined = new Map<string, Joined[]>();
  private readonly names = new Map<Placement, Map<string, NetworkNames>>();
  /** Policies that the cloud itself makes. */
  private readonly partings = new Map<string, NetworkPolicy>();
  private readonly opened = new Map<Placement, Map<string, PlacedContainer[]>>();
  private isParting = false;

  constructor(
    private readonly cloud: DockerCloud,
    private readonly plan: CloudPlan,
    /** Applications that share a network are kept apart. */
    private readonly isolates: boolean,
  ) {}

  /** A container was requested for a network. */
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
    this.isParting = true;
    try {
      const policy = new NetworkPolicy(
        `${network.networkName}-applications`,
        { network },
        { parent: network, protect: false },
      );
      this.partings.set(network.networkName, policy);
    } finally {
      this.isParting = false;
    }
  }

  /**
   * The policies that keep applications apart on these networks, complete once the program really waits: nobody is on
   * the networks before they are in force.
   */
  async partedBy(networks: readonly VirtualNetwork[]): Promise<NetworkPolicy[]> {
    if (!this.isolates) return [];
    await new Promise<void>((resolve) => setImmediate(resolve));
    return networks.flatMap(({ networkName }) => this.partings.get(networkName) ?? []);
  }

  /**
   * Who is on a network, of all that the program requests until it really waits. The policy that the cloud makes comes when it
   * does: to let it wait once more would have it include what the program makes next, or not, by how fast the machine is.
   */
  membersOf(network: VirtualNetwork): pulumi.Input<pulumi.Input<PolicyMember>[]> {
    if (this.isParting) return this.membersNow(network);
    const complete = new Promise<void>((resolve) => setImmediate(resolve));
    return complete.then(() => this.membersNow(network));
  }

  private membersNow(network: VirtualNetwork): pulumi.Input<PolicyMember>[] {
    return [
      ...(this.joined.get(network.networkName) ?? []).map(({ name, plan, ...more }) => {
        const assignment = lift(plan.assignments, name);
        const address = lift(lift(assignment, "addresses"), network.networkName);
        return pulumi
          .all([lift(assignment, "host"), address])
          .apply(([host, own]) => ({ name, ...more, host, address: own }));
      }),
      ...network.machineMembers(),
    ];
  }

  /**
   * The names that a plan adds to a network of an earlier plan: one resource for both. Undefined where the network's own
   * plan has the container, and so its names.
   */
  namesOf(network: VirtualNetwork, plan: Placement): NetworkNames | undefined {
    if (this.plan.ofNetwork(network.networkName) === plan) return undefined;
    const ofPlan = within(this.names, plan);
    let names = ofPlan.get(network.networkName);
    if (!names) {
      names = new NetworkNames(network, plan, this.cloud);
      ofPlan.set(network.networkName, names);
    }
    return names;
  }

  /** Ports of a container are open on every host: one resource for a network and a plan. */
  opens(network: VirtualNetwork, plan: Placement, member: PlacedContainer): void {
    const ofPlan = within(this.opened, plan);
    const members = ofPlan.get(network.networkName);
    if (members) {
      members.push(member);
      return;
    }
    const started = [member];
    ofPlan.set(network.networkName, started);
    new NetworkIngress(network, plan, this.cloud, started);
  }
}

/** What a plan has by network, made empty the first time. */
function within<T>(plans: Map<Placement, Map<string, T>>, plan: Placement): Map<string, T> {
  let found = plans.get(plan);
  if (!found) plans.set(plan, (found = new Map<string, T>()));
  return found;
}
