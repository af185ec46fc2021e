import { warn } from "../../progress.js";
import { ensureContainer } from "./ensure.js";
import type { PlacedContainerInputs, PlacedContainerState } from "./inputs.js";
import { operationSignal } from "./time-limit.js";

/**
 * Changes limits, restart policy and networks in place, starts what is stopped, makes again what is gone: the same
 * way to the same end as create, for the container that the state knows.
 */
export async function update(
  _id: string,
  olds: PlacedContainerState,
  news: PlacedContainerInputs,
): Promise<{ outs: PlacedContainerState }> {
  const added = news.place.networks.filter(
    ({ dockerName }) => !olds.place.networks.some((before) => before.dockerName === dockerName),
  );
  const outs = await ensureContainer(
    news,
    olds.status.generation,
    operationSignal("update", news),
    olds.status,
  );
  if (added.length > 0) {
    const names = added.map(({ network }) => network).join(", ");
    await warn(
      `attached to ${names} while running: names on it resolve once the container is replaced, addresses now`,
      news.meta,
    );
  }
  return { outs };
}
