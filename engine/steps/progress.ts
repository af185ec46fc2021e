import type { DeploymentOptions } from "../deployment/deployment.js";
import type { UrnSet } from "../deployment/urn-set.js";
import { edgesOf } from "../graph/edges.js";
import type { ResourceState } from "../state/model.js";

/** What the generator has decided so far in this operation. */
export class Progress {
  /** Claimed by a registration. */
  readonly urns = new Set<string>();
  readonly creates = new Set<string>();
  readonly sames = new Set<string>();
  readonly updates = new Set<string>();
  readonly replaces = new Set<string>();
  readonly reads = new Set<string>();
  readonly deletes = new Set<string>();
  readonly imports = new Set<string>();
  /** Read because the program has registered them. */
  readonly refreshes = new Set<string>();
  /** What stands now for a resource of the base: what was read of it (null: it is gone), or what the program says of it. */
  readonly successors = new Map<ResourceState, ResourceState | null>();
  /** The other way round: from what stands for it now to the resource of the base. */
  readonly #origins = new Map<ResourceState, ResourceState>();
  /** In a destroy: what the program has registered, all of which is deleted in the end. */
  readonly condemned: ResourceState[] = [];
  /** Old resources that something outside the targets needs, by URN: brought along before the program named them. */
  readonly carried = new Map<string, ResourceState>();
  /** Outside the targets and not in the state. */
  readonly skippedCreates = new Set<string>();
  /** Deleted already in a cascade of delete-before-replace. */
  readonly pendingDeletes = new Set<ResourceState>();
  /** The keys for which a dependent is replaced in such a cascade. */
  readonly dependentKeys = new Map<string, string[]>();
  /** old URN -> new URN */
  readonly aliased = new Map<string, string>();
  /** new URN -> old URN */
  readonly aliases = new Map<string, string>();
  /** Provider resources registered by the program. */
  readonly providers = new Map<string, ResourceState>();
  /** What is in the operation, for whatever depends on it with targetDependents. */
  readonly #targets = new Set<string>();
  /** What is left alone, for whatever depends on it with excludeDependents. */
  readonly #excludes = new Set<string>();

  /** Whether the operation is about the resource: for itself, or because of what it depends on by one of these `edges`. */
  isTargeted(options: DeploymentOptions, state: ResourceState, edges = edgesOf(state)): boolean {
    const { targets, targetDependents, excludes, excludeDependents } = options;
    const follows = (named: UrnSet, leaders: ReadonlySet<string>): boolean =>
      edges.some(({ urn }) => named.has(urn) || leaders.has(urn));
    if (targets !== undefined)
      return targets.has(state.urn) || (targetDependents && follows(targets, this.#targets));
    if (excludes === undefined) return true;
    return !(excludes.has(state.urn) || (excludeDependents && follows(excludes, this.#excludes)));
  }

  /** From here on what depends on the resource follows it: into the operation, or out of it. */
  lead({ urn }: ResourceState, isTargeted: boolean): void {
    (isTargeted ? this.#targets : this.#excludes).add(urn);
  }

  /** From here on `now` stands for a resource of the base; null: it is gone. */
  succeed(old: ResourceState, now: ResourceState | null): void {
    this.successors.set(old, now);
    if (now !== null) this.#origins.set(now, old);
  }

  /** The resource of the base for which this one stands: itself, as long as nothing else does. */
  originOf(state: ResourceState): ResourceState {
    return this.#origins.get(state) ?? state;
  }

  /** True if the resource (under its new name) stays. Deletes do not count: one URN may be deleted several times. */
  isOperatedOn(urn: string): boolean {
    const own = this.aliased.get(urn) ?? urn;
    return [this.sames, this.updates, this.replaces, this.reads, this.refreshes].some((done) =>
      done.has(own),
    );
  }

  hasStep(urn: string): boolean {
    return this.urns.has(urn) || this.aliased.has(urn);
  }

  /** What was registered before cannot depend on what is registered now. */
  impossibleDependent(urn: string): boolean {
    return (
      this.reads.has(urn) ||
      this.creates.has(urn) ||
      this.sames.has(urn) ||
      this.updates.has(urn) ||
      this.refreshes.has(urn) ||
      this.deletes.has(urn) ||
      this.replaces.has(urn)
    );
  }
}
