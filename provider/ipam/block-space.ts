import { type Address, type Cidr, containsAddress, formatAddress, sizeOf } from "./cidr.js";

/** Largest part of a block that is handed out: an IPv6 block has more addresses than anybody counts. */
const MOST = 2 ** 32;

/** Place of the gateway in a block where nothing else is said: next to the block's own address. */
export const DEFAULT_GATEWAY = 1;

/**
 * The addresses of one host's block. The first is the block's own, the last the broadcast address, and one the gateway;
 * the others are handed out from the lowest up.
 */
export class BlockSpace {
  private readonly taken = new Set<number>();
  /** Everything below is taken. */
  private floor = 1;
  private readonly end: number;

  /** `place` of the gateway, counted from the block's own address. */
  constructor(
    readonly block: Cidr,
    private readonly place = DEFAULT_GATEWAY,
  ) {
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
    return this.format(this.place);
  }

  /** True for the block's own, gateway and broadcast address. */
  isSpecial(address: Address): boolean {
    if (!containsAddress(this.block, address)) return false;
    const index = Number(address.value - this.block.base);
    return !this.isOrdinary(index);
  }

  /** Marks an address as taken; says whether it lies in the block. */
  take(address: Address): boolean {
    if (!containsAddress(this.block, address)) return false;
    const index = Number(address.value - this.block.base);
    if (this.isOrdinary(index)) this.taken.add(index);
    return true;
  }

  /** The lowest free address, which is taken thereby; undefined when the block is full. */
  takeLowest(): string | undefined {
    while (this.taken.has(this.floor) || this.floor === this.place) this.floor++;
    if (this.floor >= this.end) return undefined;
    this.taken.add(this.floor);
    return this.format(this.floor);
  }

  private isOrdinary(index: number): boolean {
    return index > 0 && index < this.end && index !== this.place;
  }

  private format(index: number): string {
    return formatAddress({ family: this.block.family, value: this.block.base + BigInt(index) });
  }
}
