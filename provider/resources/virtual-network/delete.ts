import type { VirtualNetworkState } from "./inputs.js";
import { combined, failuresOf } from "../each-host.js";
import { leaveEach, workOn } from "./on-hosts.js";
import { inputsOf } from "./state.js";

/** Takes the network off every host. Idempotent; nothing without our mark is touched. */
export async function remove(_id: string, state: VirtualNetworkState): Promise<void> {
  const outcomes = await leaveEach(workOn(inputsOf(state), state.facts), true);
  if (failuresOf(outcomes).length > 0)
    throw combined(`network ${state.networkId} was not removed from all hosts`, outcomes);
}
