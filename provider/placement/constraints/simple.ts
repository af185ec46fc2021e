import type { HostState } from "../host-state.js";
import { hostsThat } from "../words.js";
import type { Constraint } from "./constraint.js";

/** What a rule says of hosts that break it: `lacks label zone=eu`, and of several `lack label zone=eu`. */
export interface Complaint {
  one: string;
  many: string;
}

/**
 * A rule that asks only what is declared of a host, so that one judgement does for all equal requests. Hosts with
 * different complaints are counted together under the first one.
 */
export function declaredConstraint(
  name: string,
  complaint: (host: HostState) => Complaint | undefined,
): Constraint {
  const of = (host: HostState): Complaint =>
    complaint(host) ?? { one: "accepts it", many: "accept it" };
  return {
    name,
    declared: true,
    applies: () => true,
    accepts: (_ask, host) => complaint(host) === undefined,
    explain: (_ask, hosts) => byComplaint(hosts, of),
    explainOne: (_ask, host) => of(host).one,
  };
}

/** `2 hosts are in region us, not eu, 1 host does not say where it stands`: the most frequent first. */
export function byComplaint(
  hosts: readonly HostState[],
  complaint: (host: HostState) => Complaint,
): string {
  const groups = new Map<string, { many: string; count: number }>();
  for (const host of hosts) {
    const { one, many } = complaint(host);
    const group = groups.get(one) ?? { many, count: 0 };
    group.count++;
    groups.set(one, group);
  }
  return [...groups]
    .sort((a, b) => b[1].count - a[1].count)
    .map(([one, { many, count }]) => hostsThat(count, one, many))
    .join(", ");
}
