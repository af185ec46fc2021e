import { same } from "../../canonical.js";
import { CloudError, isConflict, isNotFound } from "../../errors.js";
import type { DockerClient } from "../../host/docker.js";
import type { ContainerInspect, EndpointSettings } from "../../host/docker-types.js";
import { LABELS } from "../../host/ownership.js";
import { endpointOf } from "./docker-config.js";
import type { ContainerPlace } from "./inputs.js";
import { inspectIfThere, plainName } from "./observe.js";

type Attachment = ContainerPlace["networks"][number];

export interface AttachChanges {
  detach: string[];
  attach: Attachment[];
}

/** What has to change so that a container has exactly these networks and addresses. Pure. */
export function attachChanges(
  details: Pick<ContainerInspect, "NetworkSettings">,
  networks: readonly Attachment[],
): AttachChanges {
  const have = details.NetworkSettings.Networks;
  const right = ({ dockerName, address, address6, aliases }: Attachment) =>
    addressOf(have[dockerName]) === address &&
    (address6 === undefined || have[dockerName]?.IPAMConfig?.IPv6Address === address6) &&
    (aliases === undefined || same(aliasesOf(have[dockerName]?.Aliases), aliasesOf(aliases)));
  return {
    detach: Object.keys(have).filter(
      (name) => !networks.some((network) => network.dockerName === name && right(network)),
    ),
    attach: networks.filter((network) => !right(network)),
  };
}

/** The address it has, or (not running) will ask for. */
export function addressOf(endpoint: EndpointSettings | undefined): string {
  return endpoint?.IPAMConfig?.IPv4Address || endpoint?.IPAddress || "";
}

/** Sorted, and without the container's own id, which Docker before 25 adds. */
function aliasesOf(aliases: readonly string[] | null = []): string[] {
  return (aliases ?? []).filter((alias) => !/^[0-9a-f]{12}$/.test(alias)).sort();
}

/** Attaches and detaches until it is so. An address that an older container of the same owner has is the caller's matter. */
export async function syncNetworks(
  docker: DockerClient,
  details: ContainerInspect,
  networks: readonly Attachment[],
): Promise<boolean> {
  const changes = attachChanges(details, networks);
  for (const name of changes.detach) await detach(docker, name, details.Id);
  for (const network of changes.attach) {
    try {
      const endpoint = endpointOf(network, networks.indexOf(network));
      await docker.connectNetwork(network.dockerName, details.Id, endpoint);
    } catch (error) {
      throw await attachFailure(docker, network, error);
    }
  }
  return changes.detach.length + changes.attach.length > 0;
}

async function detach(docker: DockerClient, network: string, id: string): Promise<void> {
  try {
    await docker.disconnectNetwork(network, id, true);
  } catch (error) {
    // The network is gone, or the container is not on it any more.
    if (!isNotFound(error) && !/is not connected to/.test(String(error))) throw error;
  }
}

/** Says who has the address, or that the network is missing. */
export async function attachFailure(
  docker: DockerClient,
  network: Attachment,
  error: unknown,
): Promise<unknown> {
  const host = docker.transport.connection.name;
  if (isNotFound(error)) {
    return new CloudError(
      "docker",
      `network ${network.network} (${network.dockerName}) is not there`,
      {
        host,
        hint: "Run a refresh and then up: it is made again.",
        cause: error,
      },
    );
  }
  if (!isConflict(error) || !/address/i.test(String(error))) return error;
  const holder = await holderOf(docker, network);
  return new CloudError(
    "conflict",
    `address ${network.address} on ${network.network} is taken${holder ? ` by ${holder.text}` : ""}`,
    {
      host,
      hint: network.fixed
        ? "Remove that container, or give this one another address."
        : "Run again: the plan then sees who has it and chooses another address.",
      cause: error,
    },
  );
}

/** The container that has the address on this host. */
export async function holderOf(
  docker: DockerClient,
  { dockerName, address }: Attachment,
): Promise<{ id: string; owner: string; text: string } | undefined> {
  const { Containers = {} } = await docker.inspectNetwork(dockerName);
  const found = Object.entries(Containers).find(
    ([, { IPv4Address }]) => IPv4Address.split("/")[0] === address,
  );
  if (!found) return undefined;
  const details = await inspectIfThere(docker, found[0]);
  if (!details) return undefined;
  return {
    id: details.Id,
    owner: details.Config.Labels?.[LABELS.owner] ?? "",
    text: describe(details),
  };
}

/** "web (image nginx, not ours)" or "dev-web-0-1a2b3c4d (image nginx, of app/dev/web-0)". */
export function describe(details: ContainerInspect): string {
  const owner = details.Config.Labels?.[LABELS.owner];
  return `${plainName(details.Name)} (image ${details.Config.Image}, ${owner ? `of ${owner}` : "not ours"})`;
}
