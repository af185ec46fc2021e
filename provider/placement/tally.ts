import type { HostState } from "./host-state.js";

/** How the values of some labels divide the hosts: one branch for each combination that occurs. */
export class Branches {
  /** Branch of each host, by the host's rank. */
  readonly of: Int32Array;
  /** The values of each branch, one for each label; "" stands for none. */
  readonly values: string[][] = [];

  constructor(
    hosts: readonly HostState[],
    readonly labels: readonly string[],
  ) {
    const ids = new Map<string, number>();
    this.of = Int32Array.from(hosts, (host) => {
      const values = labels.map((label) => labelOf(host, label) ?? "");
      const key = values.join("\u0000");
      const known = ids.get(key);
      if (known !== undefined) return known;
      ids.set(key, this.values.length);
      return this.values.push(values) - 1;
    });
  }
}

/** How many containers of one scope lie on each branch; kept up to date by `Tallies`. */
export interface Tally {
  readonly branches: Branches;
  readonly counts: Int32Array;
}

/** Counts by label. A tally is made when first asked for, from what lies on the hosts then. */
export class Tallies {
  private readonly branches = new Map<string, Branches>();
  private readonly tallies = new Map<string, Tally>();
  private readonly byScope = new Map<number, Tally[]>();

  constructor(private readonly hosts: readonly HostState[]) {}

  branchesOf(labels: readonly string[]): Branches {
    const key = labels.join("\u0000");
    let branches = this.branches.get(key);
    if (!branches) {
      branches = new Branches(this.hosts, labels);
      this.branches.set(key, branches);
    }
    return branches;
  }

  of(scope: number, labels: readonly string[]): Tally {
    const key = `${scope} ${labels.join("\u0000")}`;
    const known = this.tallies.get(key);
    if (known) return known;
    const branches = this.branchesOf(labels);
    const counts = new Int32Array(branches.values.length);
    for (const host of this.hosts) {
      const branch = branches.of[host.rank] ?? 0;
      counts[branch] = (counts[branch] ?? 0) + host.replicasOf(scope);
    }
    const tally = { branches, counts };
    this.tallies.set(key, tally);
    const others = this.byScope.get(scope);
    if (others) others.push(tally);
    else this.byScope.set(scope, [tally]);
    return tally;
  }

  /** A container of these scopes came to (1) or left (-1) a host. */
  add(scopes: readonly number[], host: HostState, change: 1 | -1): void {
    if (this.byScope.size === 0) return;
    for (const scope of scopes) {
      for (const { branches, counts } of this.byScope.get(scope) ?? []) {
        const branch = branches.of[host.rank] ?? 0;
        counts[branch] = (counts[branch] ?? 0) + change;
      }
    }
  }
}

/** A host's label; undefined when it has none of that name. */
export function labelOf(host: HostState, label: string): string | undefined {
  const { labels, location } = host.candidate;
  if (Object.hasOwn(labels, label)) return labels[label];
  if (label === "region") return location?.region;
  if (label === "zone") return location?.zone;
  return undefined;
}
