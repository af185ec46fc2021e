import type { Decisions } from "./decisions.js";
import type { Move, PlacementRequest, PlanInput } from "./model.js";

/** Everything that changes its host, in the order to carry it out: what others depend on first, then program order. */
export function movesOf({ requests }: PlanInput, { placed, departures }: Decisions): Move[] {
  if (departures.size === 0) return [];
  const moves = new Map<string, Move>();
  const movers: PlacementRequest[] = [];
  requests.forEach((request, index) => {
    const { name } = request;
    const departure = departures.get(name);
    const to = placed[index]?.host;
    if (!departure || to === undefined || to === departure.from) return;
    const { from, cause, why } = departure;
    moves.set(name, { name, from, to, cause, why });
    movers.push(request);
  });
  return inDependencyOrder(movers, requests).flatMap((name) => moves.get(name) ?? []);
}

/**
 * Names of the movers, each after those it depends on, also through others that stay; those come along in between. A circle
 * is cut where program order enters it.
 */
function inDependencyOrder(
  movers: readonly PlacementRequest[],
  requests: readonly PlacementRequest[],
): string[] {
  // Few move, and of a large plan it is the index of all names that takes the time.
  if (!movers.some(({ dependsOn = [] }) => dependsOn.length > 0)) return movers.map(nameOf);
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
  for (const { name } of movers) if (!entered.has(name)) visit(name);
  return [...order];
}

function nameOf({ name }: PlacementRequest): string {
  return name;
}
