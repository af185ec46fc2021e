import { type CompiledRule, needsPresence } from "../affinity/compiled.js";
import type { AffinityObjection, Tenants } from "../affinity/tenants.js";
import type { HostState } from "../host-state.js";
import { byComplaint } from "./simple.js";
import type { Ask, Constraint } from "./constraint.js";

/** What the constraint needs to know of hosts. */
export interface AffinityView {
  tenantsOf(host: HostState): Tenants;
  /** Rules of the host that ask about the container being placed. */
  hostRulesFor(ask: Ask, host: HostState): readonly CompiledRule[];
  /** True when a host has such rules that may come true later. */
  readonly hostsMayRelent: boolean;
}

/** The container suits those who are on the host, and they suit it; the host's own rules hold too. */
export function affinityConstraint(view: AffinityView, own: readonly CompiledRule[]): Constraint {
  const objection = (ask: Ask, host: HostState): AffinityObjection | undefined => {
    const hostRules = view.hostRulesFor(ask, host);
    const rules = hostRules.length > 0 ? [...own, ...hostRules] : own;
    return view.tenantsOf(host).objection(rules, ask.signature);
  };
  const complaint = (ask: Ask, host: HostState): string => {
    const found = objection(ask, host);
    if (!found) return "accepts it";
    const { text } = found.rule;
    if (found.kind === "theirs") {
      return found.of === ""
        ? `has affinity ${text}`
        : `has ${found.of}, whose affinity ${text} speaks against it`;
    }
    return found.by === undefined
      ? `does not meet affinity ${text}`
      : `does not meet affinity ${text} (${found.by} is there)`;
  };
  return {
    name: "affinity",
    declared: false,
    mayRelent: own.some(needsPresence) || view.hostsMayRelent,
    applies: () => true,
    accepts: (ask, host) => objection(ask, host) === undefined,
    explain: (ask, hosts) =>
      byComplaint(hosts, (host) => {
        const found = objection(ask, host);
        if (hosts.length === 1 || !found) {
          const one = complaint(ask, host);
          return { one, many: one };
        }
        const { text } = found.rule;
        return found.kind === "own"
          ? { one: `does not meet affinity ${text}`, many: `do not meet affinity ${text}` }
          : found.of === ""
            ? { one: `has affinity ${text}`, many: `have affinity ${text}` }
            : {
                one: `has neighbours whose affinity ${text} speaks against it`,
                many: `have neighbours whose affinity ${text} speaks against it`,
              };
      }),
    explainOne: complaint,
  };
}

/** Only whether the container's own rules hold: as a wish they bind nobody. */
export function affinityWish(
  view: Pick<AffinityView, "tenantsOf">,
  own: readonly CompiledRule[],
): Constraint {
  const broken = (host: HostState): CompiledRule | undefined => {
    const tenants = view.tenantsOf(host);
    return own.find((rule) => !tenants.meets(rule));
  };
  const complaint = (host: HostState): string =>
    `does not meet affinity ${broken(host)?.text ?? ""}`;
  return {
    name: "affinity",
    declared: false,
    mayRelent: true,
    applies: () => true,
    accepts: (_ask, host) => broken(host) === undefined,
    explain: (_ask, hosts) =>
      byComplaint(hosts, (host) => ({ one: complaint(host), many: complaint(host) })),
    explainOne: (_ask, host) => complaint(host),
  };
}
