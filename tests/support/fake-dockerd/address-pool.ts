import type { IpamConfig } from "../../../provider/host/docker-types.js";

/** One IPv4 pool of a fake network: each address is granted once. */
export class AddressPool {
  private readonly base: number;
  private readonly size: number;
  private readonly first: number;
  private readonly last: number;
  private readonly taken = new Set<number>();

  constructor(config: IpamConfig) {
    [this.base, this.size] = range(config.Subnet ?? "");
    const [start, count] = range(config.IPRange ?? config.Subnet ?? "");
    this.first = start;
    this.last = start + count - 1;
    this.taken.add(this.base);
    this.taken.add(this.base + this.size - 1);
    if (config.Gateway) this.taken.add(number(config.Gateway));
    for (const address of Object.values(config.AuxiliaryAddresses ?? {}))
      this.taken.add(number(address));
  }

  /** The wanted address, or the first free one; undefined when it is taken or none is left. */
  take(wanted?: string): string | undefined {
    if (wanted) {
      const value = number(wanted);
      if (value < this.base || value >= this.base + this.size || this.taken.has(value))
        return undefined;
      this.taken.add(value);
      return wanted;
    }
    for (let value = this.first; value <= this.last; value += 1) {
      if (this.taken.has(value)) continue;
      this.taken.add(value);
      return text(value);
    }
    return undefined;
  }

  release(address: string): void {
    this.taken.delete(number(address));
  }

  overlaps(other: AddressPool): boolean {
    return this.base < other.base + other.size && other.base < this.base + this.size;
  }
}

function number(address: string): number {
  return address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

function text(value: number): string {
  return [24, 16, 8, 0].map((bits) => Math.floor(value / 2 ** bits) % 256).join(".");
}

function range(cidr: string): [number, number] {
  const [address = "", prefix = "32"] = cidr.split("/");
  const size = 2 ** (32 - Number(prefix));
  return [Math.floor(number(address) / size) * size, size];
}
