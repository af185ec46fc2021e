import type { Ask } from "../constraints/constraint.js";
import type { HostState } from "../host-state.js";
import { compareKeys, type Ordering } from "../strategies/index.js";
import { drawOrder, makeRing } from "./ring-order.js";
import type { Accepts, Pick, Picker } from "./picker.js";

/**
 * Looks at every host: the plain meaning of an ordering. Used where a request has no equals to share work with;
 * the other pickers are tested against it.
 */
export class ScanPicker implements Picker {
  private readonly hosts: readonly HostState[];

  constructor(
    hosts: readonly HostState[],
    private readonly ordering: Ordering,
    private readonly accepts: Accepts,
  ) {
    const { last } = ordering;
    this.hosts = last.kind === "random" ? makeRing(hosts, last.seed) : hosts;
  }

  pick(ask: Ask): Pick | undefined {
    const { last, strategies } = this.ordering;
    const order = last.kind === "random" ? drawOrder(this.hosts, last.seed, ask.name) : this.hosts;
    let winner: HostState | undefined;
    let next: HostState | undefined;
    for (const host of order) {
      if (!this.accepts(ask, host)) continue;
      // Without keys the first two are the answer.
      if (winner && strategies.length === 0) return { winner, next: host };
      if (!winner || compareKeys(this.ordering, ask, host, winner) < 0) {
        next = winner;
        winner = host;
      } else if (!next || compareKeys(this.ordering, ask, host, next) < 0) {
        next = host;
      }
    }
    return winner && { winner, next };
  }
}
