import { isEveryAddress } from "../ipam/cidr.js";
import type { ContainerSummary } from "./docker-types.js";
import { LABELS } from "./ownership.js";

/** A port of a host; `hostAddress` "" means all its addresses. */
export interface HeldPort {
  hostPort: number;
  protocol: "tcp" | "udp";
  hostAddress: string;
}

/**
 * The label that says which ports a container of ours publishes: Docker lists them only while it runs, and a container
 * that is about to start has them already. `8080/tcp 127.0.0.1:53/udp`.
 */
export function portsLabel(ports: readonly HeldPort[]): string {
  return ports
    .map(
      ({ hostPort, protocol, hostAddress }) =>
        `${hostAddress === "" ? "" : `${hostAddress}:`}${hostPort}/${protocol}`,
    )
    .sort()
    .join(" ");
}

/** The ports that a container has or will have when it starts. */
export function portsOf(container: Pick<ContainerSummary, "Labels" | "Ports">): HeldPort[] {
  const ports = new Map<string, HeldPort>();
  const add = (port: HeldPort) =>
    ports.set(`${port.hostAddress} ${port.hostPort} ${port.protocol}`, port);
  for (const text of (container.Labels[LABELS.ports] ?? "").split(" ")) {
    const match = /^(?:(.+):)?(\d+)\/(tcp|udp)$/.exec(text);
    if (!match) continue;
    const [, hostAddress = "", hostPort, protocol] = match;
    add({ hostPort: Number(hostPort), protocol: protocol as "tcp" | "udp", hostAddress });
  }
  // Docker lists a port on all addresses once for each family.
  for (const { IP, PublicPort, Type } of container.Ports) {
    if (PublicPort === undefined || (Type !== "tcp" && Type !== "udp")) continue;
    add({ hostPort: PublicPort, protocol: Type, hostAddress: everywhere(IP ?? "") });
  }
  return [...ports.values()];
}

/** Ids of the devices that are the container's own; see `place.devices`. */
export function devicesOf({ Labels }: Pick<ContainerSummary, "Labels">): string[] {
  return (Labels[LABELS.devices] ?? "").split(" ").filter((id) => id !== "");
}

/** Both cannot be published on one host. */
export function collides(a: HeldPort, b: HeldPort): boolean {
  if (a.hostPort !== b.hostPort || a.protocol !== b.protocol) return false;
  const [one, other] = [everywhere(a.hostAddress), everywhere(b.hostAddress)];
  return one === "" || other === "" || one === other;
}

function everywhere(address: string): string {
  return isEveryAddress(address) ? "" : address;
}
