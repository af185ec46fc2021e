import type { Ask } from "../constraints/constraint.js";
import type { HostState } from "../host-state.js";
import type { HostComparator } from "../model.js";
import { hostFacts, requestFacts, watched } from "../views.js";
import { type HostRanks, rankHosts } from "./host-ranks.js";
import type { Strategy } from "./strategy.js";

/** What comparators need beside the request. */
export interface ComparatorContext {
  readonly hosts: readonly HostState[];
  /** Orders by functions that have looked at no request, by function and arguments: they hold for all requests. */
  readonly sharedRanks: Map<string, HostRanks>;
}

/**
 * A comparison function of the program as an order of hosts, worked out once from what is known before anything is
 * placed: for each type of containers, or for all when the function looks at hosts alone. It throws a `FunctionFault` if the
 * function contradicts itself on these hosts.
 */
export function comparatorStrategy(
  name: string,
  compare: HostComparator,
  args: unknown,
  ask: Ask,
  { hosts, sharedRanks }: ComparatorContext,
): Strategy {
  const id = `comparator ${name} ${JSON.stringify(args)}`;
  let ranks = sharedRanks.get(id);
  let byType = false;
  if (!ranks) {
    const request = watched(requestFacts(ask.request));
    const facts = hosts.map(hostFacts);
    ranks = rankHosts(`comparator ${name}`, hosts, (a, b) =>
      compare(facts[a.rank] ?? hostFacts(a), facts[b.rank] ?? hostFacts(b), request.facts, args),
    );
    // It gives equal answers to equal questions, so that one which did not look this time never does.
    byType = request.isRead();
    if (!byType) sharedRanks.set(id, ranks);
  }
  const places = ranks;
  const place = (host: HostState): number => places.get(host) ?? 0;
  return {
    name: id,
    byType,
    changes: "rises",
    margin: 0,
    key: (_ask, host) => place(host),
    score: (_ask, host) => 0 - place(host),
    better: (_ask, _winner, next) => `${name}: comes before ${next.name}`,
    equal: (_ask, _winner, next) => `${name}: equal to ${next.name}`,
  };
}
