import ipaddr from "ipaddr.js";
import { formatIPv4, parseIPv4 } from "./ipv4.js";

/** An IP address as a number; `family` tells the two number ranges apart. */
export interface Address {
  family: 4 | 6;
  value: bigint;
}

/** A block of addresses. `base` is its first address: host bits are zero. */
export interface Cidr {
  family: 4 | 6;
  base: bigint;
  prefix: number;
}

/** Bits of an address: 32 or 128. */
export function bitsOf(family: 4 | 6): number {
  return family === 4 ? 32 : 128;
}

/** Parses `10.0.0.1` or `fd00::1`; undefined when it is neither. Only the usual spelling: no octal, no `10.1`. */
export function parseAddress(text: string): Address | undefined {
  const value = parseIPv4(text);
  if (value !== undefined) return { family: 4, value: BigInt(value) };
  if (text.includes(":") && !text.includes("%") && ipaddr.IPv6.isValid(text)) {
    return { family: 6, value: fromBytes(ipaddr.IPv6.parse(text).toByteArray()) };
  }
  return undefined;
}

/** Where a port is published on no address in particular, as programs and Docker write it. */
export function isEveryAddress(address: string): boolean {
  return address === "" || address === "0.0.0.0" || address === "::";
}

/** Parses `10.0.0.0/8`; undefined when malformed or when host bits are set (`10.0.0.1/8`). */
export function parseCidr(text: string): Cidr | undefined {
  const cidr = parseCidrLoosely(text);
  const slash = text.indexOf("/");
  const address = parseAddress(text.slice(0, slash));
  return cidr && address && address.value === cidr.base ? cidr : undefined;
}

/** The same, but host bits are cut off: routes and interfaces are written either way. */
export function parseCidrLoosely(text: string): Cidr | undefined {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text);
  const address = match?.[1] === undefined ? undefined : parseAddress(match[1]);
  const prefix = Number(match?.[2]);
  if (!address || prefix > bitsOf(address.family)) return undefined;
  const size = 1n << BigInt(bitsOf(address.family) - prefix);
  return { family: address.family, base: address.value - (address.value % size), prefix };
}

/** Canonical text of an address. */
export function formatAddress({ family, value }: Address): string {
  if (family === 4) return formatIPv4(Number(value));
  const bytes: number[] = [];
  for (let shift = bitsOf(family) - 8; shift >= 0; shift -= 8) {
    bytes.push(Number((value >> BigInt(shift)) & 0xffn));
  }
  return new ipaddr.IPv6(bytes).toRFC5952String();
}

export function formatCidr(cidr: Cidr): string {
  return `${formatAddress({ family: cidr.family, value: cidr.base })}/${cidr.prefix}`;
}

/** How many addresses it has. */
export function sizeOf(cidr: Cidr): bigint {
  return 1n << BigInt(bitsOf(cidr.family) - cidr.prefix);
}

export function containsAddress(cidr: Cidr, address: Address): boolean {
  return (
    cidr.family === address.family &&
    address.value >= cidr.base &&
    address.value < cidr.base + sizeOf(cidr)
  );
}

/** Whether all of `inner` lies in `outer`. */
export function containsCidr(outer: Cidr, inner: Cidr): boolean {
  return (
    outer.prefix <= inner.prefix &&
    containsAddress(outer, { family: inner.family, value: inner.base })
  );
}

/** Blocks overlap only if one contains the other. */
export function overlaps(a: Cidr, b: Cidr): boolean {
  return a.prefix <= b.prefix ? containsCidr(a, b) : containsCidr(b, a);
}

/** How many blocks of a prefix it holds; 0 when the prefix is shorter than its own. */
export function blocksIn(cidr: Cidr, prefix: number): bigint {
  return prefix < cidr.prefix ? 0n : 1n << BigInt(prefix - cidr.prefix);
}

export function sortAddresses(addresses: readonly string[]): string[] {
  return addresses
    .map((text) => ({ text, address: parseAddress(text) }))
    .sort((a, b) => compareAddresses(a.address, b.address) || (a.text < b.text ? -1 : 1))
    .map(({ text }) => text);
}

function compareAddresses(a: Address | undefined, b: Address | undefined): number {
  if (!a || !b) return a ? -1 : b ? 1 : 0;
  if (a.family !== b.family) return a.family - b.family;
  return a.value < b.value ? -1 : a.value > b.value ? 1 : 0;
}

function fromBytes(bytes: readonly number[]): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}
