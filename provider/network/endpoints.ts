import { CloudError, isNotFound, isUnreachable, messageOf } from "../errors.js";
import type { DockerClient } from "../host/docker.js";
import type { DockerNetwork, EndpointSettings } from "../host/docker-types.js";
import { LABELS } from "../host/ownership.js";
import { Twins } from "../ipam/twins.js";
import { redact } from "../redact.js";
import type { HostPart } from "./driver.js";

/**
 * A container that is off the network for a moment, since the network is made again. Kept in the network's folder on the
 * host meanwhile, so that whoever comes next brings it back if we do not.
 */
export interface WaitingEndpoint {
  id: string;
  /** How it is to be attached: its address, MAC, names and order among its networks. */
  endpoint: EndpointSettings;
}

/** The running containers of a network with how they are attached. With a foreign one it is a conflict: those are never detached. */
export async function endpointsOf(
  docker: DockerClient,
  network: DockerNetwork,
  part: HostPart,
): Promise<WaitingEndpoint[]> {
  const { Containers = {} } = await docker.inspectNetwork(network.Id);
  return Promise.all(
    Object.entries(Containers).map(async ([id, { Name: name }]) => {
      const container = await docker.inspectContainer(id);
      if (container.Config.Labels?.[LABELS.owner] === undefined)
        throw new CloudError(
          "conflict",
          `network ${part.networkId} must be made again, but container ${name}, which is not ours, is attached to it`,
          { host: part.host, hint: `Detach it: docker network disconnect ${network.Name} ${name}` },
        );
      const now = container.NetworkSettings.Networks?.[network.Name] ?? {};
      return { id, endpoint: asAsked(id, now) };
    }),
  );
}

/** What of an endpoint is asked of Docker, from what Docker shows of it. */
function asAsked(id: string, now: EndpointSettings): EndpointSettings {
  return {
    IPAMConfig: now.IPAMConfig ?? (now.IPAddress ? { IPv4Address: now.IPAddress } : null),
    ...(now.MacAddress ? { MacAddress: now.MacAddress } : {}),
    ...(now.GwPriority ? { GwPriority: now.GwPriority } : {}),
    // Docker adds the short id by itself.
    Aliases: (now.Aliases ?? []).filter((alias) => !id.startsWith(alias)),
  };
}

/** With the IPv6 address that goes with its IPv4 address on the network as it is now, which may have got or lost IPv6. */
function inFamilies(endpoint: EndpointSettings, { cidr, ipv6 }: HostPart): EndpointSettings {
  const address = endpoint.IPAMConfig?.IPv4Address;
  if (address === undefined) return endpoint;
  const address6 = Twins.of({ cidr, cidr6: ipv6?.cidr })?.ipv6(address);
  const config = { IPv4Address: address, ...(address6 ? { IPv6Address: address6 } : {}) };
  return { ...endpoint, IPAMConfig: config };
}

/** The lines that the host keeps, one container each. */
export function endpointLines(waiting: readonly WaitingEndpoint[]): string {
  return waiting.map((one) => `${JSON.stringify(one)}\n`).join("");
}

/** Of several lines about one container the last counts. */
export function parseEndpointLines(lines: readonly string[]): WaitingEndpoint[] {
  const waiting = lines.map((line) => JSON.parse(line) as WaitingEndpoint);
  return [...new Map(waiting.map((one) => [one.id, one])).values()];
}

async function ifThere<T>(answer: Promise<T>): Promise<T | undefined> {
  return answer.catch((error: unknown) => {
    if (isNotFound(error)) return undefined;
    throw error;
  });
}

/** Attaches those that wait: not those that are back already, nor those that are gone for good. */
export async function attachWaiting(
  docker: DockerClient,
  part: HostPart,
  network: { id: string; name: string },
  waiting: readonly WaitingEndpoint[],
): Promise<void> {
  const failed: string[] = [];
  for (const { id, endpoint } of waiting) {
    const container = await ifThere(docker.inspectContainer(id));
    if (!container || container.NetworkSettings.Networks?.[network.name]) continue;
    const asked = inFamilies(asAsked(id, endpoint), part);
    await docker.connectNetwork(network.id, id, asked).catch((error: unknown) => {
      if (isUnreachable(error)) throw error;
      failed.push(`${container.Name.replace(/^\//, "")}: ${redact(messageOf(error))}`);
    });
  }
  if (failed.length === 0) return;
  throw new CloudError(
    "docker",
    `the Docker network ${network.name} was made again, but not all containers could be attached to it`,
    {
      host: part.host,
      resource: part.networkId,
      reasons: failed,
      hint: "Run pulumi up again: they are attached once nothing is in their way.",
    },
  );
}
