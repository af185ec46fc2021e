import type { Ask } from "./constraints/index.js";
import type { HostClass } from "./host-classes.js";
import type { HostState } from "./host-state.js";
import type { Accepts } from "./pickers/picker.js";
import type { Ordering } from "./strategies/index.js";

/**
 * What hosts that do not exist yet leave open. A host is uncertain if it does not exist, or if a request that
 * had to wait may come to lie on it. A request is open if an uncertain host could take it, unless it is the only
 * one that could: then there is nothing to choose.
 */
export class Uncertainty {
  private readonly uncertain = new Set<HostState>();
  /** Classes whose every host is uncertain already. */
  private readonly spreadClasses = new Set<HostClass>();

  constructor(hosts: readonly HostState[]) {
    for (const host of hosts) if (host.candidate.pending === true) this.uncertain.add(host);
  }

  /** Whether the request must wait; if so, all hosts that could take it become uncertain. */
  isOpen(hostClass: HostClass, ordering: Ordering, ask: Ask, accepts: Accepts): boolean {
    if (this.uncertain.size === 0) return false;
    const { mayRelent, declared } = hostClass;
    const { possible, eligible } = declared;
    const accepting = possible.filter((host) => accepts(ask, host));
    // A host that refuses now may accept once something that is still open lies there.
    const could = mayRelent ? possible : accepting;
    if (could.length === 0) return false;
    // A draw depends on how many hosts there are, even on those that turn out to have no room.
    const drawsFromUnknown = ordering.last.kind === "random" && possible.length !== eligible.length;
    const looksAcross = hostClass.acrossHosts || ordering.acrossHosts;
    const touched = could.some((host) => this.uncertain.has(host));
    if (!drawsFromUnknown && !looksAcross && !touched) return false;
    const [only] = could;
    if (could.length === 1 && accepting.length === 1 && only?.candidate.pending !== true)
      return false;
    if (!this.spreadClasses.has(hostClass)) this.spread(could);
    if (could.length === possible.length) this.spreadClasses.add(hostClass);
    return true;
  }

  /** Whether something that is still open may come to lie on any host. */
  get any(): boolean {
    return this.uncertain.size > 0;
  }

  /** A request that may lie on any of these hosts has to wait. */
  spread(hosts: readonly HostState[]): void {
    for (const host of hosts) this.uncertain.add(host);
  }

  names(): Set<string> {
    return new Set([...this.uncertain].map(({ name }) => name));
  }
}
