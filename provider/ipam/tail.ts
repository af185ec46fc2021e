import { type Cidr, formatAddress, formatCidr, sizeOf } from "./cidr.js";

/**
 * The end of a network that a driver keeps to itself: a quarter, at most 256 addresses. Swarm gives each node of a
 * network an address of its own choice, and its gateway is one for all hosts.
 */
export function tailOf(cidr: Cidr): Cidr {
  const prefix = Math.max(24, cidr.prefix + 2);
  const end = cidr.base + sizeOf(cidr);
  const size = sizeOf({ family: cidr.family, base: 0n, prefix });
  return { family: cidr.family, base: end - size, prefix };
}

/** Its addresses, one by one. */
export function tailAddresses(cidr: Cidr): string[] {
  const { family, base, prefix } = tailOf(cidr);
  const size = Number(sizeOf({ family, base, prefix }));
  return Array.from({ length: size }, (_, index) =>
    formatAddress({ family, value: base + BigInt(index) }),
  );
}

/** The tail as text, and the address that is the gateway of all hosts: the last but one. */
export function tailWords(cidr: Cidr): { range: string; gateway: string } {
  const tail = tailOf(cidr);
  const gateway = formatAddress({ family: tail.family, value: tail.base + sizeOf(tail) - 2n });
  return { range: formatCidr(tail), gateway };
}
