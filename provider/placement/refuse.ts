import type { Ask, Constraint } from "./constraints/index.js";
import { applying } from "./host-classes.js";
import type { HostState } from "./host-state.js";
import type { OutOfSight } from "./constraints/volumes.js";
import type { Departure } from "./decisions.js";
import type { Refusal } from "./model.js";

/** Why no host will do: the reasons of all hosts, the most frequent first, and each host's own beside them. */
export interface Reasons {
  why: string;
  hosts: Refusal["hosts"];
}

export function reasonsOf(
  constraints: readonly Constraint[],
  ask: Ask,
  hosts: readonly HostState[],
): Reasons {
  const rules = applying(constraints, ask);
  const refused = new Map<Constraint, HostState[]>();
  const reasons: Refusal["hosts"] = [];
  for (const host of hosts) {
    const rule = rules.find((constraint) => !constraint.accepts(ask, host));
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
  return { why, hosts: reasons };
}

/**
 * `its volume data is on h1, which cannot be reached; h1 lacks label zone=b; ...`: what every host says comes down to.
 * The departure says why it may not simply stay.
 */
export function outOfSightText(
  { data, on, why, way }: OutOfSight,
  departure: Departure | undefined,
): string {
  const gone = `${on} ${why}`;
  const cause = departure?.from === on && departure.why !== gone ? `; ${departure.why}` : "";
  return `its ${data} is on ${on}, which ${why}${cause}; bring ${on} back, or ${way}`;
}

/** One sentence for the user. */
export function refusalOf(name: string, { why, hosts }: Reasons): Refusal {
  return { name, about: "request", sentence: `no host for ${name}: ${why}`, hosts };
}
