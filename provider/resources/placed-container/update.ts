import { same } from "../../canonical.js";
import { isUnreachable } from "../../errors.js";
import { withoutPolicies } from "../../host/connection.js";
import { warn } from "../../progress.js";
import { CHANGE_OF, changedParts } from "./changes.js";
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
  let outs: PlacedContainerState;
  try {
    outs = await ensureContainer(
      news,
      olds.status.generation,
      operationSignal("update", news),
      olds,
    );
  } catch (error) {
    // So that a host that never comes back can be given up: what is deleted later looks into the state.
    if (!isUnreachable(error) || !isForgotten(olds, news)) throw error;
    return { outs: { ...olds, ...news } };
  }
  if (added.length > 0) {
    const names = added.map(({ network }) => network).join(", ");
    await warn(
      `attached to ${names} while running: names on it resolve once the container is replaced, addresses now`,
      news.meta,
    );
  }
  return { outs };
}

/** Its host is given up by the program, and nothing is to be changed there. */
function isForgotten(olds: PlacedContainerState, news: PlacedContainerInputs): boolean {
  return (
    news.place.connection.whenUnreachable === "forget" &&
    same(withoutPolicies(olds.place.connection), withoutPolicies(news.place.connection)) &&
    same(olds.place.networks, news.place.networks) &&
    changedParts(olds.spec, news.spec).every((part) => CHANGE_OF[part] === "record")
  );
}
