/**
 * Which end of a connection a rule means. "all" is every container and machine of the network, and nobody outside; absent
 * keys match everything; a CIDR is an address outside the network.
 */
export type PolicyPeer =
  | "all"
  | "outside"
  | { application?: string; service?: string; container?: string; host?: string; machine?: string }
  | { cidr: string };

/** Lets `from` connect to `to`. Answers are let through with it. */
export interface PolicyRule {
  from: PolicyPeer;
  to: PolicyPeer;
  /** Ports of `to` inside the container: "80", "8000-8010", "53/udp". @default every port and protocol */
  ports?: string[];
}

/** A container's end of the network, or a machine's. */
export interface PolicyMember {
  name: string;
  application: string;
  /** What several containers have in common: the type. */
  service: string;
  host: string;
  address: string;
  /**
   * It is a machine without Docker: no rules are on it, so hosts judge what their containers ask of it too, and nobody what
   * machines ask of each other. Its own name is its service and host. Absent: a container.
   */
  machine?: true;
  /** Ports of it are open on every host: connections from outside may come by any of them. */
  ingress?: boolean;
  /** Ports that its host publishes. */
  published?: PublishedPort[];
}

export interface PublishedPort {
  /** Port inside the container. */
  port: number;
  hostPort: number;
  protocol: "tcp" | "udp";
  /** The one address of the host that it is published on. Absent: all of them. */
  hostAddress?: string;
}

/** Who may connect within one network, and from it to the outside. */
export interface Policy {
  /** Containers that reach each other without a rule: those of one application, none, or all. */
  isolate: "applications" | "containers" | "none";
  /** Without a rule, connections from and to the outside are let through ("open": the network decides) or not. */
  outside: "open" | "closed";
  rules: PolicyRule[];
  members: PolicyMember[];
}

export interface PortRange {
  protocol: "tcp" | "udp";
  first: number;
  last: number;
}

const PORTS = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp))?$/;

/** Undefined when the text names no ports. */
export function parsePorts(text: string): PortRange | undefined {
  const match = PORTS.exec(text);
  if (!match) return undefined;
  const first = Number(match[1]);
  const last = Number(match[2] ?? match[1]);
  if (first < 1 || last > 65_535 || first > last) return undefined;
  return { protocol: match[3] === "udp" ? "udp" : "tcp", first, last };
}

export function formatPorts({ protocol, first, last }: PortRange): string {
  return `${first === last ? first : `${first}-${last}`}/${protocol}`;
}

/** Ranges of a rule; undefined for every port and protocol. */
export function portsOf({ ports }: PolicyRule): PortRange[] | undefined {
  return ports?.flatMap((text) => parsePorts(text) ?? []);
}

export function isOutside(peer: PolicyPeer): peer is "outside" | { cidr: string } {
  return peer === "outside" || (peer !== "all" && "cidr" in peer);
}

/** Whether a rule's end means this container or machine. */
export function matches(peer: PolicyPeer, member: PolicyMember): boolean {
  if (peer === "all") return true;
  if (isOutside(peer)) return false;
  return (
    (peer.application === undefined || peer.application === member.application) &&
    (peer.service === undefined || peer.service === member.service) &&
    (peer.container === undefined || (!member.machine && peer.container === member.name)) &&
    (peer.machine === undefined || (member.machine === true && peer.machine === member.name)) &&
    (peer.host === undefined || peer.host === member.host)
  );
}

/** Without any rule. */
export function together(policy: Policy, a: PolicyMember, b: PolicyMember): boolean {
  if (a.machine && b.machine) return true;
  switch (policy.isolate) {
    case "none":
      return true;
    case "containers":
      return a.address === b.address;
    case "applications":
      return a.application === b.application;
  }
}
