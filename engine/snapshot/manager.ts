import type { StackStore } from "../backend/backend.js";
import type {
  PendingOperation,
  PendingOperationType,
  ResourceState,
  Snapshot,
} from "../state/model.js";
import { withSoundReferences } from "../graph/references.js";
import { newManifest } from "../state/manifest.js";
import { GroupCommit } from "./group-commit.js";
import { UrnNormaliser } from "./normalise.js";

/**
 * What the state file must hold at any moment: the resources this operation has made or confirmed, in the order in which
 * they were completed, then those of the base it has not touched yet; and what is being done right now.
 */
export class SnapshotManager {
  readonly #store: StackStore;
  readonly #commits: GroupCommit;
  readonly #done = new Set<ResourceState>();
  readonly #operations = new Map<ResourceState, PendingOperationType>();
  readonly #names = new UrnNormaliser();
  #base: Snapshot;
  #news: ResourceState[] = [];
  /** Where in `#news` those stand that were only brought along. */
  readonly #carried = new Map<ResourceState, number>();
  #dirty = false;
  /** Something is gone, was never made, or stands elsewhere than before: references have to be looked at. */
  #wasReread = false;
  #closed = false;
  /** Creations nobody has seen the end of: only the user can say that nothing is left of them (`clearPendingCreates`). */
  #keepPending: readonly PendingOperation[];

  /** Steps build their resources up in place; a store may count on what it is given never to change. */
  readonly #published = new WeakMap<ResourceState, ResourceState>();

  /** `dropCreations`: creations that an earlier operation left pending are forgotten. */
  constructor(
    store: StackStore,
    base: Snapshot,
    { dropCreations = false }: { dropCreations?: boolean | undefined } = {},
  ) {
    this.#store = store;
    this.#base = base;
    this.#keepPending = dropCreations
      ? []
      : base.pendingOperations.filter(({ type }) => type === "creating");
    this.#commits = new GroupCommit(() => this.#write());
    if (this.#keepPending.length !== base.pendingOperations.length) this.#dirty = true;
  }

  /** Before an effect: resolves when the pending operation is on disk. */
  async begin(state: ResourceState, type: PendingOperationType): Promise<void> {
    this.#operations.set(state, type);
    await this.commit();
  }

  /** After an effect. `change` says what it did; resolves when that is on disk. */
  async end(state: ResourceState, change: () => void): Promise<void> {
    this.#operations.delete(state);
    change();
    await this.commit();
  }

  /** Nobody knows how far the effect came: a creation stays pending. */
  async cutOff(state: ResourceState, type: PendingOperationType): Promise<void> {
    this.#operations.delete(state);
    if (type === "creating")
      this.#keepPending = [
        ...this.#keepPending.filter(({ resource }) => resource.urn !== state.urn),
        { resource: this.#publish(state), type },
      ];
    await this.commit();
  }

  /** Remembered in memory and written by whichever write comes next. */
  record(old: ResourceState, now: ResourceState, mustWrite: boolean): void {
    this.succeed(old, now);
    if (mustWrite) this.#dirty = true;
  }

  /** `now` stands for `old` from here on; in its place, if this operation has brought that along already. */
  succeed(old: ResourceState, now: ResourceState): void {
    const at = this.#carried.get(old);
    if (at === undefined) {
      this.markDone(old);
      this.markNew(now);
    } else {
      this.#news[at] = now;
      this.#carried.delete(old);
    }
  }

  /** Brings an old resource along, because something that stays needs it. It may still be registered. */
  carry(old: ResourceState, copy: ResourceState): void {
    this.markDone(old);
    this.#carried.set(copy, this.#news.length);
    this.markNew(copy);
  }

  markDone(state: ResourceState): void {
    this.#done.add(state);
  }

  markNew(state: ResourceState): void {
    this.#news.push(state);
  }

  renamed(from: string, to: string): void {
    this.#names.rename(from, to);
  }

  touch(): void {
    this.#dirty = true;
  }

  commit(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#dirty = true;
    return this.#commits.commit();
  }

  /** Writes what has not been written yet, if anything. */
  async flush(): Promise<void> {
    if (this.#dirty && !this.#closed) await this.#commits.commit();
  }

  /** From here on nothing is written: the state keeps its pending operations. */
  abandon(): void {
    this.#closed = true;
  }

  /** What was found in the place of an old resource; null: nothing. From then on nothing refers to what is not there. */
  reread(old: ResourceState, now: ResourceState | null): void {
    this.#dirty = true;
    this.#wasReread = true;
    if (now === null) return this.markDone(old);
    this.succeed(old, now);
    if (now.urn !== old.urn) this.renamed(old.urn, now.urn);
  }

  /** Changes what the operation has not come to. Returns the base as it is then. */
  amend(change: (state: ResourceState) => ResourceState): readonly ResourceState[] {
    const resources = this.#base.resources.map((state) =>
      this.#done.has(state) ? state : change(state),
    );
    this.#base = { ...this.#base, resources };
    this.#dirty = true;
    return resources;
  }

  /** A refresh has replaced the base as a whole. */
  async rebase(base: Snapshot): Promise<void> {
    this.#base = base;
    this.#news = [];
    this.#done.clear();
    await this.commit();
  }

  snapshot(): Snapshot {
    const resources = this.#news.filter((state) => !this.#done.has(state));
    for (const state of this.#base.resources) if (!this.#done.has(state)) resources.push(state);
    const pendingOperations: PendingOperation[] = [];
    for (const [state, type] of this.#operations)
      pendingOperations.push({ resource: this.#publish(state), type });
    pendingOperations.push(...this.#keepPending);
    const named = this.#names.apply(resources.map((state) => this.#publish(state)));
    return {
      manifest: newManifest(),
      resources: this.#wasReread ? withSoundReferences(named) : named,
      pendingOperations,
      metadata: this.#base.metadata,
    };
  }

  /** The resource as it is now, as an object of its own; the same one as long as nothing has changed. */
  #publish(state: ResourceState): ResourceState {
    const known = this.#published.get(state);
    if (known !== undefined && sameFields(known, state)) return known;
    const copy = { ...state };
    this.#published.set(state, copy);
    return copy;
  }

  async #write(): Promise<void> {
    if (this.#closed) return;
    this.#dirty = false;
    await this.#store.save(this.snapshot());
  }
}

function sameFields(a: ResourceState, b: ResourceState): boolean {
  for (const key in b)
    if (a[key as keyof ResourceState] !== b[key as keyof ResourceState]) return false;
  for (const key in a) if (!(key in b)) return false;
  return true;
}
