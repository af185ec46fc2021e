import { type Address, type Cidr, containsAddress, formatAddress, sizeOf } from "./cidr.js";

/** Largest part of a block that is handed out: an IPv6 block has more addresses than anybody counts. */
const MOST = 2 ** 32;

/**
 * The addresses of one host's block. The first is the block's own, the second the gateway, the last the
 * broadcast address; the others are handed out from the lowest up.
 */
export class BlockSpace {
  private readonly taken = new Set<number>();
  /** Everything below is taken. */
  private floor = 2;
  private readonly end: number;

  constructor(readonly block: Cidr) {
    const size = sizeOf(block);
    this.end = Number(size > BigInt(MOST) ? BigInt(MOST) : size) - 1;
  }

  /** Addresses that containers can have. */
  get usable(): number {
    return Math.max(0, this.end - 2);
  }

  /** How many of them are taken. */
  get used(): number {
    return this.taken.size;
  }

  gateway(): string {
    return this.format(1);
  }

  /** True for the block's own, gateway and broadcast address. */
  isSpecial(address: Address): boolean {
    if (!containsAddress(this.block, address)) return false;
    const index = Number(address.value - this.block.base);
    return index < 2 || index >= this.end;
  }

  /** Marks an address as taken; says whether it lies in the block. */
  take(address: Address): boolean {
    if (!containsAddress(this.block, address)) return false;
    const index = Number(address.value - this.block.base);
    if (index >= 2 && index < this.end) this.taken.add(index);
    return true;
  }

  /** The lowest free address, which is taken thereby; undefined when the block is full. */
  takeLowest(): string | undefined {
    while (this.taken.has(this.floor)) this.floor++;
    if (this.floor >= this.end) return undefined;
    this.taken.add(this.floor);
    return this.format(this.floor);
  }

  private format(index: number): string {
    return formatAddress({ family: this.block.family, value: this.block.base + BigInt(index) });
  }
}
