import { CloudError, isUnreachable, messageOf } from "../../errors.js";
import type { DockerClient } from "../../host/docker.js";
import type { ContainerInspect, ContainerSummary } from "../../host/docker-types.js";
import { progress, warn } from "../../progress.js";
import { inspectIfThere, inspectOwn, isLeaving, plainName } from "./observe.js";
import { removeOwn } from "./remove.js";
import { hostOf, type Work } from "./work.js";

/**
 * Docker calls a container "dead" when it could remove only a part of it. Nobody can start it again, so it counts as
 * absent, and its removal is tried once more; one that is being removed is waited for. What stays is in the way only if
 * it has the name of the new one.
 */
export async function withoutDead(
  work: Work,
  own: readonly ContainerSummary[],
): Promise<ContainerSummary[]> {
  for (const row of own.filter(isLeaving)) {
    const dead = await inspectOwn(work.docker, row.Id, work.owner);
    if (!dead) continue;
    const name = plainName(dead.Name);
    progress(`waiting for ${name} to be gone`, work.inputs.meta);
    try {
      await removeOwn(work.docker, dead, 0);
    } catch (error) {
      if (isUnreachable(error)) throw error;
      const failure = stuck(hostOf(work), name, error);
      if (name === work.name) throw failure;
      await warn(messageOf(failure), work.inputs.meta);
    }
  }
  return own.filter((row) => !isLeaving(row));
}

/**
 * Removes a container that the engine deletes. What Docker could remove only a part of stays, and keeps its resource: that says so, and
 * every further deletion tries again.
 */
export async function removeEvenDead(
  docker: DockerClient,
  details: ContainerInspect,
  stopSeconds: number,
  host: string,
): Promise<void> {
  try {
    await removeOwn(docker, details, stopSeconds);
  } catch (error) {
    if (isUnreachable(error)) throw error;
    const now = await inspectIfThere(docker, details.Id);
    const isDead = now !== undefined && ["dead", "removing"].includes(now.State.Status);
    throw isDead ? stuck(host, plainName(details.Name), error) : error;
  }
}

function stuck(host: string, name: string, error: unknown): CloudError {
  return new CloudError("docker", `container ${name} is dead and cannot be removed`, {
    host,
    reasons: [messageOf(error).split("\n")[0] ?? ""],
    hint: "Something there still uses its files: end that or restart Docker on the host, then run again.",
    cause: error,
  });
}
