import type { ReadResult } from "../../lifecycle.js";
import { combined, failuresOf, onEach } from "../each-host.js";
import type { NetworkPolicyInputs, NetworkPolicyState } from "./inputs.js";
import { workOn } from "./on-hosts.js";
import { inputsOf, stateOf } from "./state.js";

/**
 * Compares every host with the state. A host that differs is left out of the inputs, so the next preview shows it and
 * the next up repairs it. Unreachable is never absent.
 */
export async function read(
  id: string,
  state: NetworkPolicyState,
): Promise<ReadResult<NetworkPolicyInputs, NetworkPolicyState>> {
  const inputs = inputsOf(state);
  const outcomes = await onEach(
    workOn(inputs, state.generation),
    "observed",
    ({ runtime, policy }) => runtime.observePolicy(policy),
  );
  if (failuresOf(outcomes).length > 0)
    throw combined(
      `the policy of network ${state.networkId} cannot be observed on all hosts`,
      outcomes,
    );
  if (outcomes.length > 0 && outcomes.every(({ value }) => value?.absent === true)) return {};
  const problems = Object.fromEntries(
    outcomes.flatMap(({ work, value }) =>
      value && value.differs.length > 0 ? [[work.host.name, value.differs]] : [],
    ),
  );
  return {
    id,
    props: stateOf(inputs, state.generation, problems),
    inputs: { ...inputs, hosts: inputs.hosts.filter(({ name }) => !(name in problems)) },
  };
}
