import { CloudError, isUnreachable, messageOf } from "../../errors.js";
import type { ContainerSummary } from "../../host/docker-types.js";
import { progress, warn } from "../../progress.js";
import { inspectOwn, isLeaving, plainName } from "./observe.js";
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

function stuck(host: string, name: string, error: unknown): CloudError {
  return new CloudError("docker", `container ${name} is dead and cannot be removed`, {
    host,
    reasons: [messageOf(error).split("\n")[0] ?? ""],
    hint: "Something there still uses its files: end that or restart Docker on the host, then run again.",
    cause: error,
  });
}
