import type { NetworkRequest } from "../placement/model.js";
import { listing } from "../placement/words.js";
import { DEFAULT_GATEWAY } from "./block-space.js";
import { type Cidr, containsAddress, formatCidr, parseAddress, parseCidr, sizeOf } from "./cidr.js";
import { type DriverName, factsOf } from "./driver-facts.js";

/** The place that the gateway has in every host's block, counted from the block's own address; or why there is none. */
export type GatewayPlace = { place: number; refusal?: string };

/**
 * Every host is the gateway of its own containers, at one place of its block: `gateway` says which by an address of the
 * first block. On the hosts' own link it is the router there, an address that nobody else gets, and the hosts' own ends
 * are where they ever are.
 */
export function gatewayPlace(
  network: NetworkRequest,
  cidr: Cidr,
  driver: DriverName,
): GatewayPlace {
  const { gateway } = network;
  if (gateway === undefined) return { place: DEFAULT_GATEWAY };
  const refused = (reason: string): GatewayPlace => ({
    place: DEFAULT_GATEWAY,
    refusal: `network ${network.name}: gateway ${gateway} ${reason}`,
  });
  const address = parseAddress(gateway);
  if (address?.family !== 4)
    return refused("is no IPv4 address: that of IPv6 goes with it by itself");
  if (network.cidr === undefined)
    return refused("needs cidr: without it the plan chooses the addresses");
  const { leadsOut, ownLink } = factsOf(driver);
  if (!leadsOut)
    return refused(
      `is of no use with driver ${driver}, where Docker leads containers outside by a bridge of its own: leave gateway out`,
    );
  if (ownLink) {
    return containsAddress(cidr, address)
      ? { place: DEFAULT_GATEWAY }
      : refused(`lies outside ${formatCidr(cidr)}`);
  }
  const first = firstBlock(network, cidr);
  if (!containsAddress(first, address))
    return refused(
      `lies outside ${formatCidr(first)}, the first block: each host has its gateway at the same place of its own block`,
    );
  const place = Number(address.value - first.base);
  if (place === 0 || place === Number(sizeOf(first)) - 1)
    return refused(`is the first or last address of block ${formatCidr(first)}`);
  return { place };
}

function firstBlock({ range, blockPrefix }: NetworkRequest, cidr: Cidr): Cidr {
  const { base } = (range === undefined ? undefined : parseCidr(range)) ?? cidr;
  return { family: cidr.family, base, prefix: blockPrefix };
}

/** A host that was in the network keeps its gateway, which its containers know; another one is refused with both. */
export function movedGateways(
  network: NetworkRequest,
  moved: readonly { host: string; before: string; wanted: string }[],
): string | undefined {
  const [first] = moved;
  if (!first) return undefined;
  const hosts = listing(moved.map(({ host }) => host));
  return (
    `network ${network.name}: the gateway of ${hosts} cannot change while the network lives, on ${first.host} from ` +
    `${first.before} to ${first.wanted}: make another network, and move the containers there`
  );
}
