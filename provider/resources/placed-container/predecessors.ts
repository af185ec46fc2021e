import type { ContainerSummary } from "../../host/docker-types.js";
import { devicesOf } from "../../host/held.js";
import { progress } from "../../progress.js";
import { untilForgotten } from "./hand-over.js";
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
 * What dead creations left, and what does not run: now that this one is ready, nobody needs them. What it replaces and
 * runs is the engine's to delete, after all that leads to this one instead.
 */
export async function removeOthers(work: Work, id: string): Promise<void> {
  const { docker, inputs, owner } = work;
  const replaces: string[] = [];
  for (const row of await ownContainers(docker, owner)) {
    if (row.Id === id) continue;
    const other = await inspectOwn(docker, row.Id, owner);
    if (!other) continue;
    if (isUp(other) && isReplaced(work, other.Name)) {
      replaces.push(generationIn(other.Name, inputs.meta) ?? "");
      continue;
    }
    if (isUp(other)) await untilForgotten(owner);
    progress(`removing ${plainName(other.Name)}`, inputs.meta);
    await removeOwn(docker, other, inputs.spec.stopTimeoutSeconds);
  }
  work.replaces = replaces;
}

/** A container of the owner, by its Docker name, that the engine deletes itself. */
export function isReplaced({ inputs, engineDeletes }: Work, name: string): boolean {
  return engineDeletes.has(generationIn(name, inputs.meta) ?? "");
}
