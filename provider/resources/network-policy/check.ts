import { parsePorts, type PolicyPeer, type PolicyRule } from "../../firewall/model.js";
import { parseCidr } from "../../ipam/cidr.js";
import { DRIVER_FACTS } from "../../ipam/driver-facts.js";
import type { CheckFailure, CheckResult } from "../../lifecycle.js";
import { hasUnknown, isUnknown } from "../../unknown.js";
import { membersOf } from "../network-members.js";
import type { NetworkPolicyInputs } from "./inputs.js";

const PEER_KEYS = ["application", "service", "container", "host", "machine"] as const;

/** Refuses what could not be meant. No I/O; unknown values are let through. */
export async function check(
  _olds: Partial<NetworkPolicyInputs>,
  news: NetworkPolicyInputs,
): Promise<CheckResult<NetworkPolicyInputs>> {
  const failures: CheckFailure[] = [];
  const refuse = (property: string, reason: string | undefined) => {
    if (reason !== undefined) failures.push({ property, reason });
  };
  refuse("isolate", oneOf(news.isolate, ["applications", "containers", "none"]));
  refuse("outside", oneOf(news.outside, ["open", "closed"]));
  refuse("driver", driverProblem(news.driver));
  if (!isUnknown(news.rules)) {
    if (Array.isArray(news.rules))
      news.rules.forEach((rule, index) => {
        for (const [key, reason] of ruleProblems(rule, news))
          refuse(`rules[${index}]${key}`, reason);
      });
    else refuse("rules", "must be a list of rules");
  }
  return { inputs: { ...news, hosts: membersOf(news.hosts) }, failures };
}

function oneOf(value: unknown, allowed: readonly string[]): string | undefined {
  if (isUnknown(value) || (typeof value === "string" && allowed.includes(value))) return undefined;
  return `must be one of ${allowed.join(", ")}, not ${JSON.stringify(value)}`;
}

/** Drivers whose packets all pass the firewall of the host that they come to. */
const FILTERING: readonly unknown[] = Object.entries(DRIVER_FACTS).flatMap(([name, facts]) =>
  facts.filtered ? [name] : [],
);

/** Where packets between containers pass it by, a policy would be an empty promise. */
function driverProblem(driver: unknown): string | undefined {
  if (isUnknown(driver) || FILTERING.includes(driver)) return undefined;
  return `the driver ${JSON.stringify(driver)} carries no policy: its packets pass the hosts' firewall by; use ${FILTERING.join(", ")}`;
}

function* ruleProblems(
  rule: PolicyRule,
  { outside, isolate }: NetworkPolicyInputs,
): Iterable<[string, string]> {
  if (isUnknown(rule)) return;
  for (const end of ["from", "to"] as const) {
    const reason = peerProblem(rule[end]);
    if (reason !== undefined) yield [`.${end}`, reason];
  }
  if (rule.ports !== undefined && !isUnknown(rule.ports)) {
    if (!Array.isArray(rule.ports) || rule.ports.length === 0)
      yield [".ports", 'must be a list of ports such as "80", "8000-8010" or "53/udp"'];
    else
      for (const ports of rule.ports)
        if (!isUnknown(ports) && (typeof ports !== "string" || !parsePorts(ports)))
          yield [
            ".ports",
            `${JSON.stringify(ports)} is no port: write "80", "8000-8010" or "53/udp"`,
          ];
  }
  if (hasUnknown(rule)) return;
  const ends = [rule.from, rule.to];
  const far = ends.filter((peer) => peer === "outside" || (peer !== "all" && "cidr" in peer));
  if (far.length === 2) yield ["", "says nothing of the network: one end must be in it"];
  else if (far.length === 1 && outside === "open")
    yield ["", 'has no effect while outside is "open": set outside: "closed"'];
  else if (far.length === 0 && isolate === "none")
    yield ["", 'has no effect while isolate is "none": containers reach each other without it'];
}

function peerProblem(peer: PolicyPeer): string | undefined {
  if (isUnknown(peer) || peer === "all" || peer === "outside") return undefined;
  if (typeof peer !== "object" || peer === null || Array.isArray(peer))
    return 'must be "all", "outside", or an object of application, service, container, host, machine, or of cidr';
  if ("cidr" in peer) {
    if (isUnknown(peer.cidr)) return undefined;
    return typeof peer.cidr === "string" && parseCidr(peer.cidr)
      ? undefined
      : `cidr must be a network such as 192.0.2.0/24 or 2001:db8::/32, not ${JSON.stringify(peer.cidr)}`;
  }
  const keys = Object.keys(peer);
  const strange = keys.find((key) => !(PEER_KEYS as readonly string[]).includes(key));
  if (strange !== undefined) return `${strange} is none of ${PEER_KEYS.join(", ")}, cidr`;
  if (keys.length === 0) return 'names nobody: write "all" for every container';
  const wrong = keys.find((key) => {
    const value: unknown = peer[key as (typeof PEER_KEYS)[number]];
    return !isUnknown(value) && typeof value !== "string";
  });
  return wrong === undefined ? undefined : `${wrong} must be a name`;
}
