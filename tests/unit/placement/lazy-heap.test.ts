import { describe, expect, it } from "vitest";
import { LazyHeap } from "../../../provider/placement/pickers/lazy-heap.js";

/** A small generator, so that every run is the same. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Items as they are now; undefined: out. */
type Items = ([number, number] | undefined)[];

/** What a look at every item says. */
function sorted(items: Items): number[] {
  return items
    .flatMap((keys, item) => (keys ? [{ keys, item }] : []))
    .sort((a, b) => a.keys[0] - b.keys[0] || a.keys[1] - b.keys[1] || a.item - b.item)
    .map(({ item }) => item);
}

function makeHeap(items: Items): LazyHeap {
  return new LazyHeap(items.length, 2, (item, keys) => {
    const now = items[item];
    if (now) keys.set(now);
    return now !== undefined;
  });
}

const bestTwo = (heap: LazyHeap) => [heap.first(), heap.second()];
const expected = (items: Items) => [sorted(items)[0] ?? -1, sorted(items)[1] ?? -1];

describe("a lazy heap", () => {
  it.each([0, 1, 2, 3, 7, 40])("of %d items gives the best two, whatever changes", (size) => {
    const next = numbers(size + 1);
    const keys = (): [number, number] => [next(4), next(4)];
    for (let round = 0; round < 20; round++) {
      const items: Items = Array.from({ length: size }, () => (next(5) === 0 ? undefined : keys()));
      const heap = makeHeap(items);
      expect(bestTwo(heap)).toEqual(expected(items));
      for (let step = 0; step < 60 && size > 0; step++) {
        const item = next(size);
        items[item] = next(4) === 0 ? undefined : keys();
        heap.update(item);
        if (next(3) === 0) expect(bestTwo(heap)).toEqual(expected(items));
      }
      for (let item = 0; item < size; item++) items[item] = next(3) === 0 ? undefined : keys();
      heap.build();
      expect(bestTwo(heap)).toEqual(expected(items));
    }
  });

  it("needs no word of items that become worse or go out", () => {
    const next = numbers(5);
    const items: Items = Array.from({ length: 30 }, () => [next(3), next(3)]);
    const heap = makeHeap(items);
    for (let step = 0; step < 400; step++) {
      const item = next(items.length);
      const now = items[item];
      if (now) items[item] = next(10) === 0 ? undefined : [now[0] + next(2), now[1] + next(3)];
      expect(now && items[item] ? items[item][0] >= now[0] : true).toBe(true);
      expect(bestTwo(heap)).toEqual(expected(items));
    }
  });

  it("takes an item back that was out from the beginning", () => {
    const items: Items = [undefined, undefined, [1, 0]];
    const heap = makeHeap(items);
    items[1] = [0, 0];
    heap.update(1);
    expect(bestTwo(heap)).toEqual([1, 2]);
    items[1] = undefined;
    items[2] = undefined;
    expect(bestTwo(heap)).toEqual([-1, -1]);
    items[2] = [3, 0];
    heap.update(2);
    expect(bestTwo(heap)).toEqual([2, -1]);
  });
});
