import type { Border, Entry } from "../../provider/firewall/border.js";
import { isEveryAddress } from "../../provider/ipam/cidr.js";
import { factsOf } from "../../provider/ipam/driver-facts.js";
import type { ContainerPlace } from "../../provider/resources/placed-container/inputs.js";
import type { VirtualNetworkState } from "../../provider/resources/virtual-network/inputs.js";
import type { CloudState } from "./state.js";

/** How the outside and a network's containers reach each other, by the state alone. Pure. */
export function borderOf(cloud: CloudState, network: VirtualNetworkState): Border {
  const { entry } = factsOf(network.driver);
  if (entry !== "published") return { kind: entry };
  // An overlay of Docker's that is cut off from the outside publishes nothing either.
  const publishes = network.driver !== "swarm" || network.outbound;
  return {
    kind: "published",
    entries: publishes ? entriesOf(cloud, network.meta.name) : {},
    outbound: network.outbound,
  };
}

/** Ports on the container's host, which Docker publishes over one of its networks, and those on every host. */
function entriesOf(cloud: CloudState, network: string): Record<string, Entry[]> {
  const entries: Record<string, Entry[]> = Object.fromEntries(
    cloud.containers
      .filter(({ state: { place } }) => carrierOf(cloud, place) === network)
      .map(({ name, state: { spec, place } }) => [
        name,
        spec.ports
          .filter(({ hostPort, hostAddress }) => hostPort > 0 && !isLoopback(hostAddress))
          .map(({ containerPort, hostPort, protocol, hostAddress }) => ({
            port: containerPort,
            protocol,
            at: isEveryAddress(hostAddress) ? place.host : hostAddress,
            hostPort,
          })),
      ]),
  );
  for (const { ports } of cloud.ingress.filter((each) => each.network === network))
    for (const { hostPort, protocol, targets } of ports)
      for (const { container, port } of targets)
        (entries[container] ??= []).push({ port, protocol, at: "every host", hostPort });
  return entries;
}

/**
 * The network over which Docker publishes a container's ports: that of its default route, which is the first one
 * attached on Docker 28 and later, and before that the first by name. Undefined for a container without networks.
 */
export function carrierOf(
  cloud: CloudState,
  { host, networks }: ContainerPlace,
): string | undefined {
  const { engineVersion = "" } = cloud.hosts.find(({ name }) => name === host)?.state.facts ?? {};
  const byName = Number.parseInt(engineVersion, 10) < 28;
  const order = byName
    ? [...networks].sort((a, b) => (a.dockerName < b.dockerName ? -1 : 1))
    : networks;
  return order[0]?.network;
}

/** Only programs on the host itself ask there. */
const isLoopback = (address: string) => address.startsWith("127.") || address === "::1";
