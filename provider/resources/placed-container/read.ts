import { dockerFor, type DockerClient } from "../../host/docker.js";
import type { ContainerInspect } from "../../host/docker-types.js";
import { ownerOf } from "../../host/ownership.js";
import type { ReadResult } from "../../lifecycle.js";
import { addressOf, attachChanges } from "./attach.js";
import { updateBody } from "./docker-config.js";
import { isNamesWait } from "./hand-over.js";
import type { PlacedContainerInputs, PlacedContainerState } from "./inputs.js";
import { containerNameOf, generationIn } from "./names.js";
import { inspectOwn, ownContainers, plainName, stateOf } from "./observe.js";
import { endedWell } from "./ready.js";
import { noteHeld } from "./replaced.js";
import { registerSecrets } from "./secrets.js";

/**
 * Looks at the container and notes what differs from what was asked for, so that the next up restores it. Only a
 * positive "no such container" is absence; a host that cannot be reached throws.
 */
export async function read(
  id: string,
  state: PlacedContainerState,
): Promise<ReadResult<PlacedContainerInputs, PlacedContainerState>> {
  registerSecrets(state.spec);
  noteHeld(ownerOf(state.meta), state.status.generation);
  const docker = dockerFor(state.place.connection);
  const details = await find(docker, state);
  if (!details) return {};
  const { drift: before = [], ...status } = state.status;
  const drift = [
    ...driftIn(details, state),
    ...(await leftoversOf(docker, details, state)),
    ...before.filter(isNamesWait), // what other hosts know is not seen here
  ];
  return {
    id,
    props: {
      ...state,
      status: {
        ...status,
        containerId: details.Id,
        containerName: plainName(details.Name),
        state: stateOf(details),
        ...(drift.length > 0 ? { drift } : {}),
      },
    },
  };
}

/** By id; else what carries the owner and is not another generation's. */
async function find(
  docker: DockerClient,
  { meta, status }: PlacedContainerState,
): Promise<ContainerInspect | undefined> {
  const owner = ownerOf(meta);
  const known = await inspectOwn(docker, status.containerId, owner);
  if (known) return known;
  for (const row of await ownContainers(docker, owner)) {
    const generation = generationIn(row.Names[0] ?? "", meta);
    if (generation === undefined || generation === status.generation) {
      return inspectOwn(docker, row.Id, owner);
    }
  }
  return undefined;
}

/**
 * Containers beside it that run: what dead creations left, and what it replaces, which the engine deletes or has let go of. What does not
 * run takes nothing, and goes with the next update.
 */
async function leftoversOf(
  docker: DockerClient,
  { Id }: ContainerInspect,
  { meta, place, status }: PlacedContainerState,
): Promise<string[]> {
  return (await ownContainers(docker, ownerOf(meta)))
    .filter((row) => row.Id !== Id && row.State === "running")
    .map(({ Names: [name = ""] }) => plainName(name))
    .filter((name) => generationIn(name, meta) !== status.generation)
    .map((name) => `another container of it is on ${place.host}: ${name}`);
}

/** What differs, one sentence each. */
export function driftIn(details: ContainerInspect, state: PlacedContainerState): string[] {
  const { spec, place, status } = state;
  const found: string[] = [];
  const note = (
    what: string,
    is: string | number | undefined,
    should: string | number | undefined,
  ) => {
    if (is !== should) found.push(`${what} is ${is}, should be ${should}`);
  };
  const running = details.State.Running && !details.State.Restarting;
  if (!running && !endedWell(details, spec)) found.push(`it is ${details.State.Status}`);
  else if (details.State.Health?.Status === "unhealthy") found.push("it is unhealthy");
  if (details.State.Paused) found.push("it is paused");
  // Not the name of the last look: that may be the wrong one already.
  note("its name", plainName(details.Name), containerNameOf(state.meta, status.generation));
  const wanted = updateBody(spec);
  const { HostConfig } = details;
  note("its cpu limit", (HostConfig.NanoCpus ?? 0) / 1e9, (wanted.NanoCpus ?? 0) / 1e9);
  note("its memory limit", HostConfig.Memory ?? 0, wanted.Memory);
  note("its limit of processes", HostConfig.PidsLimit ?? 0, wanted.PidsLimit);
  note("its restart policy", HostConfig.RestartPolicy?.Name, wanted.RestartPolicy?.Name);
  if (status.imageId !== "") note("its image", short(details.Image), short(status.imageId));
  const { detach, attach } = attachChanges(details, place.networks);
  for (const { network, dockerName, address, address6 } of attach) {
    const endpoint = details.NetworkSettings.Networks[dockerName];
    const has = addressOf(endpoint);
    const has6 = endpoint?.IPAMConfig?.IPv6Address;
    if (has !== address) found.push(`it is not on ${network} as ${address}`);
    else if (address6 !== undefined && has6 !== address6)
      found.push(`it is not on ${network} as ${address6}`);
    else found.push(`its names on ${network} differ`);
  }
  for (const name of detach) {
    if (!place.networks.some(({ dockerName }) => dockerName === name)) {
      found.push(`it is on the network ${name}`);
    }
  }
  return found;
}

const short = (image: string) => image.replace("sha256:", "").slice(0, 12);
