import type { Ask } from "../constraints/constraint.js";
import type { HostState } from "../host-state.js";
import { Draw, DRAWS } from "../strategies/draw.js";
import type { Accepts, Pick, Picker } from "./picker.js";

/**
 * The random order: a few draws, then the next host round the ring that still has room. Full hosts are skipped
 * in nearly constant time, because each remembers where the next one with room was last seen.
 */
export class RingPicker implements Picker {
  /** `onward[i] === i`: not known to be full; else some later place (modulo the size) to go on at. */
  private readonly onward: Int32Array;
  private full = 0;

  /** `ring` as `makeRing` gives it. */
  constructor(
    private readonly ring: readonly HostState[],
    private readonly seed: string,
    private readonly accepts: Accepts,
  ) {
    this.onward = Int32Array.from(this.ring.keys());
  }

  pick(ask: Ask): Pick | undefined {
    const size = this.ring.length;
    const draw = new Draw(this.seed, ask.name, size);
    let winner: HostState | undefined;
    for (let attempt = 0; attempt < DRAWS; attempt++) {
      const host = this.at(ask, draw.at(attempt));
      if (!host || host === winner) continue;
      if (winner) return { winner, next: host };
      winner = host;
    }
    let travelled = 0;
    let place = draw.walkFrom;
    while (this.full < size && travelled < size) {
      const found = this.nextWithRoom(place);
      travelled += (found - place + size) % size;
      if (travelled >= size) break;
      const host = this.at(ask, found);
      if (host && host !== winner) {
        if (winner) return { winner, next: host };
        winner = host;
      }
      place = (found + 1) % size;
      travelled++;
    }
    return winner && { winner, next: undefined };
  }

  /** The host at a place if it accepts; otherwise the place is crossed out for good. */
  private at(ask: Ask, place: number): HostState | undefined {
    const host = this.ring[place];
    if (!host || this.onward[place] !== place) return undefined;
    if (this.accepts(ask, host)) return host;
    // A ring of one has nowhere to go on to; `full` keeps it from being walked.
    this.onward[place] = (place + 1) % this.ring.length;
    this.full++;
    return undefined;
  }

  private nextWithRoom(from: number): number {
    let place = from;
    while (this.onward[place] !== place) place = this.onward[place] ?? 0;
    for (let step = from; step !== place;) {
      const after = this.onward[step] ?? place;
      this.onward[step] = place;
      step = after;
    }
    return place;
  }
}
