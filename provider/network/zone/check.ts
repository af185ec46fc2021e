import { parseAddress } from "../../ipam/cidr.js";
import { isUnknown } from "../../unknown.js";
import { isRecord } from "../../validation/problems.js";

const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;
const ALGORITHMS = ["hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512"];

type Rule = (value: unknown) => string | undefined;

const RULES: Readonly<Record<string, Rule>> = {
  server: (value) =>
    typeof value === "string" && parseAddress(value)?.family === 4
      ? undefined
      : "must be the IPv4 address of the zone's primary server",
  port: whole(1, 65_535),
  zone: (value) =>
    isZone(value) ? undefined : "must be a zone in small letters, such as app.example.org",
  reverseZone: (value) =>
    isZone(value) && value.endsWith(".in-addr.arpa")
      ? undefined
      : "must be a zone of addresses, such as 101.10.in-addr.arpa",
  reverseZone6: (value) =>
    isZone(value) && /^([0-9a-f]\.){1,31}ip6\.arpa$/.test(value)
      ? undefined
      : "must be a zone of IPv6 addresses, such as 1.0.1.0.0.0.d.f.ip6.arpa",
  ttl: whole(1, 86_400),
  "key.name": (value) => (isZone(value) ? undefined : "must be the key's name in small letters"),
  "key.algorithm": (value) =>
    ALGORITHMS.includes(String(value)) ? undefined : `must be one of ${ALGORITHMS.join(", ")}`,
  "key.secret": (value) =>
    typeof value === "string" && /^[A-Za-z0-9+/]{16,}={0,2}$/.test(value)
      ? undefined
      : "must be the key's secret in base64, as tsig-keygen prints it",
};

const REQUIRED = ["server", "zone", "key.name", "key.secret"];

interface Problem {
  property: string;
  reason: string;
}

/** What is wrong with a network's zone, by property. Unknown values are let through. */
export function zoneProblems(zone: unknown, hosts: unknown = []): Problem[] {
  if (zone === undefined || isUnknown(zone)) return [];
  if (!isRecord(zone))
    return [
      { property: "zone", reason: "must be an object: server, zone, key; or hosts, and zone" },
    ];
  if (zone["hosts"] !== undefined) return ownProblems(zone, hosts);
  const { key, ...rest } = zone;
  if (isUnknown(key)) return problemsOf(rest, ["server", "zone"]);
  if (!isRecord(key)) return [{ property: "zone.key", reason: "must be an object: name, secret" }];
  const given = Object.fromEntries(
    Object.entries(key).map(([name, value]) => [`key.${name}`, value]),
  );
  return problemsOf({ ...rest, ...given }, REQUIRED);
}

/** Of a zone on servers that we run. */
function ownProblems(
  { hosts: wanted, server, key, ...rest }: Readonly<Record<string, unknown>>,
  hosts: unknown,
): Problem[] {
  const foreign = Object.entries({ server, key }).flatMap(([name, value]) =>
    value === undefined
      ? []
      : [
          {
            property: `zone.${name}`,
            reason: "must be left out: the hosts have servers of their own",
          },
        ],
  );
  const reason = isUnknown(wanted) ? undefined : serversProblem(wanted, hosts);
  const own = reason === undefined ? [] : [{ property: "zone.hosts", reason }];
  return [...foreign, ...own, ...problemsOf(rest, ["zone"])];
}

function serversProblem(wanted: unknown, hosts: unknown): string | undefined {
  if (!Array.isArray(wanted) || wanted.length === 0) return "must be a list of the network's hosts";
  if (isUnknown(hosts) || !Array.isArray(hosts)) return undefined;
  const known = (hosts as unknown[]).filter(isRecord);
  const stranger = (wanted as unknown[]).find(
    (name) =>
      !isUnknown(name) &&
      !known.some((host) => isUnknown(host["name"]) || (host["name"] === name && !host["machine"])),
  );
  if (stranger === undefined) return undefined;
  const names = known.filter((host) => !host["machine"]).map((host) => String(host["name"]));
  return `has ${JSON.stringify(stranger)}, which is no host of the network: those are ${names.join(", ")}`;
}

function problemsOf(
  given: Readonly<Record<string, unknown>>,
  required: readonly string[],
): Problem[] {
  const missing = required
    .filter((name) => given[name] === undefined)
    .map((name) => ({ property: `zone.${name}`, reason: "must be given" }));
  const wrong = Object.entries(given).flatMap(([name, value]) => {
    if (value === undefined || isUnknown(value)) return [];
    const rule = Object.hasOwn(RULES, name) ? RULES[name] : undefined;
    const reason = rule ? rule(value) : "is no property of a zone";
    return reason === undefined ? [] : [{ property: `zone.${name}`, reason }];
  });
  return [...missing, ...wrong];
}

function isZone(value: unknown): value is string {
  return (
    typeof value === "string" &&
    value.length <= 200 &&
    value.split(".").every((label) => LABEL.test(label))
  );
}

function whole(min: number, max: number): Rule {
  return (value) =>
    typeof value === "number" && Number.isInteger(value) && value >= min && value <= max
      ? undefined
      : `must be a whole number from ${min} to ${max}`;
}
