import { isNotFound } from "../../errors.js";
import type { DockerClient } from "../../host/docker.js";
import type { ContainerInspect, ContainerSummary } from "../../host/docker-types.js";
import { ourContainers } from "../../host/our-containers.js";
import { LABELS } from "../../host/ownership.js";

/** All containers on the host that carry exactly this owner, newest first, without those that are on their way out. */
export async function ownContainers(
  docker: DockerClient,
  owner: string,
): Promise<ContainerSummary[]> {
  return (await ownAndLeaving(docker, owner)).filter((row) => !isLeaving(row));
}

/** The same with those on their way out. */
export async function ownAndLeaving(
  docker: DockerClient,
  owner: string,
): Promise<ContainerSummary[]> {
  const rows = await ourContainers(docker);
  return rows
    .filter((row) => row.Labels[LABELS.owner] === owner)
    .sort((a, b) => b.Created - a.Created || (a.Id < b.Id ? -1 : 1));
}

/** Being removed, or removed in part. Docker's list says "removing" also of one whose removal failed and that it calls dead. */
export function isLeaving({ State }: ContainerSummary): boolean {
  return State === "removing" || State === "dead";
}

/** The container, or undefined when Docker says that there is none. Unreachable throws. */
export async function inspectIfThere(
  docker: DockerClient,
  id: string,
): Promise<ContainerInspect | undefined> {
  try {
    return await docker.inspectContainer(id);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** The same, but only when it is this owner's. */
export async function inspectOwn(
  docker: DockerClient,
  id: string,
  owner: string,
): Promise<ContainerInspect | undefined> {
  const details = await inspectIfThere(docker, id);
  return details?.Config.Labels?.[LABELS.owner] === owner ? details : undefined;
}

/** It runs, or will go on by itself. */
export function isUp({ State }: ContainerInspect): boolean {
  return State.Running || State.Restarting || State.Paused;
}

/** Docker's names begin with a slash. */
export function plainName(name: string): string {
  return name.replace(/^\//, "");
}

/** One word for what a container does: Docker's status, or its health where that says more. */
export function stateOf({ State }: ContainerInspect): string {
  const health = State.Health?.Status;
  return State.Status === "running" && (health === "unhealthy" || health === "starting")
    ? health
    : State.Status;
}
