import { same } from "../../canonical.js";
import { warn } from "../../progress.js";
import { partialFailure } from "../../wrap.js";
import { failuresOf, onEach, type Outcome, problemsOf, statusOf } from "../each-host.js";
import { canWait } from "../unreachable-member.js";
import type { NetworkPolicyInputs, NetworkPolicyState } from "./inputs.js";
import { type PolicyWork, workOn } from "./on-hosts.js";
import { inputsOf, stateOf } from "./state.js";

/**
 * Exchanges the rules where they differ or something was wrong, each host in one step and under the traffic. A host
 * that is no longer in the network is not asked: the network left it with everything.
 *
 * A host that cannot be reached does not hold up the others, as with its network: it keeps the rules that it has, the
 * user is warned, and every preview shows an update until an up has reached it.
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
  const failures = failuresOf(outcomes);
  if (failures.length === 0) return { outs };
  const waits = ({ work: { host }, error }: Outcome<void, PolicyWork>) =>
    canWait(host.connection, error, { tookPart: before.has(host.name) });
  if (failures.every(waits)) {
    const names = failures.map(({ work }) => work.host.name).join(", ");
    await warn(
      `host ${names} cannot be reached: the policy of network ${news.networkId} is changed there by the first up that reaches it`,
    );
    return { outs };
  }
  throw partialFailure(id, news, outs, [
    `the policy of network ${news.networkId} was not changed on all hosts; the next up finishes it`,
    ...statusOf(outcomes, "in force"),
  ]);
}
