/**
 * A policy as iptables rules of one host. A host guards its own containers: it decides about what comes to them from the
 * network, and about what goes between them and the outside, and guards machines without Docker from them. So every host's rules grow with its own containers and the
 * groups they talk to, not with the square of the network.
 *
 * TCP is not tracked within a network (that is what keeps it fast), so an answer is a segment from the asked port that
 * opens no connection; everything else is tracked, and an answer is what connection tracking calls one. Every packet is judged
 * anew, answers by the rule that lets the question through, which is why a change also ends connections that are no longer
 * allowed.
 */
import { doors, proxied } from "./proxied.js";
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

export interface PolicySite {
  vni: number;
  /** Name of the host that the rules are for. */
  host: string;
  /** Each host's part of the CIDR, by the host's name: what is in that of another host, that host judges. */
  blocks: Readonly<Record<string, string>>;
  /** Addresses of all hosts on the network: the hosts themselves reach their containers. */
  gateways: readonly string[];
}

const ANSWERS = "-m conntrack --ctstate RELATED,ESTABLISHED --ctdir REPLY";

/** Lines of iptables-restore for the table filter, of the family of the members' addresses: chains first, then their rules. */
export function renderPolicy(policy: Policy, site: PolicySite, family: 4 | 6 = 4): string {
  const base = `CLK-P-${site.vni}`;
  const members = [...policy.members].sort((a, b) => (a.address < b.address ? -1 : 1));
  const local = members.filter(({ host, machine }) => host === site.host && !machine);
  const guarded = [...local, ...members.filter(({ machine }) => machine)];
  const sets = new AddressSets(base);
  const rules: string[] = [];
  const add = (chain: string, ...words: string[]) =>
    rules.push(`-A ${chain} ${words.filter((word) => word !== "").join(" ")}`);

  for (const gateway of site.gateways) add(base, `-s ${gateway} -j ACCEPT`);
  add(base, "-m conntrack --ctstate RELATED -j ACCEPT");
  const chains: string[] = [];
  guarded.forEach((member, index) => {
    const chain = `${base}-d${index}`;
    chains.push(chain);
    add(base, `-d ${member.address} -j ${chain}`);
    for (const words of inside(policy, member, members, sets)) add(chain, words);
    add(chain, "-j DROP");
  });
  for (const range of elsewhere(members, site)) add(base, range);
  add(base, "-j DROP"); // nobody that the policy knows

  const entered = members.filter((member) => member.ingress === true || local.includes(member));
  for (const [chain, lines] of outside(policy, { from: entered, to: local })) {
    chains.push(`${base}-${chain}`);
    for (const words of lines) add(`${base}-${chain}`, words);
  }
  const inOrder = { ...policy, members };
  for (const asked of [proxied(inOrder, site, family), doors(inOrder, site, family)]) {
    chains.push(...asked.chains);
    rules.push(...asked.rules);
  }
  return linesOf([base, ...chains, ...sets.names()], [...sets.lines(), ...rules]);
}

/** The same of a family in which the network has no addresses: Docker's proxy answers there all the same. Empty for none. */
export function renderDoors(policy: Policy, site: PolicySite, family: 4 | 6): string {
  const { chains, rules } = doors(policy, site, family);
  return linesOf(chains, rules);
}

function linesOf(chains: readonly string[], rules: readonly string[]): string {
  return [...chains.map((chain) => `:${chain} - [0:0]`), ...rules]
    .map((line) => `${line}\n`)
    .join("");
}

/** What other hosts judge: containers with an address out of their host's block, then blocks but this host's. */
function elsewhere(members: readonly PolicyMember[], { host, blocks }: PolicySite): string[] {
  const strays = members.filter(
    (member) =>
      member.host !== host && !member.machine && !inBlock(member.address, blocks[member.host]),
  );
  const { [host]: own, ...others } = blocks;
  return [
    ...strays.map(({ address }) => `-d ${address} -j ACCEPT`),
    ...(own === undefined ? [] : [`-d ${own} -j DROP`]),
    ...Object.values(others)
      .sort()
      .map((block) => `-d ${block} -j ACCEPT`),
  ];
}

