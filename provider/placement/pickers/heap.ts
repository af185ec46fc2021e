import type { Ask } from "../constraints/constraint.js";
import type { HostState } from "../host-state.js";
import type { Ordering } from "../strategies/index.js";
import type { Accepts, Pick, Picker } from "./picker.js";

/**
 * A heap of hosts for requests that are equal in all that placement looks at. It is lazy: placing elsewhere does not
 * touch it. That is exact because keys never fall and a host without room never gets room again: what a slot
 * remembers is at most too good, so a slot whose host proves to be up to date is the true minimum below it.
 */
export class HeapPicker implements Picker {
  private readonly slots: HostState[];
  /** Remembered keys by slot, one array for each strategy. */
  private readonly keys: Float64Array[];

  constructor(
    hosts: readonly HostState[],
    private readonly ordering: Ordering,
    private readonly accepts: Accepts,
    ask: Ask,
  ) {
    this.slots = [...hosts];
    this.keys = ordering.strategies.map((strategy) =>
      Float64Array.from(this.slots, (host) => strategy.key(ask, host)),
    );
    for (let slot = (this.slots.length >> 1) - 1; slot >= 0; slot--) this.siftDown(slot);
  }

  pick(ask: Ask): Pick | undefined {
    const winner = this.settle(ask, 0);
    if (!winner) return undefined;
    const left = this.settle(ask, 1);
    const right = this.settle(ask, 2);
    const next = left && right ? (this.before(1, 2) ? left : right) : (left ?? right);
    return { winner, next };
  }

  /** Brings the best host below a slot up to that slot. */
  private settle(ask: Ask, slot: number): HostState | undefined {
    for (;;) {
      const host = this.slots[slot];
      if (!host) return undefined;
      if (!this.accepts(ask, host)) {
        this.remove(slot);
        continue;
      }
      if (!this.refresh(ask, slot, host)) return host;
      this.siftDown(slot);
    }
  }

  /** True when the remembered key was out of date. */
  private refresh(ask: Ask, slot: number, host: HostState): boolean {
    let changed = false;
    for (let i = 0; i < this.keys.length; i++) {
      const keys = this.keys[i];
      const key = this.ordering.strategies[i]?.key(ask, host) ?? 0;
      if (keys && keys[slot] !== key) {
        keys[slot] = key;
        changed = true;
      }
    }
    return changed;
  }

  /** The last slot's host takes its place; it cannot be better than what is above, which is the root at most. */
  private remove(slot: number): void {
    const last = this.slots.length - 1;
    this.swap(slot, last);
    this.slots.pop();
    this.siftDown(slot);
  }

  private siftDown(from: number): void {
    let slot = from;
    for (;;) {
      let best = slot;
      const left = 2 * slot + 1;
      if (left < this.slots.length && this.before(left, best)) best = left;
      if (left + 1 < this.slots.length && this.before(left + 1, best)) best = left + 1;
      if (best === slot) return;
      this.swap(slot, best);
      slot = best;
    }
  }

  private before(a: number, b: number): boolean {
    for (const keys of this.keys) {
      const difference = (keys[a] ?? 0) - (keys[b] ?? 0);
      if (difference !== 0) return difference < 0;
    }
    return (this.slots[a]?.rank ?? 0) < (this.slots[b]?.rank ?? 0);
  }

  private swap(a: number, b: number): void {
    const hostA = this.slots[a];
    const hostB = this.slots[b];
    if (!hostA || !hostB) return;
    this.slots[a] = hostB;
    this.slots[b] = hostA;
    for (const keys of this.keys) {
      const keyA = keys[a] ?? 0;
      keys[a] = keys[b] ?? 0;
      keys[b] = keyA;
    }
  }
}
