/**
 * Which time it is that a host is in its network. One that left it and came back has none of the records that resources had
 * put there, though their states may still name it: an `up` that took the host out may have died before it came to them.
 * So the network's state has a word for each host that came later, and the states of records have the word that they wrote for.
 */
export type Joins = Readonly<Record<string, string>>;

/** By the network's owner, as this run has seen it: this process serves one run. */
const seen = new Map<string, Joins>();

/** Of a host that comes with this update, and has no word yet. */
export const JOINS_NOW = "now";

export function noteJoins(network: string, joins: Joins): void {
  seen.set(network, joins);
}

/** Undefined: the network is no part of this run. */
export function joinsOf(network: string): Joins | undefined {
  return seen.get(network);
}

/** Tests start anew. */
export function forgetJoins(): void {
  seen.clear();
}
