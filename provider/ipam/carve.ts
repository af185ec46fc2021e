import { blocksIn, type Cidr, overlaps, sizeOf } from "./cidr.js";

/** The first block of a prefix inside `from` that overlaps none of `taken`; undefined when there is none. */
export function carve(from: Cidr, prefix: number, taken: readonly Cidr[]): Cidr | undefined {
  const end = from.base + sizeOf(from);
  if (blocksIn(from, prefix) === 0n) return undefined;
  const inTheWay = taken
    .filter((cidr) => overlaps(cidr, from))
    .sort((a, b) => (a.base < b.base ? -1 : a.base > b.base ? 1 : a.prefix - b.prefix));
  let block: Cidr = { family: from.family, base: from.base, prefix };
  const size = sizeOf(block);
  // In order of base, so that what was jumped over once never is in the way again.
  for (const cidr of inTheWay) {
    if (!overlaps(cidr, block)) {
      if (cidr.base > block.base) break;
      continue;
    }
    const after = cidr.base + sizeOf(cidr);
    const base = after <= block.base + size ? block.base + size : roundUp(after, size);
    block = { ...block, base };
  }
  return block.base + size <= end ? block : undefined;
}

function roundUp(value: bigint, size: bigint): bigint {
  return ((value + size - 1n) / size) * size;
}
