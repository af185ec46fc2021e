import { same } from "../../canonical.js";
import { isUnreachable } from "../../errors.js";
import { isGivenUp } from "../../host/lost-hosts.js";
import { partialFailure } from "../../wrap.js";
import { failuresOf, onEach, type Outcome, problemsOf, statusOf } from "../each-host.js";
import type { NetworkPolicyInputs, NetworkPolicyState } from "./inputs.js";
import { type PolicyWork, workOn } from "./on-hosts.js";
import { inputsOf, stateOf } from "./state.js";

/**
 * Exchanges the rules where they differ or something was wrong, each host in one step and under the traffic. A host
 * that is no longer in the network is not asked: the network left it with everything.
 */
export async function update(
  id: string,
  olds: NetworkPolicyState,
  news: NetworkPolicyInputs,
): Promise<{ outs: NetworkPolicyState }> {
  const { generation } = olds;
  const before = new Map(
    workOn(inputsOf(olds), generation).map(({ host, policy }) => [host.name, policy]),
  );
  const stale = ({ host, policy }: PolicyWork): boolean =>
    olds.cidr !== news.cidr ||
    olds.driver !== news.driver ||
    olds.problems?.[host.name] !== undefined ||
    !same(before.get(host.name), policy);
  const outcomes = await onEach(
    workOn(news, generation).filter(stale),
    "in force on",
    ({ runtime, policy }) => runtime.setPolicy(policy),
  );
  const outs = stateOf(news, generation, problemsOf(outcomes));
  // A host that this run has given up is brought up to date by the first up that reaches it, as its network is.
  const waits = ({ work, error }: Outcome<void, PolicyWork>) =>
    isUnreachable(error) && isGivenUp(work.host.connection);
  if (failuresOf(outcomes).every(waits)) return { outs };
  throw partialFailure(id, news, outs, [
    `the policy of network ${news.networkId} was not changed on all hosts; the next up finishes it`,
    ...statusOf(outcomes, "in force"),
  ]);
}
