import { same } from "../../canonical.js";
import { partialFailure } from "../../wrap.js";
import { failuresOf, onEach, problemsOf, statusOf } from "../each-host.js";
import type { RecordInputs, RecordKind, RecordState } from "./inputs.js";
import { isLate, warnOfLate } from "./late-host.js";
import { type RecordWork, workOn } from "./on-hosts.js";
import { inputsOf, joinsNow, rejoined, stateOf } from "./state.js";

/**
 * Exchanges the record where it differs or something was wrong, each host in one step. A host that is no longer in the
 * network is not asked: the network left it with everything. Nor is a network's old place: it goes with the containers
 * that are still in it.
 *
 * A host that cannot be reached does not hold up the others, as with its network: it keeps what it has, the user is
 * warned, and every preview shows an update until an up has reached it.
 */
export async function update<Inputs extends RecordInputs>(
  kind: RecordKind<Inputs>,
  id: string,
  olds: RecordState<Inputs>,
  news: Inputs,
): Promise<{ outs: RecordState<Inputs> }> {
  const { generation } = olds;
  const words = kind.words(news);
  const before = new Map(
    workOn(kind, inputsOf(olds), generation).map(({ host, record }) => [host.name, record]),
  );
  const lost = new Set(rejoined(olds));
  const stale = ({ host, record }: RecordWork): boolean =>
    olds.cidr !== news.cidr ||
    olds.driver !== news.driver ||
    olds.problems?.[host.name] !== undefined ||
    lost.has(host.name) ||
    !same(before.get(host.name), record);
  const works = workOn(kind, news, generation, true).filter(stale);
  const outcomes = await onEach(works, `${words.done} on`, ({ runtime, record }) =>
    runtime.putRecord(record),
  );
  const outs = stateOf(news, generation, problemsOf(outcomes), joinsNow(news, olds.joins));
  const failures = failuresOf(outcomes);
  if (failures.length === 0) return { outs };
  if (failures.every((failure) => isLate(failure, before.has(failure.work.host.name)))) {
    await warnOfLate(failures, words.later);
    return { outs };
  }
  throw partialFailure(id, news, outs, [
    `${words.notChanged}; the next up finishes it`,
    ...statusOf(outcomes, words.done),
  ]);
}
