import { same } from "../canonical.js";
import { CloudError, isConflict, isNotFound } from "../errors.js";
import { dockerFor, type DockerClient } from "../host/docker.js";
import type { DockerNetwork } from "../host/docker-types.js";
import { faultPoint } from "../host/faults.js";
import { LABELS } from "../host/ownership.js";
import { overlaps, parseCidrLoosely } from "../ipam/cidr.js";
import type { DriverContext, HostPart } from "./driver.js";
import { endpointsOf } from "./endpoints.js";
import { untilLetGo } from "./let-go.js";
import { bridgeName, dockerNetworkName } from "./names.js";
import { keepEndpoints } from "./run-program.js";

/** What is asked of Docker to make its side of a network. */
export interface DockerNetworkBody {
  Name: string;
  Driver: string;
  Scope?: "swarm";
  Attachable?: boolean;
  Internal?: boolean;
  EnableIPv6?: boolean;
  IPAM: {
    Driver: string;
    Options?: Record<string, string>;
    Config: { Subnet: string; IPRange?: string; Gateway?: string }[];
  };
  Options: Record<string, string>;
  Labels: Record<string, string>;
}

/** Docker's side of a network on one host: a `bridge` network over a bridge that is ours. */
export function bridgeNetworkBody(part: HostPart): DockerNetworkBody {
  return {
    Name: dockerNetworkName(part.networkId, part.vni),
    Driver: "bridge",
    ...(part.ipv6 ? { EnableIPv6: true } : {}),
    IPAM: {
      Driver: "default",
      Config: [part, ...(part.ipv6 ? [part.ipv6] : [])].map(({ cidr, block, gateway }) => ({
        Subnet: cidr,
        IPRange: block,
        Gateway: gateway,
      })),
    },
    Options: {
      "com.docker.network.bridge.name": bridgeName(part.vni),
      "com.docker.network.driver.mtu": String(part.mtu),
      // Address translation is a rule of ours, so that it can change while containers are attached.
      "com.docker.network.bridge.enable_ip_masquerade": "false",
    },
    Labels: labelsOf(part),
  };
}

/** Whose a Docker network is, and what planning reads of it. */
export function labelsOf(part: HostPart): Record<string, string> {
  return {
    [LABELS.owner]: part.owner,
    [LABELS.cloud]: part.cloud,
    [LABELS.vni]: String(part.vni),
    [LABELS.cidr]: part.cidr,
  };
}

/** Our network among the host's, or a refusal that names what is in the way. */
export function findOurs(
  networks: readonly DockerNetwork[],
  part: HostPart,
): DockerNetwork | undefined {
  const name = dockerNetworkName(part.networkId, part.vni);
  const bridge = bridgeName(part.vni);
  const cidrs = [part.cidr, ...(part.ipv6 ? [part.ipv6.cidr] : [])];
  let ours: DockerNetwork | undefined;
  for (const network of networks) {
    const owner = network.Labels?.[LABELS.owner];
    if (network.Name === name && owner === part.owner) {
      ours = network;
      continue;
    }
    const whose = owner === undefined ? "is not ours" : `belongs to ${owner}`;
    if (network.Name === name)
      throw inTheWay(part, `a Docker network named ${network.Name} exists and ${whose}`);
    if (network.Options?.["com.docker.network.bridge.name"] === bridge)
      throw inTheWay(part, `Docker network ${network.Name} uses the bridge ${bridge} and ${whose}`);
    const [overlap] = (network.IPAM.Config ?? []).flatMap(({ Subnet = "" }) =>
      cidrs.filter((cidr) => overlapping(Subnet, cidr)).map((cidr) => ({ Subnet, cidr })),
    );
    if (overlap)
      throw inTheWay(
        part,
        `Docker network ${network.Name} (${overlap.Subnet}) overlaps ${overlap.cidr} and ${whose}`,
        owner === undefined ? undefined : CHOSEN,
      );
  }
  return ours;
}

