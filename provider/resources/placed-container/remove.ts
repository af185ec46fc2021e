import { CloudError, isConflict, isNotFound } from "../../errors.js";
import { releaseClaim } from "../../host/claim.js";
import type { DockerClient } from "../../host/docker.js";
import type { ContainerInspect } from "../../host/docker-types.js";
import { LABELS } from "../../host/ownership.js";
import { forgetReservation, reservationOf } from "../../host/reservations.js";
import { inspectIfThere } from "./observe.js";
import { removeSecrets, secretsFolderIn } from "./secrets.js";

/** Longest wait for a removal that somebody else has begun. */
const REMOVAL_MS = 30_000;

/**
 * Stops a container as it asked to be stopped, removes it and its secrets. Its volumes stay. Only ever called for
 * one whose owner label was read; succeeds when it is gone already.
 */
export async function removeOwn(
  docker: DockerClient,
  details: ContainerInspect,
  stopSeconds: number,
): Promise<void> {
  const { Id } = details;
  try {
    if (details.State.Running || details.State.Restarting || details.State.Paused) {
      await docker.stopContainer(Id, stopSeconds);
    }
    await docker.removeContainer(Id, true);
  } catch (error) {
    if (
      isConflict(error) &&
      /removal of container .* is already in progress/i.test(String(error))
    ) {
      await gone(docker, Id);
    } else if (!isNotFound(error)) throw error;
  }
  releaseClaim(docker.transport, details.Config.Labels?.[LABELS.generation] ?? "");
  if (hasOtherLimits(details)) await forgetReservation(docker.transport, Id);
  const folder = secretsFolderIn(details.Mounts);
  if (folder !== undefined) await removeSecrets(docker.transport, folder);
}

/** Its limits changed while it ran, so there is a note of what it reserved. */
function hasOtherLimits({ Id, Config, HostConfig }: ContainerInspect): boolean {
  const { cpus, memoryBytes } = reservationOf({ Id, Labels: Config.Labels ?? {} }, {});
  return HostConfig.NanoCpus !== Math.round(cpus * 1e9) || HostConfig.Memory !== memoryBytes;
}

async function gone(docker: DockerClient, id: string): Promise<void> {
  const until = Date.now() + REMOVAL_MS;
  while (await inspectIfThere(docker, id)) {
    if (Date.now() > until) {
      throw new CloudError(
        "docker",
        `container ${id.slice(0, 12)} is being removed, but does not go away`,
        {
          host: docker.transport.connection.name,
          hint: "Restart the Docker daemon there and run again.",
        },
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
