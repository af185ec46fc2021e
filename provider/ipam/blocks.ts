import type { Candidate, NetworkAllocation, NetworkRequest } from "../placement/model.js";
import { listing } from "../placement/words.js";
import {
  blocksIn,
  type Cidr,
  containsCidr,
  formatCidr,
  overlaps,
  parseCidr,
  sizeOf,
} from "./cidr.js";
import { BlockSpace, DEFAULT_GATEWAY } from "./block-space.js";
import { movedGateways } from "./gateway.js";

/** Each member host's part of a network. */
export interface Blocks {
  hosts: NetworkAllocation["hosts"];
  spaces: Map<string, BlockSpace>;
  retired: NonNullable<NetworkAllocation["retired"]>;
  refusals: string[];
}

/**
 * Gives every member host its block. A host keeps its block for ever; a new one gets, in the plan's order of
 * hosts, its own former block, else one that nobody has had, else the one that was left longest ago. None has an
 * address of `held`. `place` is that of the gateways in their blocks.
 */
export function assignBlocks(
  network: NetworkRequest,
  cidr: Cidr,
  members: readonly Candidate[],
  previous: NetworkAllocation | undefined,
  held: readonly Cidr[] = [],
  place = DEFAULT_GATEWAY,
): Blocks {
  const blocks: Blocks = { hosts: {}, spaces: new Map(), retired: [], refusals: [] };
  const moved: { host: string; before: string; wanted: string }[] = [];
  const assign = (host: Candidate, block: Cidr): void => {
    const space = new BlockSpace(block, place);
    const kept = previous?.hosts[host.name];
    if (kept && kept.block === formatCidr(block) && kept.gateway !== space.gateway())
      moved.push({ host: host.name, before: kept.gateway, wanted: space.gateway() });
    blocks.spaces.set(host.name, space);
    blocks.hosts[host.name] = {
      block: formatCidr(block),
      gateway: space.gateway(),
      underlay: host.underlay?.address ?? previous?.hosts[host.name]?.underlay ?? "",
    };
  };

  const names = new Set(members.map(({ name }) => name));
  const left = Object.entries(previous?.hosts ?? {})
    .filter(([host]) => !names.has(host))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([host, { block }]) => ({ host, block }));
  let retired = [...(previous?.retired ?? []), ...left].filter(({ block }) => inside(block, cidr));
  const newcomers: Candidate[] = [];
  for (const host of members) {
    const before =
      previous?.hosts[host.name]?.block ?? retired.find((each) => each.host === host.name)?.block;
    const block = before === undefined ? undefined : inside(before, cidr);
    if (block) assign(host, block);
    else newcomers.push(host);
  }
  retired = retired.filter(({ host }) => !names.has(host));

  const range = (network.range === undefined ? undefined : inside(network.range, cidr)) ?? cidr;
  const carver = new BlockCarver(range, network.blockPrefix, [
    ...[...blocks.spaces.values()].map(({ block }) => block),
    ...retired.flatMap(({ block }) => inside(block, cidr) ?? []),
    ...held,
  ]);
  const without: string[] = [];
  for (const host of newcomers) {
    const fresh = carver.next();
    const used = fresh ? undefined : nextRetired(retired, held, cidr);
    const block = fresh ?? used;
    if (block) assign(host, block);
    else without.push(host.name);
  }
  blocks.retired = retired;
  if (without.length > 0) {
    blocks.refusals.push(
      `network ${network.name}: ${formatCidr(range)} has ${blocksIn(range, network.blockPrefix)} blocks of /${network.blockPrefix} for ${members.length} hosts: none is left for ${listing(without)}`,
    );
  }
  blocks.refusals.push(...[movedGateways(network, moved) ?? []].flat());
  return blocks;
}

/** The block that was left longest ago of those that nobody has an address in. */
function nextRetired(
  retired: { host: string; block: string }[],
  held: readonly Cidr[],
  cidr: Cidr,
): Cidr | undefined {
  const index = retired.findIndex(({ block }) => {
    const parsed = inside(block, cidr);
    return parsed && !held.some((each) => overlaps(each, parsed));
  });
  const [used] = index < 0 ? [] : retired.splice(index, 1);
  return used && inside(used.block, cidr);
}

function inside(text: string, cidr: Cidr): Cidr | undefined {
  const block = parseCidr(text);
  return block && containsCidr(cidr, block) ? block : undefined;
}

/** Walks through a network block by block, over those that are taken. */
class BlockCarver {
  private base: bigint;
  private readonly bases: Set<bigint>;
  private readonly odd: Cidr[];

  constructor(
    private readonly cidr: Cidr,
    private readonly prefix: number,
    taken: readonly Cidr[],
  ) {
    this.base = cidr.base;
    this.bases = new Set(taken.filter((each) => each.prefix === prefix).map(({ base }) => base));
    // Blocks from before the block size was changed, and lone addresses.
    this.odd = taken.filter((each) => each.prefix !== prefix);
  }

  next(): Cidr | undefined {
    const { family } = this.cidr;
    const end = this.cidr.base + sizeOf(this.cidr);
    const size = sizeOf({ family, base: 0n, prefix: this.prefix });
    while (this.base + size <= end) {
      const block: Cidr = { family, base: this.base, prefix: this.prefix };
      this.base += size;
      if (this.bases.has(block.base) || this.odd.some((each) => overlaps(each, block))) continue;
      return block;
    }
    return undefined;
  }
}