function inBlock(address: string, block: string | undefined): boolean {
  const parsed = parseAddress(address);
  const cidr = block === undefined ? undefined : parseCidrLoosely(block);
  return parsed !== undefined && cidr !== undefined && containsAddress(cidr, parsed);
}

/** What may come to a container from the network: by whom it is asked, and answers of whom it asks. */
function inside(
  policy: Policy,
  member: PolicyMember,
  members: readonly PolicyMember[],
  sets: AddressSets,
): string[] {
  const lines = [`-j ${sets.of(members.filter((other) => together(policy, other, member)))}`];
  for (const rule of policy.rules) {
    if (matches(rule.to, member)) {
      const asking = members.filter((other) => matches(rule.from, other));
      if (asking.length > 0)
        for (const ports of wordsOf(rule, "--dport")) lines.push(`${ports} -j ${sets.of(asking)}`);
    }
    if (matches(rule.from, member)) {
      const asked = members.filter((other) => matches(rule.to, other));
      if (asked.length === 0) continue;
      for (const ports of wordsOf(rule, "--sport")) {
        const set = sets.of(asked);
        if (!ports.startsWith("-p tcp")) lines.push(`${ports} ${ANSWERS} -j ${set}`);
        if (!ports.startsWith("-p udp")) lines.push(`${ports || "-p tcp"} ! --syn -j ${set}`);
      }
    }
  }
  return [...new Set(lines)].map((line) => line.trim());
}

/**
 * What may come from and go to the outside; RETURN leaves it to the network's own rules. Connections to ports that are open
 * on every host are judged where they enter, whatever host the container is on.
 */
function outside(
  policy: Policy,
  guarded: { from: readonly PolicyMember[]; to: readonly PolicyMember[] },
): [string, string[]][] {
  const chain = (own: "to" | "from"): string[] => {
    if (policy.outside === "open") return ["-j RETURN"];
    const far = own === "to" ? "from" : "to";
    const [ownFlag, farFlag] = own === "to" ? ["-d", "-s"] : ["-s", "-d"];
    const lines = ["-m conntrack --ctstate RELATED -j RETURN"];
    const kinds = [
      [own, far, "--dport", ""], // questions in this direction
      [far, own, "--sport", ANSWERS], // answers to questions in the other one
    ] as const;
    for (const [end, otherEnd, port, more] of kinds)
      for (const rule of policy.rules) {
        const address = farWords(rule[otherEnd], farFlag);
        if (address === undefined) continue;
        for (const member of guarded[otherEnd].filter((each) => matches(rule[end], each)))
          for (const ports of wordsOf(rule, port))
            lines.push(`${ownFlag} ${member.address} ${address} ${ports} ${more} -j RETURN`);
      }
    return [...lines, "-j DROP"].map((line) => line.replace(/ +/g, " "));
  };
  return [
    ["from", chain("to")],
    ["to", chain("from")],
  ];
}

function farWords(peer: PolicyPeer, flag: string): string | undefined {
  if (peer === "outside") return "";
  return isOutside(peer) ? `${flag} ${peer.cidr}` : undefined; // "all" is every container, and nobody else
}

/** One match for each range of ports; one that is empty for all. */
function wordsOf(rule: PolicyRule, flag: "--dport" | "--sport"): string[] {
  const ranges = portsOf(rule);
  if (!ranges) return [""];
  return ranges.map(
    ({ protocol, first, last }: PortRange) =>
      `-p ${protocol} ${flag} ${first === last ? first : `${first}:${last}`}`,
  );
}

/** Chains that accept what comes from a set of containers; equal sets share one. */
class AddressSets {
  private readonly byKey = new Map<string, { name: string; addresses: string[] }>();

  constructor(private readonly base: string) {}

  of(members: readonly PolicyMember[]): string {
    const addresses = [...new Set(members.map(({ address }) => address))].sort();
    const key = addresses.join(" ");
    let set = this.byKey.get(key);
    if (!set) this.byKey.set(key, (set = { name: `${this.base}-s${this.byKey.size}`, addresses }));
    return set.name;
  }

  names(): string[] {
    return [...this.byKey.values()].map(({ name }) => name);
  }

  lines(): string[] {
    return [...this.byKey.values()].flatMap(({ name, addresses }) =>
      addresses.map((address) => `-A ${name} -s ${address} -j ACCEPT`),
    );
  }
}
