import type { ResourceState } from "../state/model.js";
import { makeUrn, parseProviderReference, parseUrn, providerReference } from "../urn.js";

/**
 * After a rename by alias, others in the state may still have the old URN: old copies of the same resource, and those untouched
 * so far, or untargeted, that refer to it. Every URN is rewritten, so that the next operation finds all of them without the alias;
 * aliases themselves are never written.
 */
export class UrnNormaliser {
  /** old URN -> new URN */
  readonly #renamed = new Map<string, string>();
  #cache = new WeakMap<ResourceState, ResourceState>();

  rename(from: string, to: string): void {
    this.#renamed.set(from, to);
    this.#cache = new WeakMap();
  }

  get empty(): boolean {
    return this.#renamed.size === 0;
  }

  /** The same list, with changed resources copied. The resources given are never changed afterwards. */
  apply(resources: ResourceState[]): ResourceState[] {
    if (this.empty) return resources;
    const names = this.#namesIn(resources);
    return resources.map((state) => this.#normalised(state, names));
  }

  /** Also of the children that have moved with their parent, and have not been registered yet. Parents stand before them. */
  #namesIn(resources: readonly ResourceState[]): ReadonlyMap<string, string> {
    const names = new Map(this.#renamed);
    for (const { urn, parent } of resources) {
      const newParent = names.get(parent ?? "");
      if (newParent === undefined || names.has(urn)) continue;
      const { stack, project, type, name } = parseUrn(urn);
      names.set(urn, makeUrn(stack, project, newParent, type, name));
    }
    return names;
  }

  #normalised(state: ResourceState, names: ReadonlyMap<string, string>): ResourceState {
    const { urn, parent, dependencies, propertyDependencies, deletedWith, replaceWith, provider } =
      state;
    const fix = (old: string): string => names.get(old) ?? old;
    const stale = (old: string | undefined): boolean => old !== undefined && names.has(old);
    const reference =
      provider === undefined || provider === "" ? undefined : parseProviderReference(provider);
    if (
      !stale(urn) &&
      !stale(parent) &&
      !stale(deletedWith) &&
      !stale(reference?.urn) &&
      !dependencies?.some(stale) &&
      !replaceWith?.some(stale) &&
      !Object.values(propertyDependencies ?? {}).some((urns) => urns.some(stale))
    )
      return state;
    const known = this.#cache.get(state);
    if (known !== undefined) return known;
    const copy: ResourceState = { ...state, urn: fix(urn) };
    this.#cache.set(state, copy);
    if (parent !== undefined) copy.parent = fix(parent);
    if (deletedWith !== undefined) copy.deletedWith = fix(deletedWith);
    if (reference !== undefined)
      copy.provider = providerReference(fix(reference.urn), reference.id);
    if (dependencies !== undefined) copy.dependencies = dependencies.map(fix);
    if (replaceWith !== undefined) copy.replaceWith = replaceWith.map(fix);
    if (propertyDependencies !== undefined)
      copy.propertyDependencies = Object.fromEntries(
        Object.entries(propertyDependencies).map(([key, urns]) => [key, urns.map(fix)]),
      );
    return copy;
  }
}
