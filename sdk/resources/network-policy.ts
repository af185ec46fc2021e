import * as pulumi from "@pulumi/pulumi";
import type { PolicyMember, PolicyPeer, PolicyRule } from "../../provider/firewall/model.js";
import { lift } from "../lift.js";
import { refuseUnknown, type Known } from "../known-args.js";
import { checkName } from "../names.js";
import { ClockerResource, TYPE_PREFIX } from "../resource.js";
import { VirtualNetwork } from "./virtual-network.js";

/**
 * One end of a rule: every container and machine (`"all"`), whoever is not in the network (`"outside"`), the containers
 * that all given keys hold for, a NetworkMember (`{ machine: "db" }`), addresses outside (`{ cidr }`), or another network.
 */
export type PolicyPeerArgs = PolicyPeer | VirtualNetwork;

export interface PolicyRuleArgs {
  /** Who opens the connection. */
  from: PolicyPeerArgs;
  /** Who is asked. */
  to: PolicyPeerArgs;
  /** Ports inside the asked container: `80`, `"8000-8010"`, `"53/udp"`. @default every port and protocol */
  ports?: (number | string)[];
}

export interface NetworkPolicyArgs {
  /** The network that it is for; each has one policy at most. A change replaces the resource. */
  network: VirtualNetwork;
  /** What is let through, beside what `isolate` and `outside` do. @default [] */
  allow?: PolicyRuleArgs[];
  /**
   * Who reaches whom without a rule: containers of one application each other, every container only itself, or all
   * each other. Containers without an application count as one. @default "applications"
   */
  isolate?: "applications" | "containers" | "none";
  /**
   * Connections from outside to published ports and from containers to the outside, which with "closed" are the services of
   * their host too: as the network says, or only by a rule. @default "open"
   */
  outside?: "open" | "closed";
}

/** Compile-time complete. */
const KNOWN: Known<NetworkPolicyArgs> = {
  network: true,
  allow: true,
  isolate: true,
  outside: true,
};
const KNOWN_RULE: Known<PolicyRuleArgs> = { from: true, to: true, ports: true };

/**
 * Who may connect to whom on a network, on which ports, and to the outside or not. Hosts enforce it; a change takes
 * effect on running containers and ends connections that are no longer allowed, and nothing is restarted.
 *
 * ```ts
 * new NetworkPolicy("segments", { network: lan, allow: [{ from: { application: "shop" }, to: { service: "redis" }, ports: [6379] }] });
 * ```
 *
 * It knows the containers that are requested before its own plan closes: make it after them, or in the same go. A container
 * that a program makes later, after an `await`, is kept apart from all others.
 */
export class NetworkPolicy extends ClockerResource {
  static readonly __pulumiType = `${TYPE_PREFIX}NetworkPolicy`;

  /** The containers and machines that it is about, with their addresses. */
  declare readonly members: pulumi.Output<PolicyMember[]>;

  constructor(name: string, args: NetworkPolicyArgs, opts: pulumi.CustomResourceOptions = {}) {
    checkName("NetworkPolicy", name);
    const at = `NetworkPolicy ${name}`;
    refuseUnknown(at, args, KNOWN);
    const { network } = args;
    const { cloud } = network;
    const rules = (args.allow ?? []).flatMap((rule, index) =>
      rulesOf(`${at}: allow[${index}]`, rule),
    );
    if (network.policy)
      throw new pulumi.RunError(
        `${at}: network ${network.networkName} has the policy ${network.policy.name} already: ` +
          (network.policy.name === `${network.networkName}-applications`
            ? "the cloud keeps applications apart (isolate). Make the policy before the program waits for anything"
            : "put the rules into that one"),
      );
    const members = lift(network.allocation, "hosts");
    super(
      "NetworkPolicy",
      "networkPolicy",
      name,
      {
        network: network.networkName,
        networkId: network.networkId,
        driver: network.driver,
        vni: network.vni,
        cidr: network.cidr,
        ...(network.cidr6 ? { cidr6: network.cidr6 } : {}),
        isolate: args.isolate ?? "applications",
        outside: args.outside ?? "open",
        rules,
        members: cloud.networkBook.membersOf(network),
        hosts: cloud.hostBook.each(({ name: host, connection }) => {
          const member = lift(members, host);
          return {
            name: host,
            connection,
            block: lift(member, "block"),
            gateway: lift(member, "gateway"),
          };
        }),
      },
      opts,
    );
    network.policy = { name, resource: this };
  }
}

/** Another network with IPv6 is two peers, one a family. */
function rulesOf(at: string, rule: PolicyRuleArgs): pulumi.Inputs[] {
  refuseUnknown(at, rule, KNOWN_RULE);
  const ports = rule.ports === undefined ? {} : { ports: rule.ports.map(String) };
  return peersOf(rule.from).flatMap((from) =>
    peersOf(rule.to).map(
      (to) => ({ from, to, ...ports }) satisfies Record<keyof PolicyRule, unknown> | pulumi.Inputs,
    ),
  );
}

function peersOf(peer: PolicyPeerArgs): pulumi.Input<PolicyPeer>[] {
  if (!VirtualNetwork.isInstance(peer)) return [peer];
  return [peer.cidr, ...(peer.cidr6 ? [peer.cidr6] : [])].map((range) =>
    range.apply((cidr) => ({ cidr })),
  );
}
