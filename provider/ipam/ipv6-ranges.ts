import type { Candidate, NetworkRequest, PlanInput } from "../placement/model.js";
import { chooseCidr6 } from "./choose-cidr6.js";
import { type Cidr, formatCidr, parseCidr } from "./cidr.js";
import { HostRanges, type Occupied } from "./occupied.js";
import { Twins } from "./twins.js";

/** Hosts and machines as far as ranges go. */
type Site = Pick<Candidate, "name" | "networks" | "underlay" | "ownNetworks">;

/** IPv6 ranges of the networks that ask for IPv6, whether their IPv4 range is known yet or not, and why others have none. */
export interface Ranges6 {
  chosen: Map<string, Cidr>;
  /** Networks whose range is carved once those before them are known. */
  pending: string[];
  refusals: { network: string; sentence: string }[];
}

/** Kept and fixed ranges first, so that new ones go round them. */
export function chooseRanges6(
  input: PlanInput,
  sites: readonly Site[],
  cidrs: ReadonlyMap<string, Cidr>,
): Ranges6 {
  const result: Ranges6 = { chosen: new Map(), pending: [], refusals: [] };
  // Each has its place in the pool, also one whose IPv4 range waits for a host: the next one must not get it meanwhile.
  const undecided = new Set(input.undecided?.networks);
  const wanted = input.networks.filter(
    (network) => wantsIPv6(network) && !undecided.has(network.name),
  );
  if (wanted.length === 0) return result;
  const ranges = new HostRanges(sites);
  const others = new Map<string, Occupied>();
  const occupy = (name: string, text: string | undefined): void => {
    const cidr = text === undefined ? undefined : parseCidr(text);
    if (cidr) others.set(name, { cidr, what: `network ${name} (${text})` });
  };
  const known = { ...input.given?.networks, ...input.previous.networks };
  for (const [name, { cidr6 }] of Object.entries(known)) occupy(name, cidr6);
  const seen = (name: string): string[] =>
    sites.flatMap(({ ownNetworks }) => ownNetworks?.[name]?.cidr6 ?? []);
  const entries = wanted.map((network) => {
    const kept = input.previous.networks[network.name]?.cidr6 ?? seen(network.name)[0];
    return { network, kept, text: network.cidr6 ?? kept };
  });
  const inOrder = [
    ...entries.filter(({ text }) => text !== undefined),
    ...entries.filter(({ text }) => text === undefined),
  ];
  const placesUnknown = input.undecided?.earlier === true || undecided.size > 0;
  for (const { network, kept, text } of inOrder) {
    const { name } = network;
    if (text === undefined && placesUnknown) {
      result.pending.push(name);
      continue;
    }
    const range = chooseCidr6({
      network,
      cidr: cidrs.get(name),
      text,
      seed: input.cloud === undefined ? input.seed : `${input.seed}/${input.cloud}`,
      ranges,
      others: [...others].filter(([other]) => other !== name).map(([, occupied]) => occupied),
      own: [kept, ...seen(name)].flatMap((each) => parseCidr(each ?? "") ?? []),
    });
    if ("refusal" in range) result.refusals.push({ network: name, sentence: range.refusal });
    else {
      result.chosen.set(name, range.cidr);
      occupy(name, formatCidr(range.cidr));
    }
  }
  return result;
}

export function wantsIPv6({ ipv6, cidr6 }: NetworkRequest): boolean {
  return ipv6 ?? cidr6 !== undefined;
}

/**
 * The plan with every address that the program fixes or reserves written as IPv4: of a network with both families, an
 * IPv6 address says the same as its twin. Others are left as they are, to be refused.
 */
export function inIPv4(input: PlanInput, twins: ReadonlyMap<string, Twins>): PlanInput {
  const all = new Map(twins);
  for (const [name, network] of Object.entries(input.given?.networks ?? {})) {
    const theirs = all.has(name) ? undefined : Twins.of(network);
    if (theirs) all.set(name, theirs);
  }
  if (all.size === 0) return input;
  const plain = (network: string, text: string): string => all.get(network)?.ipv4(text) ?? text;
  const fixed = <T extends { address?: string }>(network: string, it: T): T =>
    it.address === undefined ? it : { ...it, address: plain(network, it.address) };
  return {
    ...input,
    requests: input.requests.map((request) => ({
      ...request,
      networks: request.networks.map((each) => fixed(each.network, each)),
    })),
    networks: input.networks.map((network) => ({
      ...network,
      reserved: network.reserved.map((text) => plain(network.name, text)),
      ...(network.machines === undefined
        ? {}
        : { machines: network.machines.map((machine) => fixed(network.name, machine)) }),
    })),
  };
}

/** Names with the addresses of both families: those of IPv4 come first, as the records sort them. */
export function withIPv6(
  records: Record<string, string[]>,
  twins: Twins | undefined,
): Record<string, string[]> {
  if (!twins) return records;
  return Object.fromEntries(
    Object.entries(records).map(([name, addresses]) => [
      name,
      [...addresses, ...addresses.flatMap((address) => twins.ipv6(address) ?? [])],
    ]),
  );
}
