import type { HostState } from "../host-state.js";
import { labelOf, type Tally } from "../tally.js";
import { count } from "../words.js";
import type { Constraint } from "./constraint.js";
import { byComplaint, type Complaint } from "./simple.js";

/** At most so many containers of one scope on all hosts with the same value of a label. */
export function distinctConstraint(
  label: string,
  max: number,
  tally: () => Tally,
  of: string,
): Constraint {
  const there = (host: HostState): number => {
    const { branches, counts } = tally();
    return counts[branches.of[host.rank] ?? 0] ?? 0;
  };
  const complaint = (host: HostState): Complaint => {
    const value = labelOf(host, label);
    if (value === undefined) {
      const what = `label ${label}, by which ${of} is kept apart`;
      return { one: `lacks ${what}`, many: `lack ${what}` };
    }
    const what = `${label}=${value}, which has its limit of ${count(max, "container")} of ${of}`;
    return { one: `is in ${what}`, many: `are in ${what}` };
  };
  return {
    name: "distinct",
    declared: false,
    acrossHosts: true,
    applies: () => true,
    accepts: (_ask, host) => labelOf(host, label) !== undefined && there(host) < max,
    explain: (_ask, hosts) => byComplaint(hosts, complaint),
    explainOne: (_ask, host) => complaint(host).one,
  };
}
