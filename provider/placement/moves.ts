import type { Decisions } from "./decisions.js";
import type { Move, PlanInput } from "./model.js";

/** Everything that changes its host, in the order to carry it out: what others depend on first, then program order. */
export function movesOf(input: PlanInput, { placed, departures }: Decisions): Move[] {
  if (departures.size === 0) return [];
  const indexes = new Map(input.requests.map(({ name }, index) => [name, index]));
  return inDependencyOrder(input).flatMap((name): Move[] => {
    const departure = departures.get(name);
    const decision = placed[indexes.get(name) ?? -1];
    if (!departure || !decision || decision.host === departure.from) return [];
    const { from, cause, why } = departure;
    return [{ name, from, to: decision.host, cause, why }];
  });
}

/** Names of all requests, each after those it depends on; a circle is cut where program order enters it. */
function inDependencyOrder({ requests }: PlanInput): string[] {
  const byName = new Map(requests.map((request) => [request.name, request]));
  const order = new Set<string>();
  const entered = new Set<string>();
  // An explicit stack: a chain of dependencies may be longer than the call stack.
  const visit = (start: string): void => {
    const stack = [start];
    for (let name = stack.at(-1); name !== undefined; name = stack.at(-1)) {
      const before = byName.get(name)?.dependsOn ?? [];
      entered.add(name);
      const open = before.filter((each) => byName.has(each) && !entered.has(each));
      if (open.length > 0) stack.push(...open.reverse());
      else {
        order.add(name);
        stack.pop();
      }
    }
  };
  for (const { name } of requests) if (!entered.has(name)) visit(name);
  return [...order];
}
