/**
 * What lies between a network and the outside whatever its policy says: the outside gets in by published ports alone,
 * and containers get out where the network lets them. A policy can only close more of it.
 */
import {
  isOutside,
  matches,
  portsOf,
  type Policy,
  type PolicyMember,
  type PortRange,
} from "./model.js";

/** A port of a container that a host publishes. */
export interface Entry {
  /** Port inside the container. */
  port: number;
  protocol: "tcp" | "udp";
  /** Where the outside asks: a host's name, or the one address that it is published on. */
  at: string;
  hostPort: number;
}

/** How the outside and the containers of one network reach each other. */
export type Border =
  /** Published ports in, and out where the network lets containers out. */
  | {
      kind: "published";
      /** By container name; absent for none. */
      entries: Readonly<Record<string, readonly Entry[]>>;
      outbound: boolean;
    }
  /** The containers are machines of the hosts' own link: no firewall is in between. */
  | { kind: "link" }
  /** Rules that are not ours decide, and we cannot know them. */
  | { kind: "foreign" };

/** Entries that the policy lets the outside use, in words: `80/tcp at h1:8080`, with the only askers in brackets. */
export function openEntries(
  policy: Policy,
  member: PolicyMember,
  entries: readonly Entry[],
): string[] {
  const open = entries.flatMap((entry) => {
    const askers = askersOf(policy, member, entry);
    return askers === undefined ? [] : [{ entry, askers: askers.join(", ") }];
  });
  const runs: { first: Entry; last: Entry; askers: string }[] = [];
  for (const { entry, askers } of open.sort((a, b) => inOrder(a.entry, b.entry))) {
    const run = runs.at(-1);
    if (run && run.askers === askers && follows(run.last, entry)) run.last = entry;
    else runs.push({ first: entry, last: entry, askers });
  }
  return runs.map(({ first, last, askers }) => {
    const inside = `${span(first.port, last.port)}/${first.protocol}`;
    const outside = `${first.at}:${span(first.hostPort, last.hostPort)}`;
    return `${inside} at ${outside}${askers === "" ? "" : ` (${askers})`}`;
  });
}

type Inside = Pick<Entry, "port" | "protocol">;

/** CIDRs that alone may use an entry, none for everybody; undefined when nobody may. */
export function askersOf(
  policy: Policy,
  member: PolicyMember,
  entry: Inside,
): string[] | undefined {
  if (policy.outside === "open") return [];
  const rules = policy.rules.filter(
    (rule) =>
      isOutside(rule.from) &&
      matches(rule.to, member) &&
      (portsOf(rule)?.some((range) => covers(range, entry)) ?? true),
  );
  if (rules.length === 0) return undefined;
  if (rules.some(({ from }) => from === "outside")) return [];
  const cidrs = rules.flatMap(({ from }) =>
    typeof from === "object" && "cidr" in from ? [from.cidr] : [],
  );
  return [...new Set(cidrs)].sort();
}

function covers({ protocol, first, last }: PortRange, entry: Inside): boolean {
  return protocol === entry.protocol && first <= entry.port && entry.port <= last;
}

function inOrder(a: Entry, b: Entry): number {
  if (a.protocol !== b.protocol) return a.protocol < b.protocol ? -1 : 1;
  if (a.at !== b.at) return a.at < b.at ? -1 : 1;
  return a.port - b.port || a.hostPort - b.hostPort;
}

function follows(before: Entry, entry: Entry): boolean {
  return (
    before.protocol === entry.protocol &&
    before.at === entry.at &&
    before.port + 1 === entry.port &&
    before.hostPort + 1 === entry.hostPort
  );
}

function span(first: number, last: number): string {
  return first === last ? String(first) : `${first}-${last}`;
}
