import { type Border, openEntries } from "./border.js";
import {
  formatPorts,
  isOutside,
  matches,
  portsOf,
  together,
  type Policy,
  type PolicyMember,
  type PolicyPeer,
} from "./model.js";

/** "all", or the ports that are reached: empty for none. */
export type Reach = "all" | string[];

/** What a policy lets one container, or the outside, ask of another. Pure: the rules on the hosts follow the same. */
export function reach(
  policy: Policy,
  from: PolicyMember | "outside",
  to: PolicyMember | "outside",
): Reach {
  if (from === "outside" && to === "outside") return "all";
  if (from === "outside" || to === "outside") {
    if (policy.outside === "open") return "all";
  } else if (together(policy, from, to)) return "all";
  const is = (peer: PolicyPeer, end: PolicyMember | "outside") =>
    end === "outside" ? isOutside(peer) : matches(peer, end);
  const ports = new Set<string>();
  for (const rule of policy.rules) {
    if (!is(rule.from, from) || !is(rule.to, to)) continue;
    const ranges = portsOf(rule);
    const cidrs = [rule.from, rule.to].flatMap((peer) =>
      peer !== "all" && peer !== "outside" && "cidr" in peer ? [peer.cidr] : [],
    );
    if (!ranges && cidrs.length === 0) return "all";
    for (const words of ranges?.map(formatPorts) ?? ["all"])
      ports.add(cidrs.length === 0 ? words : `${words} (${cidrs.join(", ")})`);
  }
  return [...ports].sort();
}

export interface MatrixRow {
  from: string;
  to: string;
  /** "unknown": rules that are not ours decide. "own": between a machine and the outside, its own do. */
  reach: Reach | "unknown" | "own";
}

/** Every pair of containers and machines, and each with the outside, by name: what really gets through. */
export function matrix(policy: Policy, border: Border): MatrixRow[] {
  const members = [...policy.members].sort((a, b) => (a.name < b.name ? -1 : 1));
  const ends: (PolicyMember | "outside")[] = [...members, "outside"];
  const nameOf = (end: PolicyMember | "outside") => (end === "outside" ? end : end.name);
  return ends.flatMap((from) =>
    ends
      .filter((to) => to !== from)
      .map((to) => ({
        from: nameOf(from),
        to: nameOf(to),
        reach: effective(policy, border, from, to),
      })),
  );
}

/** What the policy lets through, as far as the network does. */
function effective(
  policy: Policy,
  border: Border,
  from: PolicyMember | "outside",
  to: PolicyMember | "outside",
): MatrixRow["reach"] {
  const crosses = from === "outside" || to === "outside";
  if (!crosses || border.kind === "link") return reach(policy, from, to);
  if ([from, to].some((end) => end !== "outside" && end.machine)) return "own";
  if (border.kind === "foreign") return "unknown";
  if (to === "outside") return border.outbound ? reach(policy, from, to) : [];
  return openEntries(policy, to, border.entries[to.name] ?? []);
}
