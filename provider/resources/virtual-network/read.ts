import type { ReadResult } from "../../lifecycle.js";
import type { VirtualNetworkInputs, VirtualNetworkState } from "./inputs.js";
import { combined, failuresOf, onEach } from "../each-host.js";
import { workOn } from "./on-hosts.js";
import { inputsOf, stateOf } from "./state.js";

/**
 * Compares every host with the state. A host where something differs is left out of the inputs, as if it had never
 * joined: so the drift shows in the next preview, and the next up repairs it. Unreachable is never absent.
 */
export async function read(
  id: string,
  state: VirtualNetworkState,
): Promise<ReadResult<VirtualNetworkInputs, VirtualNetworkState>> {
  const inputs = inputsOf(state);
  const outcomes = await onEach(
    workOn(inputs, state.facts, state.generation),
    "observed",
    ({ runtime, part }) => runtime.observe(part),
  );
  if (failuresOf(outcomes).length > 0)
    throw combined(`network ${state.networkId} cannot be observed on all its hosts`, outcomes);
  if (outcomes.length > 0 && outcomes.every(({ value }) => value?.absent === true)) return {};
  const dockerIds: Record<string, string> = {};
  const problems: Record<string, string[]> = {};
  for (const { work, value } of outcomes) {
    if (!value) continue;
    // A machine has no Docker network: that it took part is what an entry says.
    if (value.dockerId !== "" || (work.part.machine && !value.absent))
      dockerIds[work.host.name] = value.dockerId;
    if (value.differs.length > 0) problems[work.host.name] = value.differs;
  }
  return {
    id,
    props: stateOf(
      inputs,
      dockerIds,
      problems,
      inputs.hosts,
      state.facts,
      state.generation,
      state.joins,
    ),
    inputs: { ...inputs, hosts: inputs.hosts.filter(({ name }) => !(name in problems)) },
  };
}
