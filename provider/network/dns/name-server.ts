import type { DriverName } from "../../ipam/driver-facts.js";
import { isUnknown } from "../../unknown.js";

/** Who answers a network's names: dnsmasq on each host (the default), Docker's own resolver, or weaveDNS in Weave's router. */
export const NAME_SERVERS = ["dnsmasq", "docker", "weave"] as const;

export type NameServer = (typeof NAME_SERVERS)[number];

/** What weaveDNS answers for. Each network has a part of it of its own. */
export const WEAVE_DOMAIN = "weave.local";

/** What of a network decides who can answer its names. Values may be unknown. */
export interface NamedNetwork {
  names?: unknown;
  driver: DriverName | undefined;
  domain: unknown;
  dnsServers: unknown;
  hosts: readonly { name: string; machine?: boolean }[];
}

interface Problem {
  property: "names" | "domain" | "dnsServers";
  reason: string;
}

/** Why the names cannot be answered as the program asks. */
export function nameServerProblems(network: NamedNetwork): Problem[] {
  const { names } = network;
  if (names === undefined || isUnknown(names)) return [];
  if (names === "dnsmasq") return [];
  if (names === "docker") return dockerProblems(network);
  if (names === "weave") return weaveProblems(network);
  return [
    {
      property: "names",
      reason: `must be one of ${NAME_SERVERS.join(", ")}, not ${quoted(names)}`,
    },
  ];
}

/** Docker knows the containers of its own host; those of others only in a swarm, whose hosts tell each other. */
function dockerProblems({ driver, hosts }: NamedNetwork): Problem[] {
  const refused = (reason: string): Problem[] => [{ property: "names", reason }];
  const machine = hosts.find((host) => host.machine === true);
  if (machine)
    return refused(
      `must be "dnsmasq": Docker's own resolver does not know ${machine.name}, a machine without Docker`,
    );
  if (driver === undefined || driver === "swarm" || hosts.length < 2) return [];
  const all = hosts.map(({ name }) => name).join(", ");
  return refused(
    `must be "dnsmasq": with driver ${driver} Docker's own resolver knows the containers of one host, and the network has ${hosts.length} (${all}); driver swarm has one for all hosts`,
  );
}

function weaveProblems({ driver, domain, dnsServers }: NamedNetwork): Problem[] {
  const problems: Problem[] = [];
  if (driver !== undefined && driver !== "weave")
    problems.push({
      property: "names",
      reason: `must not be "weave" with driver ${driver}: weaveDNS is a part of Weave's router, which driver weave runs`,
    });
  if (typeof domain === "string" && !isUnknown(domain) && !isBelow(domain, WEAVE_DOMAIN))
    problems.push({
      property: "domain",
      reason: `must end in .${WEAVE_DOMAIN}, which is what weaveDNS answers for, such as app.${WEAVE_DOMAIN}`,
    });
  if (Array.isArray(dnsServers) && dnsServers.length > 0)
    problems.push({
      property: "dnsServers",
      reason: "must be left out: weaveDNS asks the host's own resolvers for all other names",
    });
  return problems;
}

/** Its own part of the domain: what is `app` in it is of one network then. */
function isBelow(domain: string, parent: string): boolean {
  return domain.toLowerCase().endsWith(`.${parent}`);
}

function quoted(value: unknown): string {
  return typeof value === "string" ? `"${value.slice(0, 60)}"` : String(value);
}
