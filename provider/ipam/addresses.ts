import type { Decisions } from "../placement/place.js";
import type { Assignment, PlacementRequest, PlanInput, Refusal } from "../placement/model.js";
import {
  type Address,
  type Cidr,
  containsAddress,
  formatAddress,
  formatCidr,
  parseAddress,
} from "./cidr.js";
import type { BlockSpace } from "./block-space.js";
import { SpaceIndex } from "./space-index.js";

/** One network as far as its addresses are concerned. */
export interface AddressSpace {
  name: string;
  cidr: Cidr;
  /** The part of its IPv6 range that is used; absent: it has none. */
  used6?: Cidr;
  reserved: readonly string[];
  /** Addresses that others than requests have: address by name. */
  taken?: ReadonlyMap<string, string>;
  /** By host. */
  spaces: ReadonlyMap<string, BlockSpace>;
}

/** A request on the network. */
interface Attachment {
  request: PlacementRequest;
  /** The request's position. */
  index: number;
  fixed: string | undefined;
  /** Undefined while its host is not decided. */
  host: string | undefined;
  /** What the previous plan gave it. */
  previous: Assignment | undefined;
}

/** By the position of the request; undefined: it has none, or it is not decided. */
export type Addresses = (string | undefined)[];

/**
 * Hands out the addresses of one network. An address stays with its request as long as that stays on its host with
 * the same revision; a new revision that runs beside the old one gets another. What is alive, or was promised in
 * the previous plan, is not given to anybody else. The rest follows in program order, lowest first.
 */
export function assignAddresses(
  space: AddressSpace,
  input: PlanInput,
  decisions: Decisions,
): { addresses: Addresses; refusals: Refusal[] } {
  const pool = new AddressPool(space);
  const attachments = attachmentsOf(space.name, input, decisions);
  const names = new Set(input.requests.map(({ name }) => name));
  const unknownRevisions = new Set(input.undecided?.revisions);

  for (const text of space.reserved) pool.hold(text, "");
  for (const [name, text] of space.taken ?? []) pool.hold(text, name);
  for (const [name, { addresses }] of Object.entries(input.given?.assignments ?? {})) {
    pool.hold(addresses[space.name], name);
  }
  for (const candidate of input.candidates) {
    for (const text of candidate.usedAddresses?.[space.name] ?? []) pool.hold(text, candidate.name);
  }
  for (const name of Object.keys(input.previous.assignments)) {
    if (names.has(name)) continue;
    pool.hold(input.previous.assignments[name]?.addresses[space.name], name);
  }

  const addresses: Addresses = new Array<string | undefined>(input.requests.length);
  const undecided = new Set<string>();
  const observed = observedAddresses(space.name, input);
  for (const { request, previous } of attachments) {
    pool.hold(previous?.addresses[space.name], request.name);
    for (const { address } of observed.get(request.name) ?? []) pool.hold(address, request.name);
  }
  for (const { request, index, host, fixed, previous } of attachments) {
    const before = previous?.addresses[space.name];
    const seen = observed.get(request.name)?.find((each) => each.host === host)?.address;
    const stays =
      previous === undefined || previous.revision === request.revision || request.stopFirst;
    const current = previous === undefined ? seen : previous.host === host ? before : undefined;
    if (host !== undefined && fixed === undefined && current !== undefined) {
      if (unknownRevisions.has(request.name) && previous && !request.stopFirst) {
        undecided.add(request.name);
      } else if (stays && pool.claim(current, request.name, host)) {
        addresses[index] = current;
      }
    }
  }

  const refusals = fixAddresses(space, attachments, pool, addresses);
  const waiting = new Set<string>();
  let anybodyWaits = input.undecided?.earlier === true;
  for (const { request, index, host, fixed } of attachments) {
    if (host === undefined) anybodyWaits = true;
    if (host === undefined || fixed !== undefined || addresses[index] !== undefined) continue;
    if (undecided.has(request.name)) {
      waiting.add(host);
      continue;
    }
    // Somebody who comes before it may still take the lowest address there.
    if (waiting.has(host) || (anybodyWaits && decisions.uncertain.has(host))) continue;
    const block = space.spaces.get(host);
    const address = block && pool.lowest(block, request.name);
    if (address !== undefined) addresses[index] = address;
    else pool.missing(host, request.name);
  }
  return { addresses, refusals: [...refusals, ...pool.refusals()] };
}

function attachmentsOf(
  network: string,
  { requests, previous }: PlanInput,
  decisions: Decisions,
): Attachment[] {
  const pending = new Set(decisions.pending);
  return requests.flatMap((request, index): Attachment[] => {
    const attachment = request.networks.find((each) => each.network === network);
    const host = decisions.placed[index]?.host;
    if (!attachment || (host === undefined && !pending.has(request.name))) return [];
    const { address: fixed } = attachment;
    return [{ request, index, host, fixed, previous: previous.assignments[request.name] }];
  });
}

