import { isUnreachable } from "../../errors.js";
import { dockerFor, type DockerClient } from "../../host/docker.js";
import type { ContainerInspect } from "../../host/docker-types.js";
import { faultPoint } from "../../host/faults.js";
import { withGiveUpHint } from "../../host/give-up.js";
import { isRemovedLater } from "../../host/lost-hosts.js";
import { ownerOf } from "../../host/ownership.js";
import { whenUnreachable } from "../../host/unreachable-policy.js";
import { progress, warn } from "../../progress.js";
import { addressLeft } from "../leaving-addresses.js";
import { removeEvenDead } from "./dead.js";
import { handOverFrom, untilForgotten } from "./hand-over.js";
import { hostNow } from "./host-facts.js";
import type { PlacedContainerState } from "./inputs.js";
import { generationIn } from "./names.js";
import { inspectOwn, ownContainers, plainName } from "./observe.js";
import { registerSecrets } from "./secrets.js";
import { sweepSecrets } from "./secrets-removal.js";

/**
 * Removes this generation's container, wherever its name went, and secrets that none needs; any number of times. One
 * that a newer generation has adopted is not ours any more, one without our owner label never was. Volumes stay.
 */
export async function remove(_id: string, state: PlacedContainerState): Promise<void> {
  registerSecrets(state.spec);
  const { place, status, spec, meta } = state;
  try {
    const docker = dockerFor(place.connection);
    const { secrets } = await hostNow(docker);
    const details = await find(docker, state);
    if (details) {
      await handOverFrom(state);
      await untilForgotten(ownerOf(meta));
      progress("stopping", meta);
      await removeEvenDead(docker, details, spec.stopTimeoutSeconds, place.host);
    }
    for (const { network, address } of place.networks)
      await addressLeft(ownerOf({ ...meta, name: network }), address);
    await sweepSecrets(docker, ownerOf(meta), secrets);
    await faultPoint("deleted", place.host);
  } catch (error) {
    if (!isUnreachable(error)) throw withGiveUpHint(error);
    if (isRemovedLater(place.connection, meta.name)) {
      await warn(
        `host ${place.host} cannot be reached: container ${status.containerName}, if it is still there, is removed by ` +
          "the first up that reaches the host",
        meta,
      );
      return;
    }
    if (whenUnreachable(place.connection) !== "forget") throw withGiveUpHint(error);
    await warn(
      `host ${place.host} cannot be reached: container ${status.containerName} and its volumes remain there`,
      meta,
    );
  }
}

async function find(
  docker: DockerClient,
  { meta, status }: PlacedContainerState,
): Promise<ContainerInspect | undefined> {
  const owner = ownerOf(meta);
  const known = await inspectOwn(docker, status.containerId, owner);
  const candidates = known
    ? [known]
    : await Promise.all(
        (await ownContainers(docker, owner)).map(({ Id }) => inspectOwn(docker, Id, owner)),
      );
  return candidates.find((details) => {
    if (!details) return false;
    const generation = generationIn(plainName(details.Name), meta);
    // Renamed by hand it is still this one, if the state knew it by its id.
    return generation === undefined ? details === known : generation === status.generation;
  });
}
