import type { HostConnection } from "../../host/connection.js";
import { dockerFor } from "../../host/docker.js";
import { ownerOf } from "../../host/ownership.js";
import { inspectOwn, ownContainers, plainName } from "../placed-container/observe.js";
import { removeOwn } from "../placed-container/remove.js";
import type { PlanWorld } from "./check.js";
import type { PlacementInputs } from "./inputs.js";

/** How long what is left over has to stop. */
const STOP_SECONDS = 10;

/** A container whose host was lost runs elsewhere now, or nowhere, and its host is back: what it left there goes. */
export async function removeLeftovers(
  world: Pick<PlanWorld, "removeLeftover" | "inform">,
  olds: PlacementInputs,
  news: PlacementInputs,
): Promise<void> {
  for (const [name, { host }] of Object.entries(olds.lost ?? {})) {
    const now = news.assignments?.[name] ?? news.earlier.assignments[name];
    if (news.lost?.[name] !== undefined || now?.host === host) continue;
    const there = news.hosts.find((each) => each.name === host);
    if (!there) continue;
    const removed = await world.removeLeftover(there.connection, ownerOf({ ...news.meta, name }));
    for (const container of removed)
      await world.inform(
        `host ${host} is back: ${container}, which ${name} had left there, was removed`,
        news.meta,
      );
  }
}

/** Removes all containers of an owner from one host. */
export async function removeLeftover(connection: HostConnection, owner: string): Promise<string[]> {
  const docker = dockerFor(connection);
  const removed: string[] = [];
  for (const row of await ownContainers(docker, owner)) {
    const details = await inspectOwn(docker, row.Id, owner);
    if (!details) continue;
    await removeOwn(docker, details, STOP_SECONDS);
    removed.push(plainName(details.Name));
  }
  return removed;
}