/** True when Docker's network is what we would make. */
export function isCurrent(network: DockerNetwork, wanted: DockerNetworkBody): boolean {
  const asked = wanted.IPAM.Config;
  const have = {
    config: (network.IPAM.Config ?? []).map(({ Subnet, IPRange, Gateway }, index) => ({
      ...(Subnet === undefined ? {} : { Subnet }),
      ...(asked[index]?.IPRange === undefined ? {} : { IPRange }),
      ...(asked[index]?.Gateway === undefined ? {} : { Gateway }),
    })),
    options: Object.fromEntries(
      Object.keys(wanted.Options).map((key) => [key, network.Options?.[key]]),
    ),
    labels: Object.fromEntries(
      Object.keys(wanted.Labels).map((key) => [key, network.Labels?.[key]]),
    ),
  };
  return same(have, { config: asked, options: wanted.Options, labels: wanted.Labels });
}

/**
 * Makes the network, or makes it again when settings changed that Docker cannot change. Then its containers are off it,
 * and the host's program tells of them (`applyPart`) until they are attached and forgotten.
 */
export async function ensureDockerNetwork(
  context: DriverContext,
  found: DockerNetwork | undefined,
  part: HostPart,
  body: DockerNetworkBody,
): Promise<{ dockerId: string; changed: string[] }> {
  const docker = dockerFor(context.transport);
  if (found && isCurrent(found, body)) return { dockerId: found.Id, changed: [] };
  if (!found) {
    const made = await docker.createNetwork(body);
    return { dockerId: made.Id, changed: [`the Docker network ${body.Name} is missing`] };
  }
  const attached = await endpointsOf(docker, found, part);
  if (attached.length > 0) await keepEndpoints(context, part, attached);
  for (const { id } of attached) await ignoreMissing(docker.disconnectNetwork(found.Id, id, true));
  await untilLetGo(() => ignoreMissing(docker.removeNetwork(found.Id)));
  await faultPoint("network-removed", part.host);
  const made = await docker.createNetwork(body);
  return { dockerId: made.Id, changed: [`the Docker network ${body.Name} has other settings`] };
}

/** Removes our Docker network. Containers that are still attached are named, never detached. */
export async function removeDockerNetwork(docker: DockerClient, part: HostPart): Promise<boolean> {
  const found = await refuseInUse(docker, part);
  if (!found) return false;
  await untilLetGo(() => ignoreMissing(docker.removeNetwork(found.Id)));
  return true;
}

/** Our Docker network on the host, without containers: with some it is a conflict that names them. */
export async function refuseInUse(
  docker: DockerClient,
  part: HostPart,
): Promise<DockerNetwork | undefined> {
  const name = dockerNetworkName(part.networkId, part.vni);
  const found = (await docker.listNetworks({ name: [name] })).find(
    (network) => network.Name === name && network.Labels?.[LABELS.owner] === part.owner,
  );
  if (!found) return undefined;
  const { Containers = {} } = await docker.inspectNetwork(found.Id).catch((error: unknown) => {
    if (isNotFound(error)) return found;
    throw error;
  });
  const names = Object.values(Containers).map((container) => container.Name);
  if (names.length > 0)
    throw new CloudError(
      "conflict",
      `network ${part.networkId} still has containers: ${names.sort().join(", ")}`,
      {
        host: part.host,
        resource: part.networkId,
        hint: "Remove or detach them and run again; nothing of the network was removed there.",
      },
    );
  return found;
}

async function ignoreMissing(call: Promise<void>): Promise<void> {
  await call.catch((error: unknown) => {
    if (!isNotFound(error)) throw error;
  });
}

/** Docker's refusal in our words, where it is about addresses that something else has. */
export function poolTaken(error: unknown, part: HostPart): unknown {
  if (!isConflict(error) || !(error instanceof Error) || !/overlaps/.test(error.message))
    return error;
  return inTheWay(part, `Docker has another network that overlaps ${part.cidr}`);
}

/** Another stack was quicker: the next plan sees its network. */
const CHOSEN =
  "If the plan chose the range, run again: it then sees the other network. Else give the network another CIDR.";

function inTheWay(part: HostPart, what: string, hint?: string): CloudError {
  return new CloudError("conflict", `cannot make network ${part.networkId}: ${what}`, {
    host: part.host,
    resource: part.networkId,
    hint: hint ?? "Remove what is in the way, or give the network another CIDR or networkId.",
  });
}

function overlapping(a: string, b: string): boolean {
  const one = parseCidrLoosely(a);
  const other = parseCidrLoosely(b);
  return one !== undefined && other !== undefined && overlaps(one, other);
}
