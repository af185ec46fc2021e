import { hash32 } from "../placement/hash.js";
import type { NetworkRequest } from "../placement/model.js";
import { carve } from "./carve.js";
import type { ChosenCidr } from "./choose-cidr.js";
import { bitsOf, type Cidr, formatCidr, overlaps, parseCidr, sizeOf } from "./cidr.js";
import type { HostRanges, Occupied } from "./occupied.js";
import { fits } from "./twins.js";

/** Networks of one cloud: 65,536. */
const POOL_PREFIX = 48;

/** What IPv6 networks have by convention, although no more of it is used than the IPv4 range has addresses. */
const NETWORK_PREFIX = 64;

/**
 * The unique local /48 (RFC 4193) that the IPv6 ranges of a cloud are carved from. Its 40 "random" bits follow from
 * the names of project, stack and cloud, so that a preview knows them, and two clouds do not meet on hosts they share.
 */
export function localPool(seed: string): Cidr {
  const high = BigInt(hash32(seed, 1) & 0xff);
  const global = (high << 32n) | BigInt(hash32(seed, 2));
  return { family: 6, base: ((0xfdn << 40n) | global) << 80n, prefix: POOL_PREFIX };
}

/** An IPv6 range to be checked or found, and what it must not overlap. */
export interface Wanted6 {
  network: NetworkRequest;
  /** The network's IPv4 range; undefined while it is not known: a /64 has room for any. */
  cidr: Cidr | undefined;
  /** Fixed by the user or chosen before; absent: carved from the pool. */
  text: string | undefined;
  seed: string;
  ranges: HostRanges;
  /** Other networks of the plan. */
  others: readonly Occupied[];
  /** Ranges that hosts use because of this very network. */
  own: readonly Cidr[];
}

/**
 * The IPv6 range of a network. Which one is carved follows from the program alone: what hosts have is in its way or is not,
 * but never makes it another one, so a preview can say it before all hosts exist.
 */
export function chooseCidr6(wanted: Wanted6): ChosenCidr {
  const { network, cidr, text, seed, ranges, others, own } = wanted;
  const name = `network ${network.name}`;
  const pool = localPool(seed);
  const taken = others.map((other) => other.cidr);
  const range = text === undefined ? carve(pool, NETWORK_PREFIX, taken) : parseCidr(text);
  if (!range)
    return {
      refusal:
        text === undefined
          ? `${name}: ${formatCidr(pool)} has no free /${NETWORK_PREFIX}: all of its ${2 ** (NETWORK_PREFIX - POOL_PREFIX)} are networks of this program`
          : `${name}: ${text} is not an IPv6 CIDR such as fd12:3456:789a::/64`,
    };
  if (range.family !== 6)
    return { refusal: `${name}: ${text} is no IPv6 CIDR: give it as cidr, and cidr6 beside it` };
  const words = formatCidr(range);
  if (cidr && !fits(cidr, range)) {
    const least = bitsOf(6) - (bitsOf(4) - cidr.prefix);
    return {
      refusal: `${name}: ${words} has ${sizeOf(range)} addresses, and ${formatCidr(cidr)} has ${sizeOf(cidr)}: each needs one, so take a /${least} or larger`,
    };
  }
  const clash =
    others.find((other) => overlaps(other.cidr, range))?.what ?? ranges.conflict(range, own);
  return clash === undefined ? { cidr: range } : { refusal: `${name}: ${words} overlaps ${clash}` };
}
