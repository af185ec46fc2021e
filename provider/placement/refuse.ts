import type { Ask, Constraint } from "./constraints/index.js";
import type { HostState } from "./host-state.js";
import { applying } from "./host-classes.js";
import type { Refusal } from "./model.js";

/** The first rule that a host breaks, in the order of the rules; undefined when it accepts. */
export function firstObjection(
  constraints: readonly Constraint[],
  ask: Ask,
  host: HostState,
): Constraint | undefined {
  return constraints.find((constraint) => !constraint.accepts(ask, host));
}

/**
 * Says why no host will do: one sentence with the reasons of all hosts, the most frequent first, and each host's
 * own reason beside it.
 */
export function refuse(
  constraints: readonly Constraint[],
  ask: Ask,
  hosts: readonly HostState[],
): Refusal {
  const rules = applying(constraints, ask);
  const refused = new Map<Constraint, HostState[]>();
  const reasons: Refusal["hosts"] = [];
  for (const host of hosts) {
    const rule = firstObjection(rules, ask, host);
    if (!rule) continue;
    const others = refused.get(rule);
    if (others) others.push(host);
    else refused.set(rule, [host]);
    reasons.push({ host: host.name, reason: rule.explainOne(ask, host) });
  }
  const phrases = [...refused]
    .sort((a, b) => b[1].length - a[1].length || rules.indexOf(a[0]) - rules.indexOf(b[0]))
    .map(([rule, those]) => rule.explain(ask, those));
  const why = hosts.length === 0 ? "the cloud has no hosts" : phrases.join(", ");
  return {
    name: ask.name,
    about: "request",
    sentence: `no host for ${ask.name}: ${why}`,
    hosts: reasons,
  };
}
