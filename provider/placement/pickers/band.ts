import type { Ask } from "../constraints/constraint.js";
import type { HostState } from "../host-state.js";
import type { Strategy } from "../strategies/strategy.js";
import type { Accepts, Pick, Picker } from "./picker.js";

/**
 * Bands of hosts whose keys are equal and never change, the best one first, and within each an order without keys. The
 * picker of a band sees all hosts, so that a draw means the same as without bands, and takes those of its band alone.
 */
export class BandPicker implements Picker {
  private readonly bands: readonly Picker[];

  constructor(
    hosts: readonly HostState[],
    strategy: Strategy,
    ask: Ask,
    accepts: Accepts,
    makeBand: (accepts: Accepts) => Picker,
  ) {
    const keys = new Map(hosts.map((host) => [host, strategy.key(ask, host)]));
    const bands = [...new Set(keys.values())].sort((a, b) => a - b);
    this.bands = bands.map((band) =>
      makeBand((of, host) => keys.get(host) === band && accepts(of, host)),
    );
  }

  pick(ask: Ask): Pick | undefined {
    let winner: HostState | undefined;
    for (const band of this.bands) {
      const found = band.pick(ask);
      if (!found) continue;
      if (winner) return { winner, next: found.winner };
      if (found.next) return found;
      winner = found.winner;
    }
    return winner && { winner, next: undefined };
  }
}
