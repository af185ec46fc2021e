import type { ResourceState } from "../state/model.js";
import { edgesOf } from "./edges.js";

interface Referrer {
  at: number;
  /** The only reference is that to its parent. */
  isOnlyChild: boolean;
}

/**
 * The graph that a list of resources in topological order makes. Several resources may carry one URN (replaced ones that
 * wait for their deletion); an edge means every one of them that stands earlier.
 */
export class DependencyGraph {
  readonly #resources: readonly ResourceState[];
  readonly #index = new Map<ResourceState, number>();
  readonly #byUrn = new Map<string, number[]>();
  /** All descendants of each URN. */
  readonly #descendants = new Map<string, number[]>();
  /** Who refers to each URN: worked out when something is deleted or replaced. */
  #referrers: Map<string, Referrer[]> | undefined;

  constructor(resources: readonly ResourceState[]) {
    this.#resources = resources;
    const parents = new Map<string, string>();
    resources.forEach((state, at) => {
      this.#index.set(state, at);
      append(this.#byUrn, state.urn, at);
      for (const ancestor of ancestorsOf(state, parents)) append(this.#descendants, ancestor, at);
    });
  }

  has(state: ResourceState): boolean {
    return this.#index.has(state);
  }

  /** All that depend on any of `roots` directly or through others, in order. Resources in `ignore` are passed over. */
  dependents(
    roots: readonly ResourceState[],
    ignore: (urn: string) => boolean,
    includeChildren: boolean,
  ): ResourceState[] {
    this.#referrers ??= this.#findReferrers();
    const found = new Set<number>();
    const open = roots.flatMap((root) => this.#index.get(root) ?? []);
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      const urn = this.#resources[at]?.urn ?? "";
      for (const referrer of this.#referrers.get(urn) ?? []) {
        if (referrer.at <= at || found.has(referrer.at)) continue;
        if (referrer.isOnlyChild && !includeChildren) continue;
        if (ignore(this.#resources[referrer.at]?.urn ?? "")) continue;
        found.add(referrer.at);
        open.push(referrer.at);
      }
    }
    return [...found].sort((a, b) => a - b).flatMap((at) => this.#resources[at] ?? []);
  }

  #findReferrers(): Map<string, Referrer[]> {
    const referrers = new Map<string, Referrer[]>();
    this.#resources.forEach((state, at) => {
      const edges = edgesOf(state);
      const more = new Set(edges.flatMap(({ kind, urn }) => (kind === "parent" ? [] : [urn])));
      for (const urn of new Set(edges.map((edge) => edge.urn)))
        append(referrers, urn, { at, isOnlyChild: !more.has(urn) });
    });
    return referrers;
  }

  /** What a resource depends on directly; a component stands for its descendants that come earlier, too. */
  dependencies(state: ResourceState): Set<ResourceState> {
    return this.#dependencies(state, true);
  }

  #dependencies(state: ResourceState, withDescendants: boolean): Set<ResourceState> {
    const result = new Set<ResourceState>();
    const own = this.#index.get(state);
    if (own === undefined) return result;
    const add = (at: number): void => {
      const found = this.#resources[at];
      if (at < own && found !== undefined) result.add(found);
    };
    for (const { kind, urn } of edgesOf(state)) {
      for (const at of this.#byUrn.get(urn) ?? []) {
        add(at);
        if (!withDescendants || kind === "parent" || at >= own) continue;
        if (this.#resources[at]?.custom === false)
          for (const descendant of this.#descendants.get(urn) ?? []) add(descendant);
      }
    }
    return result;
  }

  /** Everything a resource depends on, directly or through others; of a component without what is in it. */
  allDependencies(state: ResourceState): Set<ResourceState> {
    const result = new Set<ResourceState>();
    const open = [state];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const dependency of this.#dependencies(next, false)) {
        if (result.has(dependency)) continue;
        result.add(dependency);
        open.push(dependency);
      }
    }
    return result;
  }

  /**
   * Splits resources of this graph that are to be deleted into groups: a group may be deleted at once, after the one before
   * it. Who depends on another is always in an earlier group. Takes a time linear in resources and references: what
   * depends on a component is not held against each of its descendants.
   */
  deletionOrder(condemned: ReadonlySet<ResourceState>): ResourceState[][] {
    const levels = new Levels();
    const groups: ResourceState[][] = [];
    for (const state of this.#resources) {
      const level = levels.above(state);
      const isCondemned = condemned.has(state);
      if (isCondemned) (groups[level] ??= []).push(state);
      levels.add(state, isCondemned ? level : NOT_CONDEMNED);
    }
    return groups.reverse();
  }
}

/** Below every group: what is not deleted keeps nothing from being deleted. */
const NOT_CONDEMNED = -1;

/** The groups of the resources so far, in a list where whoever depends on another stands later: 0 is deleted last. */
class Levels {
  readonly #parents = new Map<string, string>();
  readonly #components = new Set<string>();
  /** The highest of those that carry a URN, and of all descendants of a URN. */
  readonly #own = new Map<string, number>();
  readonly #below = new Map<string, number>();

  /** The lowest above everything that a resource depends on. */
  above(state: ResourceState): number {
    let highest = NOT_CONDEMNED;
    for (const { kind, urn } of edgesOf(state)) {
      highest = Math.max(highest, this.#own.get(urn) ?? NOT_CONDEMNED);
      if (kind !== "parent" && this.#components.has(urn))
        highest = Math.max(highest, this.#below.get(urn) ?? NOT_CONDEMNED);
    }
    return highest + 1;
  }

  add(state: ResourceState, level: number): void {
    if (!state.custom) this.#components.add(state.urn);
    raise(this.#own, state.urn, level);
    for (const ancestor of ancestorsOf(state, this.#parents)) raise(this.#below, ancestor, level);
  }
}

/** The URNs above a resource, the nearest first. `parents`: those of all that stand before it; its own is added. */
function* ancestorsOf(state: ResourceState, parents: Map<string, string>): Generator<string> {
  if (state.parent !== undefined) parents.set(state.urn, state.parent);
  for (
    let parent = state.parent;
    parent !== undefined && parent !== "";
    parent = parents.get(parent)
  )
    yield parent;
}

function raise(map: Map<string, number>, key: string, value: number): void {
  map.set(key, Math.max(map.get(key) ?? value, value));
}

function append<Item>(map: Map<string, Item[]>, key: string, value: Item): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
