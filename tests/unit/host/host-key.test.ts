import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  fingerprintOf,
  hostKeyAlgorithms,
  judgeHostKey,
  knownHostKeys,
} from "../../../provider/host/host-key.js";
import type { SshEndpoint } from "../../../provider/host/connection.js";

const KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIGmTNGNnT4zWyMpS8Nne0pH9Lr1rpoQ4WNCs0JCqLxPp";
const OTHER = "AAAAC3NzaC1lZDI1NTE5AAAAIPmTNGNnT4zWyMpS8Nne0pH9Lr1rpoQ4WNCs0JCqLxPp";
const endpoint: SshEndpoint = {
  address: "10.0.0.1",
  port: 22,
  user: "root",
  key: { kind: "agent" },
};
const hashed = (name: string) => {
  const salt = Buffer.from("0123456789abcdef0123");
  return `|1|${salt.toString("base64")}|${createHmac("sha1", salt).update(name).digest("base64")}`;
};

describe("known_hosts", () => {
  it.each([
    ["a plain entry", `10.0.0.1 ssh-ed25519 ${KEY}`, 22],
    ["one of several names", `web,10.0.0.1,other ssh-ed25519 ${KEY} comment`, 22],
    ["another port", `[10.0.0.1]:2222 ssh-ed25519 ${KEY}`, 2222],
    ["a wildcard", `10.0.0.* ssh-ed25519 ${KEY}`, 22],
    ["a hashed entry", `${hashed("10.0.0.1")} ssh-ed25519 ${KEY}`, 22],
    ["a hashed entry of another port", `${hashed("[10.0.0.1]:2222")} ssh-ed25519 ${KEY}`, 2222],
  ])("finds %s", (_what, line, port) => {
    expect(knownHostKeys(`# comment\n\n${line}\n`, "10.0.0.1", port).blobs).toEqual([KEY]);
  });

  it.each([
    ["another host", `10.0.0.2 ssh-ed25519 ${KEY}`, 22],
    ["another port", `10.0.0.1 ssh-ed25519 ${KEY}`, 2222],
    ["a negated name", `10.0.0.*,!10.0.0.1 ssh-ed25519 ${KEY}`, 22],
    ["a certificate authority", `@cert-authority 10.0.0.1 ssh-ed25519 ${KEY}`, 22],
    ["a dot that is no wildcard", `10.0.0x1 ssh-ed25519 ${KEY}`, 22],
  ])("does not take %s", (_what, line, port) => {
    expect(knownHostKeys(line, "10.0.0.1", port).blobs).toEqual([]);
  });
});

describe("judging a host key", () => {
  const blob = Buffer.from(KEY, "base64");
  const base = { blobs: [], fingerprints: [], revoked: [], source: "hostKeys" };

  it("accepts the pinned key and the pinned fingerprint", () => {
    expect(judgeHostKey(blob, { ...base, blobs: [OTHER, KEY] }, endpoint, "h1")).toBeUndefined();
    const fingerprints = [fingerprintOf(blob)];
    expect(judgeHostKey(blob, { ...base, fingerprints }, endpoint, "h1")).toBeUndefined();
  });

  it("refuses a revoked key even when it is pinned elsewhere in the file", () => {
    const error = judgeHostKey(
      blob,
      { ...base, blobs: [KEY], revoked: [KEY], source: "f" },
      endpoint,
      "h1",
    );
    expect(error?.message).toBe(
      `host h1: the host key of 10.0.0.1:22 is revoked in f\n  - offered: ssh-ed25519 ${fingerprintOf(blob)}\n` +
        "Nothing was sent. Do not connect to this machine before you know why.",
    );
  });

  it("says how to pin an unknown key and how to replace a changed one", () => {
    expect(judgeHostKey(blob, base, endpoint, "h1")?.message).toContain(
      `pin it: hostKeys: ["ssh-ed25519 ${KEY}"].`,
    );
    const changed = judgeHostKey(
      blob,
      { ...base, blobs: [OTHER], source: "/k" },
      { ...endpoint, port: 2222 },
      "h1",
    );
    expect(changed?.message).toContain("ssh-keygen -R '[10.0.0.1]:2222'");
    expect(changed?.message).toContain(
      `expected: ${fingerprintOf(Buffer.from(OTHER, "base64"))} (from /k)`,
    );
  });

  it("asks the server for the kind of key that is known", () => {
    expect(hostKeyAlgorithms({ ...base, blobs: [KEY] })).toEqual([["ssh-ed25519"]]);
    expect(hostKeyAlgorithms({ ...base, fingerprints: ["SHA256:x"] })[0]).toEqual(["ssh-ed25519"]);
    expect(hostKeyAlgorithms(base)).toHaveLength(1);
    expect(hostKeyAlgorithms(base)[0]).not.toContain("ssh-rsa");
  });
});
