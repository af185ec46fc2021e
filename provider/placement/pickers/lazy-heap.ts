/** Writes the keys that an item has now; false: the item is out. */
export type ReadKeys = (item: number, keys: Float64Array) => boolean;

/**
 * A heap of items (small numbers, the lower first among equals) that remembers each one's keys and looks again only
 * when an item comes to the top. That is exact as long as keys never fall and what is out stays out: what it remembers is
 * at most too good, so an item that proves to be up to date is the true minimum below its slot. Where keys may fall
 * or items may come back, whoever knows which have changed must `update` them.
 */
export class LazyHeap {
  private readonly slots: Int32Array;
  /** Slot of each item, -1 when it is out. */
  private readonly places: Int32Array;
  private readonly keys: Float64Array;
  private readonly scratch: Float64Array;
  private size = 0;

  constructor(
    private readonly count: number,
    private readonly width: number,
    private readonly read: ReadKeys,
  ) {
    this.slots = new Int32Array(count);
    this.places = new Int32Array(count);
    this.keys = new Float64Array(count * width);
    this.scratch = new Float64Array(width);
    this.build();
  }

  /** Looks at every item anew. */
  build(): void {
    this.size = 0;
    this.places.fill(-1);
    for (let item = 0; item < this.count; item++) {
      if (!this.read(item, this.scratch)) continue;
      this.keys.set(this.scratch, item * this.width);
      this.put(item, this.size++);
    }
    for (let slot = (this.size >> 1) - 1; slot >= 0; slot--) this.siftDown(slot);
  }

  /** The best item, -1 when all are out. */
  first(): number {
    return this.settle(0);
  }

  /** The best item without the first one; to be asked after `first`. */
  second(): number {
    const left = this.settle(1);
    const right = this.settle(2);
    if (left < 0 || right < 0) return Math.max(left, right);
    return this.before(left, right) ? left : right;
  }

  /** An item's keys may have changed in any way, or it may have come back. */
  update(item: number): void {
    // What is out now is taken out when it comes to the top.
    if (!this.read(item, this.scratch)) return;
    const slot = this.places[item] ?? -1;
    this.keys.set(this.scratch, item * this.width);
    const at = slot >= 0 ? slot : this.size++;
    if (slot < 0) this.put(item, at);
    if (!this.siftUp(at)) this.siftDown(at);
  }

  /** Brings the best item below a slot up to that slot. */
  private settle(slot: number): number {
    while (slot < this.size) {
      const item = this.slots[slot] ?? -1;
      if (!this.read(item, this.scratch)) this.remove(slot);
      else if (this.remembers(item)) return item;
      else {
        this.keys.set(this.scratch, item * this.width);
        this.siftDown(slot);
      }
    }
    return -1;
  }

  private remembers(item: number): boolean {
    for (let k = 0; k < this.width; k++) {
      if (this.keys[item * this.width + k] !== this.scratch[k]) return false;
    }
    return true;
  }

  /** The last slot's item takes its place. */
  private remove(slot: number): void {
    const item = this.slots[slot] ?? -1;
    const last = this.slots[--this.size] ?? -1;
    this.places[item] = -1;
    if (slot === this.size) return;
    this.put(last, slot);
    if (!this.siftUp(slot)) this.siftDown(slot);
  }

  private put(item: number, slot: number): void {
    this.slots[slot] = item;
    this.places[item] = slot;
  }

  /** True when it moved. */
  private siftUp(from: number): boolean {
    const item = this.slots[from] ?? -1;
    let slot = from;
    while (slot > 0) {
      const parent = (slot - 1) >> 1;
      const above = this.slots[parent] ?? -1;
      if (!this.before(item, above)) break;
      this.put(above, slot);
      slot = parent;
    }
    this.put(item, slot);
    return slot !== from;
  }

  private siftDown(from: number): void {
    const item = this.slots[from] ?? -1;
    let slot = from;
    for (;;) {
      let child = 2 * slot + 1;
      if (child >= this.size) break;
      if (
        child + 1 < this.size &&
        this.before(this.slots[child + 1] ?? -1, this.slots[child] ?? -1)
      ) {
        child++;
      }
      const below = this.slots[child] ?? -1;
      if (!this.before(below, item)) break;
      this.put(below, slot);
      slot = child;
    }
    this.put(item, slot);
  }

  private before(a: number, b: number): boolean {
    const { keys, width } = this;
    for (let k = 0; k < width; k++) {
      const difference = (keys[a * width + k] ?? 0) - (keys[b * width + k] ?? 0);
      if (difference !== 0) return difference < 0;
    }
    return a < b;
  }
}
