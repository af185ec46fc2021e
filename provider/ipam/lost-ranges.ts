import type { Candidate, PlanInput } from "../placement/model.js";
import { type Cidr, overlaps, parseCidr } from "./cidr.js";

/**
 * The plan without the ranges that were chosen for networks but given to others before they could be made: two stacks
 * that plan at the same moment choose the same one, and one of them comes second. Such a network is on none of its
 * hosts, and another one is there instead; it is given a new range as if it had never had one. A range that the program
 * fixes stays, and so does that of a network of which a host cannot be asked.
 */
export function withoutLostRanges(input: PlanInput): PlanInput {
  const fixed = new Set(input.networks.flatMap(({ name, cidr }) => (cidr ? [name] : [])));
  const lost = Object.entries(input.previous.networks).flatMap(([name, { cidr, hosts }]) => {
    const range = parseCidr(cidr);
    const isLost =
      range !== undefined && !fixed.has(name) && isTaken(name, range, hosts, input.candidates);
    return isLost ? [name] : [];
  });
  if (lost.length === 0) return input;
  const without = <T>(entries: Record<string, T>): Record<string, T> =>
    Object.fromEntries(Object.entries(entries).filter(([name]) => !lost.includes(name)));
  const assignments = Object.entries(input.previous.assignments).map(
    ([name, assignment]) =>
      [name, { ...assignment, addresses: without(assignment.addresses) }] as const,
  );
  return {
    ...input,
    previous: {
      assignments: Object.fromEntries(assignments),
      networks: without(input.previous.networks),
    },
  };
}

function isTaken(
  name: string,
  range: Cidr,
  members: Readonly<Record<string, unknown>>,
  candidates: readonly Candidate[],
): boolean {
  const mine = candidates.filter((candidate) => candidate.name in members);
  const isSeen = mine.every(({ notReady, pending }) => notReady === undefined && pending !== true);
  if (!isSeen || mine.some(({ ownNetworks }) => ownNetworks?.[name] !== undefined)) return false;
  return mine.some(({ networks }) =>
    networks
      .flatMap(({ cidrs }) => cidrs)
      .some((cidr) => {
        const other = parseCidr(cidr);
        return other !== undefined && overlaps(other, range);
      }),
  );
}
