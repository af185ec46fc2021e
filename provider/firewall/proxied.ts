import { parseAddress } from "../ipam/cidr.js";
import { askersOf } from "./border.js";
import {
  matches,
  portsOf,
  together,
  type Policy,
  type PolicyMember,
  type PublishedPort,
} from "./model.js";

/**
 * What is asked of the host itself. Docker's userland proxy is a process of the host, and hosts reach all containers: so what is
 * asked of it has to be judged where the host is asked, by one chain for those of the network and one for everybody else.
 */
export interface AtTheHost {
  chains: string[];
  rules: string[];
}

interface Site {
  vni: number;
  host: string;
  gateways: readonly string[];
}

interface Asked {
  member: PolicyMember;
  port: PublishedPort;
}

/**
 * Asked by containers and machines of the network, at any address of the host: a chain for the host, and one for each set of those who
 * may ask a port; whoever may not is stopped. With a closed outside the host's own services are the outside too, as far as containers ask;
 * everything else goes on to the host's own rules. `family` is that of the members' addresses.
 */
export function proxied(policy: Policy, site: Site, family: 4 | 6): AtTheHost {
  const { members } = policy;
  const published = publishedAt(members, site.host, family);
  const closed = policy.outside === "closed";
  if (published.length === 0 && !closed) return { chains: [], rules: [] };
  const base = `CLK-P-${site.vni}`;
  const gates = new Map<string, string>();
  const rules: string[] = [];
  const add = (words: string) => rules.push(`-A ${base}-host ${words}`);
  if (closed) add("-m conntrack --ctstate RELATED,ESTABLISHED --ctdir REPLY -j RETURN");
  for (const gateway of site.gateways) add(`-s ${gateway} -j RETURN`);
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
    add(`${wordsOf(port)} -j ${gate}`);
    if (closed) add(`${wordsOf(port)} -j RETURN`);
  }
  if (closed) {
    for (const { address } of members.filter(({ machine }) => machine))
      add(`-s ${address} -j RETURN`);
    add(`-j ${base}-to`);
  }
  return { chains: [`${base}-host`, ...gates.values()], rules };
}

/**
 * Asked by everybody else, where the outside is closed: at addresses for which Docker translates nothing, its proxy answers, and asks
 * the container in the host's name. So it is at a host's IPv6 addresses, whether or not the network has IPv6 itself.
 */
export function doors(policy: Policy, site: Pick<Site, "vni" | "host">, family: 4 | 6): AtTheHost {
  const published = publishedAt(policy.members, site.host, family);
  if (policy.outside === "open" || published.length === 0) return { chains: [], rules: [] };
  const chain = `CLK-P-${site.vni}-door`;
  const rules = published.flatMap(({ member, port }) => {
    const askers = askersOf(policy, member, port);
    const open = askers?.length === 0 ? [""] : (askers ?? []).map((cidr) => `-s ${cidr} `);
    return [
      ...open.map((from) => `-A ${chain} ${from}${wordsOf(port)} -j RETURN`),
      `-A ${chain} ${wordsOf(port)} -j DROP`,
    ];
  });
  return { chains: [chain], rules };
}

/** A port on one address of the host is asked for in that family alone. */
function publishedAt(members: readonly PolicyMember[], host: string, family: 4 | 6): Asked[] {
  return members
    .filter((member) => member.host === host)
    .flatMap((member) =>
      (member.published ?? [])
        .filter(
          ({ hostAddress }) =>
            hostAddress === undefined || parseAddress(hostAddress)?.family === family,
        )
        .map((port) => ({ member, port })),
    );
}

function wordsOf({ hostAddress, protocol, hostPort }: PublishedPort): string {
  const at = hostAddress === undefined ? "" : `-d ${hostAddress} `;
  return `${at}-p ${protocol} --dport ${hostPort}`;
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
