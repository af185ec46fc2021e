import type { BlockSpace } from "./block-space.js";
import { type Address, bitsOf } from "./cidr.js";

/** Finds the block that holds an address; blocks do not overlap. */
export class SpaceIndex {
  private readonly byBase = new Map<number, Map<bigint, BlockSpace>>();

  constructor(spaces: readonly BlockSpace[]) {
    for (const space of spaces) {
      const { prefix, base } = space.block;
      const same = this.byBase.get(prefix);
      if (same) same.set(base, space);
      else this.byBase.set(prefix, new Map([[base, space]]));
    }
  }

  find(address: Address): BlockSpace | undefined {
    for (const [prefix, spaces] of this.byBase) {
      const bits = BigInt(bitsOf(address.family) - prefix);
      const space = spaces.get((address.value >> bits) << bits);
      if (space) return space;
    }
    return undefined;
  }
}
