import { same } from "../../canonical.js";
import { warn } from "../../progress.js";
import { partialFailure } from "../../wrap.js";
import { failuresOf, onEach, type Outcome, problemsOf, statusOf } from "../each-host.js";
import { canWait } from "../unreachable-member.js";
import type { NetworkNamesInputs, NetworkNamesState } from "./inputs.js";
import { type NamesWork, workOn } from "./on-hosts.js";
import { inputsOf, stateOf } from "./state.js";

/**
 * Writes the names where they differ or something was wrong. A host that is no longer in the network is not asked: the
 * network left it with everything. Nor is a network's old place: it goes with the containers that are still in it.
 *
 * A host that cannot be reached does not hold up the others, as with its network: it keeps the names that it has, the
 * user is warned, and every preview shows an update until an up has reached it.
 */
export async function update(
  id: string,
  olds: NetworkNamesState,
  news: NetworkNamesInputs,
): Promise<{ outs: NetworkNamesState }> {
  const { generation } = olds;
  const before = new Map(
    workOn(inputsOf(olds), generation).map(({ host, added }) => [host.name, added]),
  );
  const stale = ({ host, added }: NamesWork): boolean =>
    olds.cidr !== news.cidr ||
    olds.driver !== news.driver ||
    olds.problems?.[host.name] !== undefined ||
    !same(before.get(host.name), added);
  const outcomes = await onEach(
    workOn(news, generation).filter(stale),
    "named on",
    ({ runtime, added }) => runtime.addNames(added),
  );
  const outs = stateOf(news, generation, problemsOf(outcomes));
  const failures = failuresOf(outcomes);
  if (failures.length === 0) return { outs };
  const waits = ({ work: { host }, error }: Outcome<void, NamesWork>) =>
    canWait(host.connection, error, { tookPart: before.has(host.name) });
  if (failures.every(waits)) {
    const names = failures.map(({ work }) => work.host.name).join(", ");
    await warn(
      `host ${names} cannot be reached: the names of plan ${news.plan} on network ${news.networkId} are brought up to date there by the first up that reaches it`,
    );
    return { outs };
  }
  throw partialFailure(id, news, outs, [
    `the names of plan ${news.plan} were not changed on all hosts of network ${news.networkId}; the next up finishes it`,
    ...statusOf(outcomes, "named"),
  ]);
}
