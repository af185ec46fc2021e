import type { Ask } from "../constraints/constraint.js";
import type { HostState } from "../host-state.js";
import { compareKeys, type Ordering, type Strategy } from "../strategies/index.js";
import { LazyHeap } from "./lazy-heap.js";
import type { Accepts, Pick, Picker } from "./picker.js";

/** Hosts that no strategy over labels tells apart, best first. */
interface Branch {
  readonly hosts: HostState[];
  readonly heap: LazyHeap;
}

/**
 * Heaps of hosts for requests that are equal in all that placement looks at: one heap for each branch (see
 * `Strategy.changes`), and one of the branches by their best hosts. Placing elsewhere does not touch them, except where
 * a host can become better by what is placed there: then the plan's journal tells which to look at again.
 */
export class HeapPicker implements Picker {
  private readonly branches: Branch[];
  private readonly top: LazyHeap;
  private ask: Ask;
  /** Where to find a host again, by rank; only kept where the journal is read. */
  private readonly places: Map<HostState, { branch: number; item: number }> | undefined;
  private seen: number;

  constructor(
    hosts: readonly HostState[],
    private readonly ordering: Ordering,
    private readonly accepts: Accepts,
    ask: Ask,
    private readonly journal: readonly HostState[] | undefined,
  ) {
    this.ask = ask;
    this.seen = journal?.length ?? 0;
    const own = ordering.strategies.filter(({ changes }) => changes !== "byBranch");
    const groups = divide(hosts, ordering.strategies);
    this.branches = groups.map((members) => ({
      hosts: members,
      heap: this.hostHeap(members, own),
    }));
    if (journal) {
      this.places = new Map(
        groups.flatMap((members, branch) =>
          members.map((host, item) => [host, { branch, item }] as const),
        ),
      );
    }
    const { strategies } = ordering;
    const width = strategies.length + 1;
    this.top = new LazyHeap(
      this.branches.length > 1 ? this.branches.length : 0,
      width,
      (branch, keys) => {
        const best = this.best(branch);
        if (!best) return false;
        for (let k = 0; k < strategies.length; k++)
          keys[k] = strategies[k]?.key(this.ask, best) ?? 0;
        keys[strategies.length] = best.rank;
        return true;
      },
    );
  }

  pick(ask: Ask): Pick | undefined {
    this.ask = ask;
    this.readJournal();
    const only = this.branches.length === 1;
    const first = only ? 0 : this.top.first();
    if (first < 0) return undefined;
    const winner = this.best(first);
    if (!winner) return undefined;
    const second = this.branches[first];
    const beside = second?.hosts[second.heap.second()];
    const elsewhere = only ? undefined : this.best(this.top.second());
    return { winner, next: this.better(beside, elsewhere) };
  }

  private better(a: HostState | undefined, b: HostState | undefined): HostState | undefined {
    if (!a || !b) return a ?? b;
    return (compareKeys(this.ordering, this.ask, a, b) || a.rank - b.rank) < 0 ? a : b;
  }

  private best(branch: number): HostState | undefined {
    const found = this.branches[branch];
    return found?.hosts[found.heap.first()];
  }

  private hostHeap(hosts: readonly HostState[], strategies: readonly Strategy[]): LazyHeap {
    return new LazyHeap(hosts.length, strategies.length, (item, keys) => {
      const host = hosts[item];
      if (!host || !this.accepts(this.ask, host)) return false;
      for (let k = 0; k < strategies.length; k++) keys[k] = strategies[k]?.key(this.ask, host) ?? 0;
      return true;
    });
  }

  private readJournal(): void {
    const { journal, places } = this;
    if (!journal || !places) return;
    if (journal.length - this.seen > places.size) {
      for (const { heap } of this.branches) heap.build();
      this.top.build();
    } else {
      for (let i = this.seen; i < journal.length; i++) {
        const place = places.get(journal[i] as HostState);
        if (!place) continue;
        this.branches[place.branch]?.heap.update(place.item);
        if (this.branches.length > 1) this.top.update(place.branch);
      }
    }
    this.seen = journal.length;
  }
}

/** Hosts by branch of all strategies over labels, each in the plan's order. */
function divide(hosts: readonly HostState[], strategies: readonly Strategy[]): HostState[][] {
  const over = strategies.flatMap(({ branches }) => (branches ? [branches] : []));
  if (over.length === 0) return [[...hosts]];
  const groups = new Map<string, HostState[]>();
  for (const host of hosts) {
    const key = over.map((branches) => branches.of[host.rank]).join(" ");
    const group = groups.get(key);
    if (group) group.push(host);
    else groups.set(key, [host]);
  }
  return [...groups.values()];
}
