import type { ResourceState } from "../state/model.js";
import { parseProviderReference, providerReference } from "../urn.js";

/**
 * After a rename by alias, others in the state may still refer to the old URN: those untouched so far, or untargeted. Every
 * reference is rewritten; aliases themselves are never written.
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
    return resources.map((state) => this.#normalised(state));
  }

  #normalised(state: ResourceState): ResourceState {
    const { parent, dependencies, propertyDependencies, deletedWith, replaceWith, provider } =
      state;
    const fix = (urn: string): string => this.#renamed.get(urn) ?? urn;
    const stale = (urn: string | undefined): boolean => urn !== undefined && this.#renamed.has(urn);
    const reference =
      provider === undefined || provider === "" ? undefined : parseProviderReference(provider);
    if (
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
    const copy: ResourceState = { ...state };
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
