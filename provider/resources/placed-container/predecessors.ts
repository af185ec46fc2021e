import { isUnreachable } from "../../errors.js";
import { dockerFor, type DockerClient } from "../../host/docker.js";
import type { ContainerInspect, ContainerSummary } from "../../host/docker-types.js";
import { devicesOf } from "../../host/held.js";
import { wayTo } from "../../host/lost-hosts.js";
import { progress, warn } from "../../progress.js";
import { seenContainers } from "../seen-containers.js";
import { untilForgotten } from "./hand-over.js";
import { isLetGo } from "./let-go.js";
import { generationIn } from "./names.js";
import { inspectOwn, isUp, ownContainers, plainName } from "./observe.js";
import { removeOwn } from "./remove.js";
import { isStopFirst } from "./revision.js";
import type { Work } from "./work.js";

/**
 * An older container of the same owner that has a port, an address or a device of this one would keep it from starting or
 * from having it alone, and one that runs would write beside it to what only one may write to. The engine has removed the
 * one it knew where that is so; what is still there was left by a creation that died.
 */
export async function makeRoom(work: Work, own: ContainerSummary[], id: string): Promise<void> {
  const { docker, inputs } = work;
  const ports = inputs.spec.ports.filter(({ hostPort }) => hostPort > 0);
  for (const row of own) {
    if (row.Id === id) continue;
    const addresses = Object.values(row.NetworkSettings?.Networks ?? {}).map(
      ({ IPAddress }) => IPAddress,
    );
    const clash =
      (row.State === "running" && isStopFirst(inputs.spec)) ||
      devicesOf(row).some((device) => inputs.place.devices?.includes(device)) ||
      inputs.place.networks.some(({ address }) => addresses.includes(address)) ||
      row.Ports.some((port) =>
        ports.some(
          ({ hostPort, protocol }) => port.PublicPort === hostPort && port.Type === protocol,
        ),
      );
    if (!clash) continue;
    const other = await inspectOwn(docker, row.Id, work.owner);
    if (other) await removeOwn(docker, other, inputs.spec.stopTimeoutSeconds);
  }
}

/**
 * What dead creations left, what does not run, and what the engine has let go of: now that this one is ready, nobody needs
 * them. What it replaces and runs is the engine's to delete, after all that leads to this one instead. `hasNames`: all names
 * lead to it.
 */
export async function removeOthers(work: Work, id: string, hasNames: boolean): Promise<void> {
  const { docker, inputs, owner } = work;
  const replaces: string[] = [];
  for (const row of await ownContainers(docker, owner)) {
    if (row.Id === id) continue;
    const other = await inspectOwn(docker, row.Id, owner);
    if (!other) continue;
    if (isUp(other) && isReplaced(work, other.Name)) {
      if (!hasNames || !(await isLetGo(work, other, inputs.place.connection))) {
        replaces.push(generationIn(other.Name, inputs.meta) ?? "");
        continue;
      }
    }
    await removeOther(work, docker, other);
  }
  if (hasNames) await removeElsewhere(work);
  work.replaces = replaces;
}

/** A container of the owner, by its Docker name, that the engine deletes itself, or has let go of. */
export function isReplaced({ inputs, predecessors }: Work, name: string): boolean {
  const generation = generationIn(name, inputs.meta) ?? "";
  return generation === predecessors.generation || predecessors.earlier.has(generation);
}

/** What was left on other hosts of the cloud, where the plan has seen it. */
async function removeElsewhere(work: Work): Promise<void> {
  const { inputs, owner, predecessors } = work;
  const here = wayTo(inputs.place.connection);
  for (const { connection, host, id, name } of seenContainers(owner) ?? []) {
    if (wayTo(connection) === here) continue;
    if (generationIn(name, inputs.meta) === predecessors.generation) continue;
    try {
      const docker = dockerFor(connection);
      const other = await inspectOwn(docker, id, owner);
      if (other && (await isLetGo(work, other, connection)))
        await removeOther(work, docker, other, ` on ${host}`);
    } catch (error) {
      if (!isUnreachable(error)) throw error;
      await warn(
        `host ${host} cannot be reached any more: ${name}, an older container of ${inputs.meta.name}, is removed by the first up that reaches it`,
        inputs.meta,
      );
    }
  }
}

async function removeOther(
  { inputs, owner }: Work,
  docker: DockerClient,
  other: ContainerInspect,
  where = "",
): Promise<void> {
  if (isUp(other)) await untilForgotten(owner);
  progress(`removing ${plainName(other.Name)}${where}`, inputs.meta);
  await removeOwn(docker, other, inputs.spec.stopTimeoutSeconds);
}
