import { CloudError, isConflict, isNotFound } from "../../errors.js";
import { releaseClaim } from "../../host/claim.js";
import type { DockerClient } from "../../host/docker.js";
import type { ContainerInspect } from "../../host/docker-types.js";
import { LABELS } from "../../host/ownership.js";
import { forgetReservation } from "../../host/reservations.js";
import { inspectIfThere, isUp } from "./observe.js";
import { secretsFolderIn } from "./secrets.js";
import { removeSecrets } from "./secrets-removal.js";

/** Longest wait for a removal that somebody else has begun. */
const REMOVAL_MS = 30_000;

/**
 * Stops a container as it asked to be stopped, removes it, its secrets and the note of what it reserved. Its volumes
 * stay. Only ever called for one whose owner label was read; succeeds when it is gone already.
 */
export async function removeOwn(
  docker: DockerClient,
  details: ContainerInspect,
  stopSeconds: number,
): Promise<void> {
  const { Id } = details;
  try {
    if (isUp(details)) {
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
  // Also where its limits are those it was made with: a change that failed may have been noted, one taken back was.
  await forgetReservation(docker.transport, Id);
  const folder = secretsFolderIn(details.Mounts);
  if (folder !== undefined) await removeSecrets(docker.transport, folder);
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
