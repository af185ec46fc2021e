import type { MachineRequest, NetworkAllocation, NetworkRequest } from "../placement/model.js";
import type { BlockSpace } from "./block-space.js";
import {
  type Address,
  type Cidr,
  bitsOf,
  containsAddress,
  formatAddress,
  formatCidr,
  parseAddress,
  parseCidr,
  sizeOf,
} from "./cidr.js";
import { SpaceIndex } from "./space-index.js";

/** Addresses of the machines without Docker on one network: one each, outside the blocks of the hosts. */
export interface MachineAddresses {
  /** By machine; absent where it has none. */
  addresses: Map<string, string>;
  refusals: string[];
}

/** Addresses that machines have or are to have: new hosts get their blocks elsewhere. */
export function heldByMachines(
  { machines = [] }: NetworkRequest,
  previous: NetworkAllocation | undefined,
): Cidr[] {
  const texts = machines.map(({ name, address }) => address ?? previous?.machines?.[name]?.address);
  return texts.flatMap((text) => {
    const address = parseAddress(text ?? "");
    return address
      ? [{ family: address.family, base: address.value, prefix: bitsOf(address.family) }]
      : [];
  });
}

/**
 * Gives every machine its address: the one that the program fixes, else the one it has, else the last free one of the
 * range. Hosts' blocks are cut from the beginning, so the two meet only when the network is full.
 */
export function assignMachines(
  network: NetworkRequest,
  cidr: Cidr,
  spaces: readonly BlockSpace[],
  previous: NetworkAllocation | undefined,
  /** Addresses that containers have or are to have, which may lie outside the blocks too. */
  held: ReadonlySet<string>,
): MachineAddresses {
  const space = new MachineSpace(network, cidr, spaces, held);
  const addresses = new Map<string, string>();
  const refusals: string[] = [];
  const machines = network.machines ?? [];
  for (const { name, address } of machines) {
    if (address === undefined) continue;
    const problem = space.take(address, name);
    if (problem === undefined) addresses.set(name, address);
    else refusals.push(`${address} of ${name} ${problem}`);
  }
  const rest = machines.filter(({ address }) => address === undefined);
  const newcomers: MachineRequest[] = [];
  for (const machine of rest) {
    const before = previous?.machines?.[machine.name]?.address;
    if (before !== undefined && space.take(before, machine.name) === undefined)
      addresses.set(machine.name, before);
    else newcomers.push(machine);
  }
  for (const { name } of newcomers) {
    const address = space.takeLast(name);
    if (address === undefined)
      refusals.push(
        `${space.rangeText} has no address left for ${name} outside the blocks of its ${spaces.length} hosts`,
      );
    else addresses.set(name, address);
  }
  return { addresses, refusals: refusals.map((reason) => `network ${network.name}: ${reason}`) };
}

/** What of a network machines can have. */
class MachineSpace {
  private readonly holders = new Map<bigint, string>();
  private readonly index: SpaceIndex;
  private readonly range: Cidr;
  /** Containers' addresses: not given to a machine that may have any. */
  private readonly held: ReadonlySet<bigint>;
  /** Everything above is taken. */
  private ceiling: bigint;

  constructor(
    { range, reserved }: NetworkRequest,
    private readonly cidr: Cidr,
    spaces: readonly BlockSpace[],
    held: ReadonlySet<string>,
  ) {
    this.index = new SpaceIndex(spaces);
    this.range = (range === undefined ? undefined : parseCidr(range)) ?? cidr;
    this.ceiling = this.range.base + sizeOf(this.range) - 1n;
    for (const text of reserved) {
      const address = parseAddress(text);
      if (address?.family === cidr.family) this.holders.set(address.value, "");
    }
    this.held = new Set([...held].flatMap((text) => parseAddress(text)?.value ?? []));
  }

  get rangeText(): string {
    return formatCidr(this.range);
  }

  /** Gives a machine this address, or says what is wrong with it. */
  take(text: string, name: string): string | undefined {
    const address = parseAddress(text);
    if (!address || !containsAddress(this.cidr, address))
      return `lies outside ${formatCidr(this.cidr)}`;
    if (this.isEdge(address)) return "is the network's own or broadcast address";
    const block = this.index.find(address)?.block;
    if (block)
      return `lies in ${formatCidr(block)}, which is a host's block: take one outside the hosts' blocks, or none`;
    const holder = this.holders.get(address.value);
    if (holder !== undefined) return holder === "" ? "is reserved" : `is also that of ${holder}`;
    this.holders.set(address.value, name);
    return undefined;
  }

  /** The last free address of the range. */
  takeLast(name: string): string | undefined {
    const { family } = this.cidr;
    for (let value = this.ceiling; value >= this.range.base; value--) {
      const address: Address = { family, value };
      const block = this.index.find(address)?.block;
      if (block) value = block.base;
      else if (!this.holders.has(value) && !this.held.has(value) && !this.isEdge(address)) {
        this.ceiling = value;
        this.holders.set(value, name);
        return formatAddress(address);
      }
    }
    return undefined;
  }

  private isEdge({ value }: Address): boolean {
    return value === this.cidr.base || value === this.cidr.base + sizeOf(this.cidr) - 1n;
  }
}
