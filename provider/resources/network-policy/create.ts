import { randomBytes } from "node:crypto";
import type { CreateResult } from "../../lifecycle.js";
import { partialFailure } from "../../wrap.js";
import { combined, failuresOf, onEach, problemsOf, statusOf, untouched } from "../each-host.js";
import type { NetworkPolicyInputs, NetworkPolicyState } from "./inputs.js";
import { workOn } from "./on-hosts.js";
import { stateOf } from "./state.js";

/** Puts the rules on all hosts at once. What an interrupted create left is written over: a network has one policy. */
export async function create(
  inputs: NetworkPolicyInputs,
): Promise<CreateResult<NetworkPolicyState>> {
  const generation = randomBytes(4).toString("hex");
  const id = `${inputs.networkId}-${inputs.vni}/policy/${generation}`;
  const outcomes = await onEach(workOn(inputs, generation), "in force on", ({ runtime, policy }) =>
    runtime.setPolicy(policy),
  );
  const failures = failuresOf(outcomes);
  if (failures.length === 0) return { id, outs: stateOf(inputs, generation, {}) };
  const what = `the policy of network ${inputs.networkId} is not in force`;
  if (failures.length === outcomes.length && failures.every(({ error }) => untouched(error)))
    throw combined(`${what} on any host`, failures);
  throw partialFailure(id, inputs, stateOf(inputs, generation, problemsOf(outcomes)), [
    `${what} on all hosts; the next up finishes it`,
    ...statusOf(outcomes, "in force"),
  ]);
}
