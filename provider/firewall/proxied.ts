import { parseAddress } from "../ipam/cidr.js";
import {
  matches,
  portsOf,
  together,
  type Policy,
  type PolicyMember,
  type PublishedPort,
} from "./model.js";

/**
 * Docker's userland proxy is a process of the host, and hosts reach all containers: so what containers of the network ask of
 * it has to be judged where they ask the host. One chain for the host, and one for each set of those who may ask; whoever
 * may not is stopped, everything else goes on to the host's own rules.
 */
export function proxied(
  policy: Policy,
  members: readonly PolicyMember[],
  site: { vni: number; host: string; gateways: readonly string[] },
): { chains: string[]; rules: string[] } {
  const published = members
    .filter(({ host }) => host === site.host)
    .flatMap((member) =>
      (member.published ?? [])
        .filter(({ hostAddress }) => isAskedOf(hostAddress, member))
        .map((port) => ({ member, port })),
    );
  if (published.length === 0) return { chains: [], rules: [] };
  const base = `CLK-P-${site.vni}`;
  const gates = new Map<string, string>();
  const rules: string[] = [];
  for (const gateway of site.gateways) rules.push(`-A ${base}-host -s ${gateway} -j RETURN`);
  for (const { member, port } of published) {
    const askers = members.filter((other) => mayAsk(policy, other, member, port));
    const addresses = [...new Set(askers.map(({ address }) => address))].sort();
    const key = addresses.join(" ");
    let gate = gates.get(key);
    if (gate === undefined) {
      gates.set(key, (gate = `${base}-h${gates.size}`));
      for (const address of addresses) rules.push(`-A ${gate} -s ${address} -j RETURN`);
      rules.push(`-A ${gate} -j DROP`);
    }
    const at = port.hostAddress === undefined ? "" : `-d ${port.hostAddress} `;
    rules.push(`-A ${base}-host ${at}-p ${port.protocol} --dport ${port.hostPort} -j ${gate}`);
  }
  return { chains: [`${base}-host`, ...gates.values()], rules };
}

/** A port on one address of the host is asked for in that family alone. */
function isAskedOf(hostAddress: string | undefined, { address }: PolicyMember): boolean {
  return (
    hostAddress === undefined || parseAddress(hostAddress)?.family === parseAddress(address)?.family
  );
}

function mayAsk(
  policy: Policy,
  from: PolicyMember,
  to: PolicyMember,
  { port, protocol }: PublishedPort,
): boolean {
  if (together(policy, from, to)) return true;
  return policy.rules.some(
    (rule) =>
      matches(rule.from, from) &&
      matches(rule.to, to) &&
      (portsOf(rule)?.some(
        (range) => range.protocol === protocol && range.first <= port && port <= range.last,
      ) ??
        true),
  );
}
