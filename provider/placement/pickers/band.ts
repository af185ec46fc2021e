import type { Ask } from "../constraints/constraint.js";
import type { HostState } from "../host-state.js";
import type { Strategy } from "../strategies/strategy.js";
import type { Accepts, Pick, Picker } from "./picker.js";

/**
 * Bands of hosts whose keys are equal and never change, the best one first, and within each an order without keys. The
 * picker of a band sees all hosts, so that a draw means the same as without bands, and takes those of its band alone. It
 * is made when it is first asked: there may be hundreds of bands, each with a picker as large as the cloud.
 */
export class BandPicker implements Picker {
  private readonly keys: ReadonlyMap<HostState, number>;
  private readonly bands: readonly number[];
  private readonly pickers = new Map<number, Picker>();

  constructor(
    hosts: readonly HostState[],
    strategy: Strategy,
    ask: Ask,
    private readonly accepts: Accepts,
    private readonly makeBand: (accepts: Accepts) => Picker,
  ) {
    this.keys = new Map(hosts.map((host) => [host, strategy.key(ask, host)]));
    this.bands = [...new Set(this.keys.values())].sort((a, b) => a - b);
  }

  pick(ask: Ask): Pick | undefined {
    let winner: HostState | undefined;
    for (const band of this.bands) {
      const found = this.pickerOf(band).pick(ask);
      if (!found) continue;
      if (winner) return { winner, next: found.winner };
      if (found.next) return found;
      winner = found.winner;
    }
    return winner && { winner, next: undefined };
  }

  private pickerOf(band: number): Picker {
    const known = this.pickers.get(band);
    if (known) return known;
    const { keys, accepts } = this;
    const made = this.makeBand((ask, host) => keys.get(host) === band && accepts(ask, host));
    this.pickers.set(band, made);
    return made;
  }
}
