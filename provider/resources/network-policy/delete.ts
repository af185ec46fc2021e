import { isUnreachable } from "../../errors.js";
import { whenUnreachable } from "../../host/unreachable-policy.js";
import { combined, failuresOf, onEach } from "../each-host.js";
import type { NetworkPolicyState } from "./inputs.js";
import { workOn } from "./on-hosts.js";
import { inputsOf } from "./state.js";

/**
 * Takes the rules off every host, if they are still those of this creation. Idempotent. Where a host cannot be reached
 * and its connection says so, it is forgotten; its network says what stays there.
 */
export async function remove(_id: string, state: NetworkPolicyState): Promise<void> {
  const works = workOn(inputsOf(state), state.generation);
  const outcomes = await onEach(works, "lifted on", async ({ host, runtime, policy }) => {
    try {
      await runtime.dropPolicy(policy);
    } catch (error) {
      if (!isUnreachable(error) || whenUnreachable(host.connection) !== "forget") throw error;
    }
  });
  if (failuresOf(outcomes).length > 0)
    throw combined(
      `the policy of network ${state.networkId} was not lifted on all hosts`,
      outcomes,
    );
}
