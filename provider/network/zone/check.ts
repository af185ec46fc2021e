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

/** What is wrong with a network's zone, by property. Unknown values are let through. */
export function zoneProblems(zone: unknown): { property: string; reason: string }[] {
  if (zone === undefined || isUnknown(zone)) return [];
  if (!isRecord(zone))
    return [{ property: "zone", reason: "must be an object: server, zone, key" }];
  const { key, ...rest } = zone;
  if (isUnknown(key)) return problemsOf(rest, ["server", "zone"]);
  if (!isRecord(key)) return [{ property: "zone.key", reason: "must be an object: name, secret" }];
  const given = Object.fromEntries(
    Object.entries(key).map(([name, value]) => [`key.${name}`, value]),
  );
  return problemsOf({ ...rest, ...given }, REQUIRED);
}

function problemsOf(
  given: Readonly<Record<string, unknown>>,
  required: readonly string[],
): { property: string; reason: string }[] {
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
