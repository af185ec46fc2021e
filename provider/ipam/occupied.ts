import type { Candidate, PlanInput } from "../placement/model.js";
import { listing } from "../placement/words.js";
import { type Cidr, containsCidr, overlaps, parseCidrLoosely } from "./cidr.js";

/** A range that a network must not overlap, and what to call it. */
export interface Occupied {
  cidr: Cidr;
  /** `route 10.0.0.0/8 of h1`, `network shop/dev/app (10.1.0.0/16) on h2` */
  what: string;
}

/** Routes that cover everything (a default route, or a VPN's two halves of one) say nothing about a range. */
const SHORTEST_PREFIX = 2;

/** Ranges that hosts use, without those for which `own` is true. Equal ones are named once, with all their hosts. */
export class HostRanges {
  private readonly ranges = new Map<
    string,
    { cidr: Cidr; what: string; joint: string; hosts: string[]; route: boolean }
  >();

  constructor(candidates: readonly Pick<Candidate, "name" | "networks" | "underlay">[]) {
    for (const candidate of candidates) {
      for (const network of candidate.networks) {
        for (const text of network.cidrs) {
          const name = network.owner === "" ? network.name : network.owner;
          this.add(text, `network ${name} (${text})`, "on", candidate.name, false);
        }
      }
    }
    // After the networks, so that a network's own route does not hide its name.
    for (const candidate of candidates) {
      for (const text of candidate.underlay?.routes ?? []) {
        this.add(text, `route ${text}`, "of", candidate.name, true);
      }
      const address = candidate.underlay?.address;
      if (address) this.add(`${address}/32`, `address ${address}`, "of", candidate.name, true);
    }
  }

  /** The first range that overlaps, whichever is not the network's own. */
  conflict(cidr: Cidr, own: readonly Cidr[]): string | undefined {
    for (const range of this.ranges.values()) {
      if (!overlaps(range.cidr, cidr) || (range.route && isOwn(range.cidr, own))) continue;
      return `${range.what} ${range.joint} ${listing(range.hosts)}`;
    }
    return undefined;
  }

  cidrs(): Cidr[] {
    return [...this.ranges.values()].map(({ cidr }) => cidr);
  }

  private add(text: string, what: string, joint: string, host: string, route: boolean): void {
    const cidr = parseCidrLoosely(text);
    if (!cidr || cidr.prefix < SHORTEST_PREFIX) return;
    const known = this.ranges.get(what);
    if (known) known.hosts.push(host);
    else this.ranges.set(what, { cidr, what, joint, hosts: [host], route });
  }
}

function isOwn(range: Cidr, own: readonly Cidr[]): boolean {
  return own.some((cidr) => containsCidr(cidr, range));
}

/** VNIs that must not be given to a new network. */
export function occupiedVnis(input: PlanInput): Set<number> {
  const vnis = new Set<number>();
  for (const candidate of input.candidates) {
    for (const { vni } of candidate.networks) if (vni !== undefined) vnis.add(vni);
  }
  const known = [input.previous.networks, input.given?.networks ?? {}];
  for (const networks of known) for (const { vni } of Object.values(networks)) vnis.add(vni);
  return vnis;
}
