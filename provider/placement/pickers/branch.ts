import type { Ask } from "../constraints/constraint.js";
import { HostState } from "../host-state.js";
import { compareKeys, type Ordering, type Strategy } from "../strategies/index.js";
import { LazyHeap } from "./lazy-heap.js";
import type { Accepts } from "./picker.js";

/** For whom hosts are looked at, and how. */
export interface Look {
  ask: Ask;
  readonly accepts: Accepts;
  readonly ordering: Ordering;
}

/**
 * Hosts, or branches of them, best first: a tree with one level for each strategy over labels. Hosts of one branch
 * have one key by the strategy that divides them, so that only the level above compares by it: a container that comes to a
 * zone changes the place of that zone, and not of each of its racks.
 */
export class Branch {
  private readonly heap: LazyHeap;
  /** Of each member the best host when it was last looked at. */
  private readonly bests: (HostState | undefined)[];
  private top = -1;
  private above: { branch: Branch; item: number } | undefined;

  constructor(
    private readonly members: readonly (HostState | Branch)[],
    strategies: readonly Strategy[],
    private readonly look: Look,
  ) {
    members.forEach((member, item) => {
      if (member instanceof Branch) member.above = { branch: this, item };
    });
    this.bests = new Array<HostState | undefined>(members.length).fill(undefined);
    this.heap = new LazyHeap(members.length, strategies.length + 1, (item, keys) => {
      const host = this.bestOf(item);
      this.bests[item] = host;
      if (!host) return false;
      for (let k = 0; k < strategies.length; k++) keys[k] = strategies[k]?.key(look.ask, host) ?? 0;
      keys[strategies.length] = host.rank;
      return true;
    });
  }

  /** The best host; undefined when none will do. */
  first(): HostState | undefined {
    this.top = this.heap.first();
    return this.bests[this.top];
  }

  /** The best one without it; to be asked after `first`. */
  second(): HostState | undefined {
    const beside = this.bests[this.heap.second()];
    const member = this.members[this.top];
    return member instanceof Branch ? this.better(beside, member.second()) : beside;
  }

  /** Looks at every member anew. */
  build(): void {
    for (const member of this.members) if (member instanceof Branch) member.build();
    this.heap.build();
  }

  /** A member may have become better or worse, or will do again. */
  update(item: number): void {
    this.heap.update(item);
    this.above?.branch.update(this.above.item);
  }

  /** Every host with the branch that it is a member of. */
  *hosts(): Generator<[HostState, { branch: Branch; item: number }]> {
    for (const [item, member] of this.members.entries()) {
      if (member instanceof Branch) yield* member.hosts();
      else yield [member, { branch: this, item }];
    }
  }

  private bestOf(item: number): HostState | undefined {
    const member = this.members[item];
    if (member instanceof Branch) return member.first();
    return member && this.look.accepts(this.look.ask, member) ? member : undefined;
  }

  private better(a: HostState | undefined, b: HostState | undefined): HostState | undefined {
    if (!a || !b) return a ?? b;
    const { ordering, ask } = this.look;
    return (compareKeys(ordering, ask, a, b) || a.rank - b.rank) < 0 ? a : b;
  }
}

/** The tree of hosts, given in the plan's order, for these strategies. */
export function branchOf(
  hosts: readonly HostState[],
  strategies: readonly Strategy[],
  look: Look,
): Branch {
  const over = strategies.find(({ branches }) => branches !== undefined);
  if (!over?.branches) return new Branch(hosts, strategies, look);
  const rest = strategies.filter((strategy) => strategy !== over);
  const groups: HostState[][] = [];
  for (const host of hosts) (groups[over.branches.of[host.rank] ?? 0] ??= []).push(host);
  const parts = groups.flatMap((group) => [branchOf(group, rest, look)]);
  const [only] = parts;
  return only && parts.length === 1 ? only : new Branch(parts, strategies, look);
}
