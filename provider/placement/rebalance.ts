import { claimKey } from "./asks.js";
import type { Ask } from "./constraints/index.js";
import { dataOf } from "./data.js";
import type { Decisions } from "./decisions.js";
import { FunctionFault } from "./functions.js";
import { applying, type HostClass } from "./host-classes.js";
import type { HostState } from "./host-state.js";
import type { Orderings } from "./orderings.js";
import type { Prepared } from "./prepare.js";
import { compareKeys, type Ordering } from "./strategies/index.js";
import type { Uncertainty } from "./uncertainty.js";

/** Moves in one plan, unless the program says otherwise: few enough to be read in a preview. */
const MOST_MOVES = 10;

/** Equal requests that may move. */
interface Movable {
  readonly application: string;
  readonly hostClass: HostClass;
  readonly ordering: Ordering;
  /** By host, in program order. */
  readonly members: Map<HostState, Ask[]>;
}

/**
 * Moves containers to hosts that the strategies put before theirs by more than a tie, if the program asks for it.
 * Containers with data stay; each moves at most once, so it ends; old places hold their capacity until they are left,
 * so no move relies on another. While hosts do not exist yet, what could move has to wait for them.
 */
export function rebalance(
  prepared: Prepared,
  decisions: Decisions,
  orderings: Orderings,
  uncertainty: Uncertainty,
): void {
  const { rebalance: wish } = prepared.world.input;
  if (!wish) return;
  const groups = movableGroups(prepared, decisions, orderings);
  if (uncertainty.any) {
    waitForHosts(groups, decisions, uncertainty);
    return;
  }
  const shared = { left: wish.maxMoves ?? MOST_MOVES };
  const own = new Map(Object.entries(wish.limits ?? {}).map(([name, left]) => [name, { left }]));
  for (let moved = true; moved;) {
    moved = false;
    for (const group of groups) {
      const limit = own.get(group.application) ?? shared;
      while (limit.left > 0 && moveOne(group, prepared, decisions)) {
        limit.left--;
        moved = true;
      }
    }
  }
}

function movableGroups(
  { world, asks, classes }: Prepared,
  { placed }: Decisions,
  orderings: Orderings,
): Movable[] {
  const applications = world.input.rebalance?.applications;
  const groups = new Map<string, Movable>();
  asks.forEach((ask, i) => {
    const hostClass = classes[i];
    const decision = placed[i];
    const host = world.byName.get(decision?.host ?? "");
    if (!hostClass || "error" in hostClass || !host || decision?.fresh === true) return;
    if (dataOf(ask.request) !== undefined || host.notReady !== undefined) return;
    if (applications && !applications.includes(ask.request.application)) return;
    const ordering = orderings.of(ask, hostClass);
    if ("error" in ordering || ordering.last.kind === "random") return;
    if (ordering.strategies.some(({ live }) => live === true)) return;
    const key = `${hostClass.id} ${ordering.id} ${ask.typeId} ${ask.signature.join(",")} ${claimKey(ask)}`;
    const { application } = ask.request;
    const group = groups.get(key) ?? {
      application,
      hostClass,
      ordering,
      members: new Map<HostState, Ask[]>(),
    };
    groups.set(key, group);
    const members = group.members.get(host);
    if (members) members.push(ask);
    else group.members.set(host, [ask]);
  });
  return [...groups.values()];
}

/** Moves the container whose host is worst for it, if another is better; false when all are well placed. */
function moveOne(group: Movable, prepared: Prepared, decisions: Decisions): boolean {
  try {
    return tryToMove(group, prepared, decisions);
  } catch (error) {
    // A function of the program cannot be relied on: nothing moves because of it.
    if (error instanceof FunctionFault) return false;
    throw error;
  }
}

function tryToMove(
  { hostClass, ordering, members }: Movable,
  { world }: Prepared,
  { placed, departures }: Decisions,
): boolean {
  let best: { ask: Ask; from: HostState; to: HostState } | undefined;
  for (const [from, asks] of members) {
    const ask = asks.at(-1);
    if (!ask) continue;
    world.depart(ask, from);
    const to = target(hostClass, ordering, ask);
    const better = to !== undefined && improves(ordering, ask, from, to);
    world.stay(ask, from);
    // Only now, so that both hosts count all that lies there.
    const worse = !best || compareKeys(ordering, ask, from, best.from) > 0;
    if (better && worse) best = { ask, from, to };
  }
  if (!best) return false;
  const { ask, from, to } = best;
  world.depart(ask, from);
  const why = advantage(ordering, ask, from, to);
  const [first] = ordering.strategies;
  const score = first?.score(ask, to) ?? 0;
  const devices = world.place(ask, to, true);
  members.get(from)?.pop();
  placed[ask.index] = {
    host: to.name,
    score,
    reason: why,
    fresh: true,
    ...(devices ? { devices } : {}),
  };
  // What moves for another cause anyway keeps that cause.
  if (!departures.has(ask.name)) {
    departures.set(ask.name, { from: from.name, cause: "rebalance", why });
  }
  return true;
}

/** The first host that would take it; its own may be among them, and is no improvement. */
function target(
  { declared, changing }: HostClass,
  ordering: Ordering,
  ask: Ask,
): HostState | undefined {
  const rules = applying(changing, ask);
  let best: HostState | undefined;
  for (const host of declared.eligible) {
    if (!rules.every((rule) => rule.accepts(ask, host))) continue;
    if (!best || compareKeys(ordering, ask, host, best) < 0) best = host;
  }
  return best;
}

function improves(ordering: Ordering, ask: Ask, from: HostState, to: HostState): boolean {
  for (const strategy of ordering.strategies) {
    const gain = strategy.key(ask, from) - strategy.key(ask, to);
    if (gain > strategy.margin) return true;
    if (gain < 0) return false;
  }
  // Only depth first puts one host before another by name alone.
  return ordering.strategies.length === 0 && to.rank < from.rank;
}

function advantage(ordering: Ordering, ask: Ask, from: HostState, to: HostState): string {
  for (const strategy of ordering.strategies) {
    if (strategy.key(ask, from) !== strategy.key(ask, to)) return strategy.better(ask, to, from);
  }
  return `depth first: ${to.name} comes before ${from.name}`;
}

function waitForHosts(
  groups: readonly Movable[],
  { placed, pending }: Decisions,
  uncertainty: Uncertainty,
): void {
  for (const { hostClass, members } of groups) {
    for (const asks of members.values()) {
      for (const { name, index } of asks) {
        placed[index] = undefined;
        pending.push(name);
      }
    }
    uncertainty.spread(hostClass.declared.possible);
  }
}
