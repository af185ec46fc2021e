import { borderOf } from "./net-border.js";
import type { Border } from "../../provider/firewall/border.js";
import { matrix, type MatrixRow } from "../../provider/firewall/matrix.js";
import type { Policy, PolicyMember } from "../../provider/firewall/model.js";
import { CloudError } from "../../provider/errors.js";
import { Twins } from "../../provider/ipam/twins.js";
import type { DriverName } from "../../provider/ipam/driver-facts.js";
import { DRIVERS } from "../../provider/network/drivers.js";
import type { VirtualNetworkInputs } from "../../provider/resources/virtual-network/inputs.js";
import type { CloudState } from "./state.js";

/** One network with who is on it and what its policy says. Pure, from the state alone. */
export interface NetworkView {
  network: string;
  networkId: string;
  driver: DriverName;
  cidr: string;
  /** Absent: no IPv6. */
  cidr6?: string;
  vni: number;
  mtu: number;
  /** Between the hosts. */
  encrypted: boolean;
  domain: string;
  /** Who answers them, where it is no dnsmasq of ours. */
  names?: "docker" | "weave";
  hosts: { name: string; block: string; gateway: string; underlay: string }[];
  /** Containers that are on it now. */
  members: PolicyMember[];
  /** Machines without Docker that are on it; which application each is of, its policy knows. */
  machines: PolicyMember[];
  /** Names and their addresses, of all plans. */
  records: Record<string, string[]>;
  /** Name of the NetworkPolicy; absent: containers reach each other, and the outside is as the border says. */
  policyName?: string;
  policy: Policy;
  border: Border;
}

export function networkViews(cloud: CloudState): NetworkView[] {
  return cloud.networks.map((state): NetworkView => {
    const network = state.meta.name;
    const found = cloud.policies.find((each) => each.state.network === network);
    const members = cloud.containers.flatMap(({ name, state: { spec, place } }) =>
      place.networks
        .filter((each) => each.network === network)
        .map(({ address }) => ({
          name,
          application: spec.application,
          service: place.type ?? name,
          host: place.host,
          address,
        })),
    );
    const machines = state.hosts.flatMap(({ name, gateway, machine }): PolicyMember[] =>
      machine === true
        ? [{ name, application: "", service: name, host: name, address: gateway, machine }]
        : [],
    );
    return {
      network,
      networkId: state.networkId,
      driver: state.driver,
      cidr: state.cidr,
      ...(state.cidr6 === undefined ? {} : { cidr6: state.cidr6 }),
      vni: state.vni,
      mtu: state.mtu,
      encrypted: encrypts(state),
      domain: state.domain,
      ...(state.names === "docker" || state.names === "weave" ? { names: state.names } : {}),
      hosts: state.hosts.map(({ name, block, gateway, underlay }) => ({
        ...{ name, block, gateway, underlay },
      })),
      members,
      machines,
      records: Object.assign(
        { ...state.records },
        ...cloud.names.filter((names) => names.network === network).map(({ records }) => records),
      ) as Record<string, string[]>,
      ...(found ? { policyName: found.name } : {}),
      policy: found
        ? { ...found.state, members: found.state.members }
        : { isolate: "none", outside: "open", rules: [], members: [...members, ...machines] },
      border: borderOf(cloud, state),
    };
  });
}

/** The driver always does, or does with these options. */
function encrypts({
  driver,
  driverOptions = {},
}: Pick<VirtualNetworkInputs, "driver" | "driverOptions">): boolean {
  const { plan } = DRIVERS[driver];
  return plan.facts.encrypts === "always" || plan.encrypts?.(driverOptions) === true;
}

/** An address or a block of the network, with the one of IPv6 that goes with it. */
export function bothFamilies(network: Pick<NetworkView, "cidr" | "cidr6">, text: string): string {
  return [text, Twins.of(network)?.ipv6(text) ?? []].flat().join(", ");
}

/** The ranges of the network. */
export function rangesOf({ cidr, cidr6 }: Pick<NetworkView, "cidr" | "cidr6">): string {
  return [cidr, cidr6 ?? []].flat().join(", ");
}

/** All networks, or the one that was named. */
export function chosen(views: readonly NetworkView[], name: string | undefined): NetworkView[] {
  if (name === undefined) return [...views];
  const found = views.filter(({ network, networkId }) => network === name || networkId === name);
  if (found.length > 0) return found;
  const names = views.map(({ network }) => network);
  throw new CloudError("invalid-input", `the stack has no network ${name}`, {
    hint: names.length > 0 ? `Name one of: ${names.join(", ")}` : "It has no networks at all.",
  });
}

export interface NetworkMatrix {
  network: string;
  policy?: string;
  rows: MatrixRow[];
}

export function matrixOf({ network, policyName, policy, border }: NetworkView): NetworkMatrix {
  return {
    network,
    ...(policyName === undefined ? {} : { policy: policyName }),
    rows: matrix(policy, border),
  };
}
