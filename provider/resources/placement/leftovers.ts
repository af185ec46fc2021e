import { isUnreachable } from "../../errors.js";
import type { HostConnection } from "../../host/connection.js";
import { dockerFor } from "../../host/docker.js";
import { withGiveUpHint } from "../../host/give-up.js";
import { LABELS, ownerOf } from "../../host/ownership.js";
import type { Meta } from "../../lifecycle.js";
import { inspectOwn, ownContainers, plainName } from "../placed-container/observe.js";
import { removeOwn } from "../placed-container/remove.js";
import type { PlanWorld } from "./check.js";
import type { PlacementInputs, PlanHost } from "./inputs.js";
import { hostsLeft } from "./moving.js";

/** How long what is left over has to stop. */
const STOP_SECONDS = 10;

/** A container whose host was lost runs elsewhere now, or nowhere, and its host is back: what it left there goes. */
export async function removeLeftovers(
  world: Pick<PlanWorld, "removeLeftover" | "inform">,
  olds: PlacementInputs,
  news: PlacementInputs,
): Promise<void> {
  for (const [name, entry] of Object.entries(olds.lost ?? {})) {
    const now = news.assignments?.[name] ?? news.earlier.assignments[name];
    const still = news.lost?.[name];
    const waiting = still ? hostsLeft(still) : [];
    for (const host of hostsLeft(entry)) {
      const there = news.hosts.find((each) => each.name === host);
      if (!there || waiting.includes(host) || now?.host === host) continue;
      await removeFrom(world, there, name, news.meta);
    }
  }
}

/**
 * The plan goes, and with it the count of what was left on hosts that were lost: it is removed now. A host that still
 * cannot be reached stops that, unless the program has given it up: nobody would come back to it.
 */
export async function removeAllLeftovers(
  world: Pick<PlanWorld, "removeLeftover" | "inform" | "warn">,
  { lost = {}, hosts, meta }: PlacementInputs,
): Promise<void> {
  for (const [name, entry] of Object.entries(lost)) {
    for (const host of hostsLeft(entry)) {
      const there = hosts.find((each) => each.name === host);
      if (!there) continue;
      try {
        await removeFrom(world, there, name, meta);
      } catch (error) {
        if (!isUnreachable(error) || there.connection.whenUnreachable !== "forget")
          throw withGiveUpHint(error);
        const owner = ownerOf({ ...meta, name });
        await world.warn(
          `what ${name} may have left on ${host}, which cannot be reached, is forgotten: every container labelled ${LABELS.owner}=${owner} there`,
          meta,
        );
      }
    }
  }
}

async function removeFrom(
  world: Pick<PlanWorld, "removeLeftover" | "inform">,
  { name: host, connection }: PlanHost,
  name: string,
  meta: Meta,
): Promise<void> {
  for (const container of await world.removeLeftover(connection, ownerOf({ ...meta, name })))
    await world.inform(
      `host ${host} is back: ${container}, which ${name} had left there, was removed`,
      meta,
    );
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
