/** A zone of a name server that has the network's names as well. */
export type NetworkZone = ExistingZone | OwnZone;

interface ZoneNames {
  /** The zone: `app-1` is `app-1.<zone>` there. */
  zone: string;
  /** The zone of the addresses, such as `101.10.in-addr.arpa`. Absent: no reverse records of IPv4. */
  reverseZone?: string;
  /** The zone of the IPv6 addresses, such as `1.0.1.0.0.0.d.f.ip6.arpa`. Absent: no reverse records of IPv6. */
  reverseZone6?: string;
  /** Default 53. */
  port?: number;
  /** Seconds that others may remember an answer. Default 1. */
  ttl?: number;
}

/**
 * Of somebody's server, which takes signed updates (RFC 2136, TSIG), and hands the zone out (AXFR) to the same key, as BIND does with
 * `allow-update` and `allow-transfer`.
 */
export interface ExistingZone extends ZoneNames {
  /** IPv4 address of the primary server. */
  server: string;
  key: {
    name: string;
    /** Default "hmac-sha256". */
    algorithm?: string;
    /** Base64, as tsig-keygen prints it. */
    secret: string;
  };
}

/** Of servers that we run: BIND on each of these hosts of the network, at the host's own address. */
export interface OwnZone extends ZoneNames {
  /** Logical names; at least one. */
  hosts: string[];
}

/** What a host needs for it, and the Debian and Ubuntu package of each. */
const ASKING: Readonly<Record<string, string>> = {
  dig: "bind9-dnsutils",
  nsupdate: "bind9-dnsutils",
};
export const SERVING: Readonly<Record<string, string>> = { named: "bind9" };

/** Programs that a host with these settings needs for its zone. */
export function zonePrograms(settings: Readonly<Record<string, string>>): Record<string, string> {
  return {
    ...("zone" in settings ? ASKING : {}),
    ...("zoneservers" in settings ? SERVING : {}),
  };
}

/** The zone as the program on a host reads it: nothing where others look after it. */
export function zoneSettings(
  zone: NetworkZone | undefined,
  host: string,
  hosts: readonly { name: string; underlay: string }[],
): Record<string, string> {
  if (!zone) return {};
  if (!isOwn(zone))
    return {
      ...namesOf(zone, zone.server),
      ...{ zonekey: zone.key.name, zonealgorithm: zone.key.algorithm ?? "hmac-sha256" },
      ...reverseOf(zone),
    };
  const servers = hosts.filter(({ name }) => zone.hosts.includes(name));
  const own = servers.find(({ name }) => name === host);
  if (!own) return {};
  return {
    ...namesOf(zone, own.underlay),
    ...reverseOf(zone),
    zoneservers: servers.map(({ underlay }) => underlay).join(","),
  };
}

export function zoneSecrets(zone: NetworkZone | undefined): Record<string, string> {
  return zone && !isOwn(zone) ? { tsig: zone.key.secret } : {};
}

function isOwn(zone: NetworkZone): zone is OwnZone {
  return "hosts" in zone;
}

function namesOf({ zone, port = 53, ttl = 1 }: ZoneNames, server: string): Record<string, string> {
  return { zone, zoneserver: server, zoneport: String(port), zonettl: String(ttl) };
}

function reverseOf({ reverseZone, reverseZone6 }: ZoneNames): Record<string, string> {
  return {
    ...(reverseZone === undefined ? {} : { zonereverse: reverseZone }),
    ...(reverseZone6 === undefined ? {} : { zonereverse6: reverseZone6 }),
  };
}
