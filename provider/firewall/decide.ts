/** What a policy says of two ends, and by which rule, in words. */
import { containsAddress, parseAddress, parseCidrLoosely } from "../ipam/cidr.js";
import {
  isOutside,
  matches,
  portsOf,
  together,
  type Policy,
  type PolicyMember,
  type PolicyPeer,
  type PolicyRule,
  type PortRange,
} from "./model.js";

export interface Decision {
  verdict: "open" | "partly" | "blocked";
  /** Ports that are let through where not all are. */
  ports: PortRange[];
  /** "allow[0] lets application shop ask service redis on 6379/tcp". */
  why: string;
}

/**
 * Which rule, or the lack of one, decides whether one end may open a connection to another. `source`: the address that the
 * outside asks with, where it is known. Pure.
 */
export function deciding(
  policy: Policy,
  from: PolicyMember | "outside",
  to: PolicyMember | "outside",
  source?: string,
): Decision {
  const open = (why: string): Decision => ({ verdict: "open", ports: [], why });
  if (from === "outside" || to === "outside") {
    if (policy.outside === "open") return open('the outside is "open"');
  } else if (together(policy, from, to)) {
    return open(
      policy.isolate === "none"
        ? "containers are not kept apart"
        : `both are of application ${JSON.stringify(from.application)}`,
    );
  }
  const is = (peer: PolicyPeer, end: PolicyMember | "outside") =>
    end === "outside" ? isOutside(peer) : matches(peer, end);
  const fitting = policy.rules
    .map((rule, index) => ({ rule, index }))
    .filter(({ rule }) => is(rule.from, from) && is(rule.to, to) && covers(rule.from, source));
  if (fitting.length === 0) return { verdict: "blocked", ports: [], why: lack(policy, from, to) };
  const why = fitting.map(({ rule, index }) => `allow[${index}] lets ${ruleText(rule)}`).join("; ");
  const whole = fitting.some(
    ({ rule }) => rule.ports === undefined && ![rule.from, rule.to].some(isCidr),
  );
  if (whole) return open(why);
  return { verdict: "partly", ports: fitting.flatMap(({ rule }) => portsOf(rule) ?? EVERY), why };
}

const EVERY: PortRange[] = (["tcp", "udp"] as const).map((protocol) => ({
  ...{ protocol, first: 1, last: 65_535 },
}));

/** Only peers that are ranges of addresses leave any out. */
function covers(peer: PolicyPeer, source: string | undefined): boolean {
  if (source === undefined || typeof peer === "string" || !("cidr" in peer)) return true;
  const [cidr, address] = [parseCidrLoosely(peer.cidr), parseAddress(source)];
  return cidr !== undefined && address !== undefined && containsAddress(cidr, address);
}

function isCidr(peer: PolicyPeer): boolean {
  return isOutside(peer) && peer !== "outside";
}

function lack(
  { isolate }: Policy,
  from: PolicyMember | "outside",
  to: PolicyMember | "outside",
): string {
  if (from === "outside" || to === "outside")
    return 'no rule allows it, and the outside is "closed"';
  return isolate === "applications"
    ? `no rule allows it between applications ${JSON.stringify(from.application)} and ${JSON.stringify(to.application)}`
    : "no rule allows it between containers";
}

/** `application shop ask service redis on 6379/tcp`. */
export function ruleText({ from, to, ports }: PolicyRule): string {
  return `${peerText(from)} ask ${peerText(to)}${ports === undefined ? "" : ` on ${ports.join(", ")}`}`;
}

function peerText(peer: PolicyPeer): string {
  if (peer === "all") return "every container";
  if (peer === "outside") return "the outside";
  if ("cidr" in peer) return peer.cidr;
  return Object.entries(peer)
    .map(([key, value]) => `${key} ${value}`)
    .join(", ");
}
