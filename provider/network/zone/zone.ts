/**
 * A zone of a name server that has the network's names as well. The server takes signed updates (RFC 2136, TSIG), and hands the
 * zone out (AXFR) to the same key, as BIND does with `allow-update` and `allow-transfer`.
 */
export interface NetworkZone {
  /** IPv4 address of the primary server. */
  server: string;
  /** Default 53. */
  port?: number;
  /** The zone: `app-1` is `app-1.<zone>` there. */
  zone: string;
  /** The zone of the addresses, such as `101.10.in-addr.arpa`. Absent: no reverse records. */
  reverseZone?: string;
  /** Seconds that others may remember an answer. Default 1. */
  ttl?: number;
  key: {
    name: string;
    /** Default "hmac-sha256". */
    algorithm?: string;
    /** Base64, as tsig-keygen prints it. */
    secret: string;
  };
}

/** What a host needs for it, and the Debian and Ubuntu package of each. */
export const ZONE_PROGRAMS: Readonly<Record<string, string>> = {
  dig: "bind9-dnsutils",
  nsupdate: "bind9-dnsutils",
};

/** The zone as the program on the host reads it. */
export function zoneSettings(zone: NetworkZone | undefined): Record<string, string> {
  if (!zone) return {};
  return {
    zone: zone.zone,
    zoneserver: zone.server,
    zoneport: String(zone.port ?? 53),
    zonettl: String(zone.ttl ?? 1),
    zonekey: zone.key.name,
    zonealgorithm: zone.key.algorithm ?? "hmac-sha256",
    ...(zone.reverseZone === undefined ? {} : { zonereverse: zone.reverseZone }),
  };
}

export function zoneSecrets(zone: NetworkZone | undefined): Record<string, string> {
  return zone ? { tsig: zone.key.secret } : {};
}
