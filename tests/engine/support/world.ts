import type { Snapshot } from "../../../engine/state/model.js";
import { isProviderType, urnName } from "../../../engine/urn.js";
import type { Witness } from "../programs/controllable/service.js";

/** The objects of the controllable provider: what really exists, and what did when the state was written. */
export class World implements Witness {
  readonly objects = new Map<string, string>();
  readonly atWrites: Map<string, string>[] = [];
  onCall: () => void = () => undefined;

  called(): void {
    this.onCall();
  }

  created(id: string, name: string): void {
    this.objects.set(id, name);
  }

  deleted(id: string): void {
    this.objects.delete(id);
  }

  written(): void {
    this.atWrites.push(new Map(this.objects));
  }

  become(objects: ReadonlyMap<string, string>): void {
    this.objects.clear();
    for (const [id, name] of objects) this.objects.set(id, name);
  }

  /** Where a state is wrong about what exists, and does not say that something was under way. `spared`: names that may be left. */
  notTold(
    { resources, pendingOperations }: Snapshot,
    spared: ReadonlySet<string> = new Set(),
  ): string[] {
    const ids = new Set(resources.map(({ id }) => id));
    const pending = new Set(pendingOperations.map(({ resource }) => urnName(resource.urn)));
    const excused = (name: string): boolean => pending.has(name) || spared.has(name);
    const lost = [...this.objects].filter(([id, name]) => !ids.has(id) && !excused(name));
    const ghosts = resources.filter(
      ({ urn, id, custom, type, pendingReplacement }) =>
        custom &&
        !isProviderType(type) &&
        pendingReplacement !== true &&
        !this.objects.has(id ?? "") &&
        !excused(urnName(urn)),
    );
    return [
      ...lost.map(([id]) => `${id} exists, and the state does not say so`),
      ...ghosts.map(({ id }) => `${id ?? "?"} does not exist, but the state says so`),
    ];
  }
}
