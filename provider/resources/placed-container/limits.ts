import { claimChange } from "../../host/claim.js";
import type { ContainerInspect } from "../../host/docker-types.js";
import { LABELS } from "../../host/ownership.js";
import { readReservations, reservationOf } from "../../host/reservations.js";
import { progress } from "../../progress.js";
import { updateBody } from "./docker-config.js";
import type { HostNow } from "./host-facts.js";
import { claimOf, isNew, type Work } from "./work.js";

/** What more it reserves must fit, as when it was made: the plan saw the host some time ago. */
export async function syncLimits(
  work: Work,
  details: ContainerInspect,
  host: HostNow,
): Promise<void> {
  const { docker, inputs } = work;
  const wanted = updateBody(inputs.spec);
  const { HostConfig } = details;
  const differs =
    HostConfig.NanoCpus !== wanted.NanoCpus ||
    HostConfig.Memory !== wanted.Memory ||
    (HostConfig.PidsLimit ?? 0) !== wanted.PidsLimit ||
    HostConfig.RestartPolicy?.Name !== wanted.RestartPolicy?.Name ||
    (HostConfig.RestartPolicy?.MaximumRetryCount ?? 0) !== wanted.RestartPolicy?.MaximumRetryCount;
  // One that was just made reserves what it was made with; nobody has noted anything else.
  if (!differs && isNew(details)) return;
  const before = await reservedNow(work, details);
  const isNoted =
    before.cpus === inputs.spec.cpus && before.memoryBytes === inputs.spec.memoryBytes;
  if (!differs && isNoted) return;
  // Limits that are right with another note: a change was noted and then neither made nor taken back.
  if (differs) progress("changing its limits", inputs.meta);
  const change = async () => (differs ? docker.updateContainer(details.Id, wanted) : undefined);
  if (isNoted) {
    await change();
    return;
  }
  const generation = details.Config.Labels?.[LABELS.generation] ?? work.generation;
  await claimChange(docker, { ...claimOf(work, generation, host), before }, details.Id, change);
}

async function reservedNow({ docker }: Work, { Id, Config }: ContainerInspect) {
  const changed = await readReservations(docker.transport);
  return reservationOf({ Id, Labels: Config.Labels ?? {} }, changed);
}