/** Addresses of live containers of this plan's requests on one network. */
function observedAddresses(
  network: string,
  input: PlanInput,
): Map<string, { host: string; address: string }[]> {
  const observed = new Map<string, { host: string; address: string }[]>();
  for (const candidate of input.candidates) {
    for (const [name, { networks }] of Object.entries(candidate.own)) {
      const address = networks[network];
      if (address === undefined || address === "") continue;
      const others = observed.get(name);
      if (others) others.push({ host: candidate.name, address });
      else observed.set(name, [{ host: candidate.name, address }]);
    }
  }
  return observed;
}

function fixAddresses(
  space: AddressSpace,
  attachments: readonly Attachment[],
  pool: AddressPool,
  addresses: Addresses,
): Refusal[] {
  const refusals: Refusal[] = [];
  for (const { request, index, fixed } of attachments) {
    if (fixed === undefined) continue;
    const problem = pool.fix(fixed, request.name);
    if (problem === undefined) addresses[index] = fixed;
    else {
      refusals.push({
        name: request.name,
        about: "request",
        sentence: `no address for ${request.name}: ${fixed} on network ${space.name} ${problem}`,
        hosts: [],
      });
    }
  }
  return refusals;
}

/** Who has which address of a network. */
class AddressPool {
  private readonly holders = new Map<string, string>();
  private readonly index: SpaceIndex;
  private readonly short = new Map<string, string[]>();

  constructor(private readonly space: AddressSpace) {
    this.index = new SpaceIndex([...space.spaces.values()]);
  }

  /** Nobody but `name` may have it. */
  hold(text: string | undefined, name: string): void {
    const address = text === undefined ? undefined : parseAddress(text);
    if (text === undefined || !address) return;
    const key = keyOf(address, text);
    if (this.holders.has(key)) return;
    this.holders.set(key, name);
    this.index.find(address)?.take(address);
  }

  /** Gives a request the address it had; false when it may not keep it. */
  claim(text: string, name: string, host: string): boolean {
    const address = parseAddress(text);
    const block = this.space.spaces.get(host);
    if (!address || !block || !containsAddress(block.block, address)) return false;
    if (block.isSpecial(address)) return false;
    const holder = this.holders.get(keyOf(address, text));
    if (holder !== undefined) return holder === name;
    this.hold(text, name);
    return true;
  }

  /** Gives a request the address that the user wants; or says what is wrong with it. */
  fix(text: string, name: string): string | undefined {
    const address = parseAddress(text);
    const { cidr } = this.space;
    if (!address) return "is not an address";
    if (!containsAddress(cidr, address)) {
      return `lies outside ${[cidr, this.space.used6 ?? []].flat().map(formatCidr).join(" and ")}`;
    }
    const size = 1n << BigInt((cidr.family === 4 ? 32 : 128) - cidr.prefix);
    const offset = address.value - cidr.base;
    if (offset === 0n || offset === size - 1n) return "is the network's own or broadcast address";
    const block = this.index.find(address);
    if (block?.isSpecial(address)) {
      return `is the first, gateway or last address of block ${formatCidr(block.block)}`;
    }
    const holder = this.holders.get(keyOf(address, text));
    if (holder === "") return "is reserved";
    if (holder !== undefined && holder !== name) return `is in use by ${holder}`;
    this.hold(text, name);
    return undefined;
  }

  /** The lowest free address of a block. */
  lowest(block: BlockSpace, name: string): string | undefined {
    const address = block.takeLowest();
    if (address !== undefined) this.holders.set(address, name);
    return address;
  }

  missing(host: string, name: string): void {
    const others = this.short.get(host);
    if (others) others.push(name);
    else this.short.set(host, [name]);
  }

  /** One sentence for each block that was too small. */
  refusals(): Refusal[] {
    return [...this.short].map(([host, names]): Refusal => {
      const block = this.space.spaces.get(host);
      const name = `network ${this.space.name}`;
      const sentence = block
        ? `${name}: block ${formatCidr(block.block)} on ${host} is full: ${block.used} of ${block.usable} addresses in use`
        : `${name}: ${host} has no block of addresses, which ${names[0] ?? ""} needs there`;
      return {
        name: this.space.name,
        about: "network",
        sentence,
        hosts: names.map((each) => ({ host, reason: `no address for ${each}` })),
      };
    });
  }
}

/** One text for each address: of IPv4 there is but one spelling. */
function keyOf(address: Address, text: string): string {
  return address.family === 4 ? text : formatAddress(address);
}
