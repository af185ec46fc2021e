import type { Ask } from "../constraints/constraint.js";
import type { HostState } from "../host-state.js";
import type { Affinity } from "./affinity.js";
import { needsPresence } from "./compiled.js";
import type { Tenants } from "./tenants.js";

/**
 * Who will be on each host if all who are there stay. Containers are kept one after the other, so that one that needs
 * company would be driven away by coming before its company: what it needs is asked of these.
 */
export class Company {
  private readonly expected = new Map<HostState, Tenants>();

  constructor(
    private readonly affinity: Affinity,
    homes: Iterable<[Ask, HostState]>,
  ) {
    for (const [{ name, signature }, host] of homes) {
      let tenants = this.expected.get(host);
      if (!tenants) {
        tenants = affinity.othersOn(host);
        this.expected.set(host, tenants);
      }
      tenants.add({ name, signature, rules: [] });
    }
  }

  /** Whether a container may stay: nobody who stays speaks against it, and its company is expected to stay. */
  mayStay(ask: Ask, host: HostState): boolean {
    const rules = this.affinity.rulesFor(ask, host);
    const others = rules.filter((rule) => !needsPresence(rule));
    const tenants = this.affinity.tenantsOf(host);
    if (tenants.objection(others, ask.signature) !== undefined) return false;
    return this.hasCompany(ask, host, this.expected.get(host) ?? tenants);
  }

  /** Whether those whom a container needs are on its host now; it is there itself. */
  isKept(ask: Ask, host: HostState): boolean {
    return this.hasCompany(ask, host, this.affinity.tenantsOf(host));
  }

  private hasCompany(ask: Ask, host: HostState, tenants: Tenants): boolean {
    return this.affinity
      .rulesFor(ask, host)
      .filter(needsPresence)
      .every(({ empty, matcher }) => {
        if (empty) return tenants.size > 1;
        return tenants.count(matcher) > (ask.signature.includes(matcher) ? 1 : 0);
      });
  }
}
