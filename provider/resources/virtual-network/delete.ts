import { isConflict } from "../../errors.js";
import type { VirtualNetworkState } from "./inputs.js";
import { combined, failuresOf, onEach } from "../each-host.js";
import { leaveEach, workOn } from "./on-hosts.js";
import { inputsOf } from "./state.js";

/**
 * Takes the network off every host. Idempotent; nothing without our mark is touched, nor what a later creation has taken
 * over. While a host still has containers on it, no host is left.
 */
export async function remove(_id: string, state: VirtualNetworkState): Promise<void> {
  const works = workOn(inputsOf(state), state.facts, state.generation);
  const inUse = failuresOf(
    await onEach(works, "asked", ({ runtime, part }) => runtime.refuseInUse(part)),
  ).filter(({ error }) => isConflict(error));
  if (inUse.length > 0) throw combined(`network ${state.networkId} is still in use`, inUse);
  const outcomes = await leaveEach(works, true);
  if (failuresOf(outcomes).length > 0)
    throw combined(`network ${state.networkId} was not removed from all hosts`, outcomes);
}
