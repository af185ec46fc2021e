import type { Ask } from "../constraints/constraint.js";
import type { HostState } from "../host-state.js";
import type { Ordering } from "../strategies/index.js";
import { type Branch, branchOf, type Look } from "./branch.js";
import type { Accepts, Pick, Picker } from "./picker.js";

/**
 * Heaps of hosts for requests that are equal in all that placement looks at. Placing elsewhere does not touch them,
 * except where a host can become better by what is placed there: then the plan's journal tells which to look at again.
 */
export class HeapPicker implements Picker {
  private readonly root: Branch;
  private readonly look: Look;
  /** Where to find a host again; only kept where the journal is read. */
  private readonly places: ReadonlyMap<HostState, { branch: Branch; item: number }>;
  private seen: number;

  constructor(
    hosts: readonly HostState[],
    ordering: Ordering,
    accepts: Accepts,
    ask: Ask,
    private readonly journal: readonly HostState[] | undefined,
  ) {
    this.look = { ask, accepts, ordering };
    this.seen = journal?.length ?? 0;
    this.root = branchOf(hosts, ordering.strategies, this.look);
    this.places = new Map(journal ? this.root.hosts() : []);
  }

  pick(ask: Ask): Pick | undefined {
    this.look.ask = ask;
    this.readJournal();
    const winner = this.root.first();
    return winner && { winner, next: this.root.second() };
  }

  private readJournal(): void {
    const { journal, places } = this;
    if (!journal) return;
    if (journal.length - this.seen > places.size) this.root.build();
    else {
      for (let i = this.seen; i < journal.length; i++) {
        const place = places.get(journal[i] as HostState);
        place?.branch.update(place.item);
      }
    }
    this.seen = journal.length;
  }
}
