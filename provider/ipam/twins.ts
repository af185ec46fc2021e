import {
  type Address,
  bitsOf,
  type Cidr,
  containsAddress,
  formatAddress,
  formatCidr,
  parseAddress,
  parseCidr,
  sizeOf,
} from "./cidr.js";

/**
 * The two address families of a network. The n-th address of the IPv6 range is the n-th of the IPv4 range, so one plan
 * holds for both: hosts' blocks, gateways, fixed and reserved addresses of one family are those of the other, and an IPv6
 * range of any size is handed out without counting it.
 */
export class Twins {
  /** The part of the IPv6 range that has a twin: its beginning, as large as the IPv4 range. */
  readonly used: Cidr;

  constructor(
    private readonly cidr: Cidr,
    cidr6: Cidr,
  ) {
    const host = bitsOf(cidr.family) - cidr.prefix;
    this.used = { family: cidr6.family, base: cidr6.base, prefix: bitsOf(cidr6.family) - host };
  }

  /** Those of a network as plans and states have it; undefined when it has no IPv6. */
  static of(network: { cidr: string; cidr6?: string | undefined }): Twins | undefined {
    const cidr = parseCidr(network.cidr);
    const cidr6 = network.cidr6 === undefined ? undefined : parseCidr(network.cidr6);
    return cidr && cidr6 && fits(cidr, cidr6) ? new Twins(cidr, cidr6) : undefined;
  }

  /** The IPv6 address of an IPv4 address, or the block of a block; undefined for what is not in the network. */
  ipv6(text: string): string | undefined {
    return twinOf(text, this.cidr, this.used);
  }

  /** The other way round. */
  ipv4(text: string): string | undefined {
    return twinOf(text, this.used, this.cidr);
  }
}

/** Whether each address of the IPv4 range has its twin. */
export function fits(cidr: Cidr, cidr6: Cidr): boolean {
  return cidr.family === 4 && cidr6.family === 6 && sizeOf(cidr6) >= sizeOf(cidr);
}

function twinOf(text: string, from: Cidr, to: Cidr): string | undefined {
  const slash = text.indexOf("/");
  const block = slash < 0 ? undefined : parseCidr(text);
  const address: Address | undefined =
    slash < 0 ? parseAddress(text) : block && { family: block.family, value: block.base };
  if (!address || !containsAddress(from, address)) return undefined;
  const value = to.base + (address.value - from.base);
  if (!block) return formatAddress({ family: to.family, value });
  const prefix = to.prefix + (block.prefix - from.prefix);
  return prefix < to.prefix ? undefined : formatCidr({ family: to.family, base: value, prefix });
}
