import { same } from "../../canonical.js";
import { isUnreachable } from "../../errors.js";
import { isGivenUp } from "../../host/lost-hosts.js";
import { partialFailure } from "../../wrap.js";
import { failuresOf, onEach, type Outcome, problemsOf, statusOf } from "../each-host.js";
import type { NetworkNamesInputs, NetworkNamesState } from "./inputs.js";
import { type NamesWork, workOn } from "./on-hosts.js";
import { inputsOf, stateOf } from "./state.js";

/**
 * Writes the names where they differ or something was wrong. A host that is no longer in the network is not asked: the
 * network left it with everything. Nor is a network's old place: it goes with the containers that are still in it.
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
  // A host that this run has given up is brought up to date by the first up that reaches it, as its network is.
  const waits = ({ work, error }: Outcome<void, NamesWork>) =>
    isUnreachable(error) && isGivenUp(work.host.connection);
  if (failuresOf(outcomes).every(waits)) return { outs };
  throw partialFailure(id, news, outs, [
    `the names of plan ${news.plan} were not changed on all hosts of network ${news.networkId}; the next up finishes it`,
    ...statusOf(outcomes, "named"),
  ]);
}
