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
      if (state.parent !== undefined) parents.set(state.urn, state.parent);
      for (
        let parent = state.parent;
        parent !== undefined && parent !== "";
        parent = parents.get(parent)
      )
        append(this.#descendants, parent, at);
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
        if (kind !== "parent" && at < own && this.#resources[at]?.custom === false)
          for (const descendant of this.#descendants.get(urn) ?? []) add(descendant);
      }
    }
    return result;
  }

  /** Everything a resource depends on, directly or through others. */
  allDependencies(state: ResourceState): Set<ResourceState> {
    const result = new Set<ResourceState>();
    const open = [state];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const dependency of this.dependencies(next)) {
        if (result.has(dependency)) continue;
        result.add(dependency);
        open.push(dependency);
      }
    }
    return result;
  }

  /**
   * Splits resources that are to be deleted into groups: a group may be deleted at once, after the one before it. Who
   * depends on another is always in an earlier group.
   */
  deletionOrder(condemned: ReadonlySet<ResourceState>): ResourceState[][] {
    const level = new Map<ResourceState, number>();
    const groups: ResourceState[][] = [];
    const ordered = [...condemned].sort(
      (a, b) => (this.#index.get(a) ?? 0) - (this.#index.get(b) ?? 0),
    );
    for (const state of ordered) {
      let own = 0;
      for (const dependency of this.dependencies(state))
        own = Math.max(own, (level.get(dependency) ?? -1) + 1);
      level.set(state, own);
      (groups[own] ??= []).push(state);
    }
    return groups.reverse();
  }
}

function append<Item>(map: Map<string, Item[]>, key: string, value: Item): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
