import { hash32, mix32 } from "../hash.js";

/** Draws before the walk round the ring: enough that a free host is found evenly unless nearly all are full. */
export const DRAWS = 8;

/**
 * The seeded order of `size` places for one name: up to eight independent draws, then round from the last one.
 * Places, not hosts: the ring itself is shuffled (see shuffleRank), so that neighbours in name are not neighbours here.
 */
export class Draw {
  private readonly hash: number;
  private readonly size: number;

  constructor(seed: string, name: string, size: number) {
    this.hash = hash32(name, hash32(seed));
    this.size = size;
  }

  /** The place of draw number `attempt`. */
  at(attempt: number): number {
    return Math.floor((mix32(this.hash + Math.imul(attempt, 0x9e3779b9)) / 2 ** 32) * this.size);
  }

  /** Where the walk round the ring begins. */
  get walkFrom(): number {
    return this.at(DRAWS - 1);
  }
}

/** Sorts a host into the ring. */
export function shuffleRank(seed: string, host: string): number {
  return hash32(host, hash32(`ring ${seed}`));
}
