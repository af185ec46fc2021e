import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { CloudError } from "../errors.js";
import type { SshEndpoint } from "./connection.js";

/** What is known of a host's key before we connect. */
export interface ExpectedKeys {
  /** Full keys, as base64 blobs. */
  blobs: string[];
  /** `SHA256:...` fingerprints. */
  fingerprints: string[];
  /** Keys that must never be accepted. */
  revoked: string[];
  /** Where they come from, for messages. */
  source: string;
}

export function fingerprintOf(blob: Buffer): string {
  return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
}

/** The algorithm's name inside a key blob: `ssh-ed25519`. */
export function keyTypeOf(blob: Buffer): string {
  if (blob.length < 4) return "unknown";
  const length = blob.readUInt32BE(0);
  return length <= 64 ? blob.subarray(4, 4 + length).toString("ascii") : "unknown";
}

/** The pinned keys, else what known_hosts holds for the address. */
export function expectedKeys(endpoint: SshEndpoint): ExpectedKeys {
  const pinned = endpoint.hostKeys ?? [];
  if (pinned.length > 0)
    return {
      blobs: pinned
        .filter((key) => !key.startsWith("SHA256:"))
        .map((key) => key.split(/\s+/)[1] ?? ""),
      fingerprints: pinned
        .filter((key) => key.startsWith("SHA256:"))
        .map((key) => key.replace(/=+$/, "")),
      revoked: [],
      source: "hostKeys",
    };
  const file = endpoint.knownHosts ?? join(homedir(), ".ssh", "known_hosts");
  return { ...knownHostKeys(readIfPresent(file), endpoint.address, endpoint.port), source: file };
}

/** Looks an address up in the text of a known_hosts file: plain, [host]:port, wildcard, negated and hashed entries. */
export function knownHostKeys(
  text: string,
  address: string,
  port: number,
): Omit<ExpectedKeys, "source"> {
  const name = port === 22 ? address.toLowerCase() : `[${address.toLowerCase()}]:${port}`;
  const blobs: string[] = [];
  const revoked: string[] = [];
  for (const line of text.split("\n")) {
    const words = line.trim().split(/\s+/);
    const marker = words[0]?.startsWith("@") ? words.shift() : undefined;
    const [patterns, , blob] = words;
    if (patterns === undefined || blob === undefined || patterns.startsWith("#")) continue;
    if (!matches(patterns, name)) continue;
    if (marker === "@revoked") revoked.push(blob);
    else if (marker === undefined) blobs.push(blob);
  }
  return { blobs, fingerprints: [], revoked };
}

/** Undefined when the key is the expected one; otherwise the refusal, with how to go on. */
export function judgeHostKey(
  blob: Buffer,
  expected: ExpectedKeys,
  endpoint: SshEndpoint,
  host: string,
): CloudError | undefined {
  const encoded = blob.toString("base64");
  const fingerprint = fingerprintOf(blob);
  const type = keyTypeOf(blob);
  const where = `${endpoint.address}:${endpoint.port}`;
  if (expected.revoked.includes(encoded))
    return new CloudError("host-key", `the host key of ${where} is revoked in ${expected.source}`, {
      host,
      reasons: [`offered: ${type} ${fingerprint}`],
      hint: "Nothing was sent. Do not connect to this machine before you know why.",
    });
  if (expected.blobs.includes(encoded) || expected.fingerprints.includes(fingerprint))
    return undefined;
  const known = [
    ...expected.blobs.map((key) => fingerprintOf(Buffer.from(key, "base64"))),
    ...expected.fingerprints,
  ];
  if (known.length === 0)
    return new CloudError("host-key", `the host key of ${where} is not known`, {
      host,
      reasons: [`offered: ${type} ${fingerprint}`],
      hint:
        `Nothing was sent. If this fingerprint is the host's own (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub on its console), ` +
        `pin it: hostKeys: ["${type} ${encoded}"].`,
    });
  return new CloudError("host-key", `the host key of ${where} has changed`, {
    host,
    reasons: [
      `expected: ${known.join(" or ")} (from ${expected.source})`,
      `offered:  ${fingerprint} (${type})`,
    ],
    hint:
      "Nothing was sent. If the machine was reinstalled, " +
      (expected.source === "hostKeys"
        ? `change its hostKeys to ["${type} ${encoded}"]; `
        : `remove its line (ssh-keygen -R '${endpoint.port === 22 ? endpoint.address : `[${endpoint.address}]:${endpoint.port}`}') and pin the new key; `) +
      "otherwise someone may be in between.",
  });
}

/**
 * The host key algorithms to offer, as groups to try in turn. With full keys only their types are offered, so that
 * the server shows the key we know. A fingerprint does not tell its type.
 */
export function hostKeyAlgorithms(expected: ExpectedKeys): string[][] {
  const types = new Set(expected.blobs.map((blob) => keyTypeOf(Buffer.from(blob, "base64"))));
  const groups = [
    { type: /^ssh-ed25519$/, algorithms: ["ssh-ed25519"] },
    {
      type: /^ecdsa-/,
      algorithms: ["ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"],
    },
    { type: /^ssh-rsa$/, algorithms: ["rsa-sha2-512", "rsa-sha2-256"] },
  ];
  const all = groups.map((group) => group.algorithms);
  if (expected.fingerprints.length > 0) return all;
  const wanted = groups.filter((group) => [...types].some((type) => group.type.test(type)));
  return [wanted.length > 0 ? wanted.flatMap((group) => group.algorithms) : all.flat()];
}

function matches(patterns: string, name: string): boolean {
  if (patterns.startsWith("|1|")) {
    const [, , salt, hash] = patterns.split("|");
    if (salt === undefined || hash === undefined) return false;
    const wanted = Buffer.from(hash, "base64");
    const actual = createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest();
    return wanted.length === actual.length && timingSafeEqual(wanted, actual);
  }
  let found = false;
  for (const pattern of patterns.toLowerCase().split(",")) {
    const negated = pattern.startsWith("!");
    if (!globMatches(negated ? pattern.slice(1) : pattern, name)) continue;
    if (negated) return false;
    found = true;
  }
  return found;
}

function globMatches(pattern: string, name: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`).test(name);
}

function readIfPresent(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
