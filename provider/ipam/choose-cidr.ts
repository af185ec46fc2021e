import type { NetworkRequest, PlanInput } from "../placement/model.js";
import { blocksIn, type Cidr, containsCidr, formatCidr, overlaps, parseCidr } from "./cidr.js";
import { carve } from "./carve.js";
import type { HostRanges, Occupied } from "./occupied.js";

/** A network's range, or why it has none. */
export type ChosenCidr = { cidr: Cidr } | { refusal: string };

/**
 * Checks a range that is fixed by the user or was chosen before, against the other networks of the plan and
 * against what hosts use. `own` are ranges that hosts use because of this very network.
 */
export function checkCidr(
  network: NetworkRequest,
  text: string,
  ranges: HostRanges,
  others: readonly Occupied[],
  own: readonly Cidr[],
): ChosenCidr {
  const cidr = parseCidr(text);
  if (!cidr)
    return { refusal: `network ${network.name}: ${text} is not a CIDR such as 10.20.0.0/16` };
  if (cidr.family !== 4) {
    return { refusal: `network ${network.name}: ${text} is IPv6: give it as cidr6, beside IPv4` };
  }
  const range = network.range === undefined ? cidr : parseCidr(network.range);
  if (!range || !containsCidr(cidr, range))
    return { refusal: `network ${network.name}: range ${network.range} is not a part of ${text}` };
  if (blocksIn(range, network.blockPrefix) === 0n) {
    return {
      refusal: `network ${network.name}: ${network.range ?? text} is smaller than one host's block (/${network.blockPrefix})`,
    };
  }
  const clash =
    others.find((other) => overlaps(other.cidr, cidr))?.what ?? ranges.conflict(cidr, own);
  return clash === undefined
    ? { cidr }
    : { refusal: `network ${network.name}: ${text} overlaps ${clash}` };
}

/** The first free range of the pool. */
export function carveCidr(
  network: NetworkRequest,
  pool: PlanInput["pool"],
  ranges: HostRanges,
  others: readonly Occupied[],
): ChosenCidr {
  const whole = parseCidr(pool.cidr);
  const name = `network ${network.name}`;
  if (!whole)
    return { refusal: `${name}: the pool ${pool.cidr} is not a CIDR such as 10.128.0.0/9` };
  const all = blocksIn(whole, pool.networkPrefix);
  if (all === 0n || network.blockPrefix < pool.networkPrefix) {
    return {
      refusal: `${name}: the pool ${pool.cidr} is cut into /${pool.networkPrefix}, which cannot hold a host's block of /${network.blockPrefix}`,
    };
  }
  const taken = [...others.map(({ cidr }) => cidr), ...ranges.cidrs()];
  const cidr = carve(whole, pool.networkPrefix, taken);
  if (cidr) return { cidr };
  return {
    refusal: `${name}: the pool ${formatCidr(whole)} has no free /${pool.networkPrefix}: ${all} of ${all} overlap other networks or routes of hosts`,
  };
}
