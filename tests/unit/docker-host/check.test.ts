import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { check, DEFAULTS } from "../../../provider/resources/docker-host/check.js";
import { diff } from "../../../provider/resources/docker-host/diff.js";
import { upcast } from "../../../provider/resources/docker-host/state.js";
import type {
  DockerHostInputs,
  DockerHostState,
} from "../../../provider/resources/docker-host/inputs.js";
import { UNKNOWN } from "../../../provider/unknown.js";

const good = {
  meta: { project: "p", stack: "s", name: "h1", urn: "" },
  access: {
    kind: "ssh",
    name: "h1",
    address: "10.0.0.1",
    port: 22,
    user: "root",
    key: { kind: "agent" },
    sudo: false,
    dockerSocket: "/var/run/docker.sock",
    parallelStarts: 0,
    whenUnreachable: "fail",
  },
  ...DEFAULTS,
} satisfies DockerHostInputs;

const failuresOf = async (inputs: unknown) =>
  (await check({}, inputs as DockerHostInputs)).failures ?? [];
const withAccess = (more: object) => ({ ...good, access: { ...good.access, ...more } });
const { access: _access, ...withoutAccess } = good;

describe("DockerHost check", () => {
  it("takes good inputs and fills in defaults", async () => {
    expect(await check({}, good)).toEqual({ inputs: good });
    const bare = { meta: good.meta, access: good.access } as unknown as DockerHostInputs;
    expect(await check({}, bare)).toEqual({ inputs: good });
  });

  const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGmTNGNnT4zWyMpS8Nne0pH9Lr1rpoQ4WNCs0JCqLxPp";
  it.each([
    ["an unknown property", { ...good, adress: "x" }, "adress is not a property of a DockerHost"],
    ["no connection", withoutAccess, "the connection must be an object"],
    [
      "a port out of range",
      withAccess({ port: 70000 }),
      "port must be a whole number from 1 to 65535",
    ],
    [
      "an option as address",
      withAccess({ address: "-oProxyCommand=x" }),
      "address must not begin with '-'",
    ],
    [
      "a shell in the user",
      withAccess({ user: "a;b" }),
      "user must be a user name: letters, digits, '_', '.' or '-'",
    ],
    [
      "a shell in the name",
      withAccess({ name: "$(id)" }),
      "name must begin with a letter or digit and have at most 63 letters, digits, '_', '.' or '-'",
    ],
    [
      "a daemon over TCP",
      withAccess({ dockerSocket: "tcp://h:2375" }),
      "dockerSocket must be a socket on the host such as /var/run/docker.sock: Docker is reached through SSH only",
    ],
    [
      "a key itself",
      withAccess({ key: "-----BEGIN OPENSSH PRIVATE KEY-----\nabc" }),
      'key must be { kind: "agent" }, { kind: "file", path } or { kind: "env", variable }: a reference, never the key itself, which would be kept in the state',
    ],
    [
      "an unknown kind of key",
      withAccess({ key: { kind: "password", value: "x" } }),
      'key must be { kind: "agent" }, { kind: "file", path } or { kind: "env", variable }',
    ],
    [
      "a host key that is none",
      withAccess({ hostKeys: ["abc"] }),
      'hostKey must be a list of keys like "ssh-ed25519 AAAA..." or "SHA256:..."',
    ],
    ["a typo in the connection", withAccess({ usr: "x" }), "usr is not a property of a DockerHost"],
    [
      "a jump host with a bad port",
      withAccess({ jump: { address: "j", port: 0, user: "root", key: { kind: "agent" } } }),
      "jump.port must be a whole number from 1 to 65535",
    ],
    ...[7, "a\nb", "\u001b[31m", "\u202e", "a".repeat(256)].map(
      (zone): [string, unknown, string] => [
        `the label ${JSON.stringify(zone).slice(0, 9)}`,
        { ...good, labels: { zone } },
        "labels.zone must be printable text of at most 255 characters",
      ],
    ),
    [
      "negative capacity",
      { ...good, capacity: { cpus: -1 } },
      "capacity.cpus must be a number from 0.01 to 100000",
    ],
    [
      "capacity that is no number",
      { ...good, capacity: { cpus: NaN } },
      "capacity.cpus must be a number from 0.01 to 100000",
    ],
    [
      "headroom with a typo",
      { ...good, headroom: { cpus: 0, memoryBytes: 0, mem: 1 } },
      "headroom.mem is not a property of headroom",
    ],
    [
      "a version that is none",
      { ...good, prepare: { ...good.prepare, minimumVersion: "latest" } },
      'minimumVersion must be a version like "20.10"',
    ],
    [
      "capacity that is no memory",
      { ...good, capacity: { memoryBytes: 0.5 } },
      "capacity.memory must be a whole number of bytes from 1 to 9007199254740991",
    ],
    [
      "a choice that is none",
      { ...good, prepare: { ...good.prepare, installDocker: "yes" } },
      "installDocker must be true or false",
    ],
    [
      "log rotation below what Docker takes",
      { ...good, prepare: { ...good.prepare, log: { maxSizeBytes: 1, maxFiles: 3 } } },
      "log.maxSize must be a whole number of bytes from 1024 to 1099511627776",
    ],
    [
      "a typo in the log rotation",
      { ...good, prepare: { ...good.prepare, log: { ...good.prepare.log, max: 1 } } },
      "log.max is not a property of log",
    ],
    [
      "a typo in what is prepared",
      { ...good, prepare: { ...good.prepare, restart: true } },
      "restart is not a property of a DockerHost",
    ],
    [
      "another kind of connection",
      withAccess({ kind: "tcp" }),
      'connection must be "ssh" or "local"',
    ],
  ])("names %s", async (_what, inputs, reason) => {
    expect(await failuresOf(inputs)).toEqual([{ property: "", reason }]);
  });

  it("takes labels of any printable text: lists, versions, names", async () => {
    for (const tags of ["", "ssd,raid", "1.2.3+build", "Frankfurt am Main", "Köln", "$(id)"])
      expect(await failuresOf({ ...good, labels: { tags } }), tags).toEqual([]);
  });

  it("takes pinned keys, a jump host and a local host", async () => {
    const jump = { address: "j", port: 22, user: "root", key: { kind: "agent" }, hostKeys: [KEY] };
    expect(
      await failuresOf(withAccess({ hostKeys: [KEY, `SHA256:${"a".repeat(43)}`], jump })),
    ).toEqual([]);
    const { kind: _k, address: _a, port: _p, user: _u, key: _key, ...rest } = good.access;
    expect(await failuresOf({ ...good, access: { ...rest, kind: "local" } })).toEqual([]);
  });

  it("takes unknown values for right, at any place", async () => {
    for (const key of Object.keys(good.access))
      expect(await failuresOf(withAccess({ [key]: UNKNOWN }))).toEqual([]);
    for (const key of ["access", "labels", "capacity", "headroom", "prepare"])
      expect(await failuresOf({ ...good, [key]: UNKNOWN })).toEqual([]);
  });

  it("never throws and never shows a value, whatever comes (F1)", async () => {
    const canary = "canary-7f3a";
    const anything = fc.oneof(fc.anything(), fc.constant(canary), fc.constant({ nested: canary }));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("access", "labels", "capacity", "headroom", "prepare"),
        fc.constantFrom(...Object.keys(good.access)),
        anything,
        async (property, inner, value) => {
          const inputs =
            property === "access" ? withAccess({ [inner]: value }) : { ...good, [property]: value };
          for (const failure of await failuresOf(inputs)) {
            expect(failure.property).toBe("");
            expect(failure.reason).not.toMatch(/\b(access|prepare|memoryBytes|maxSizeBytes)\b/);
            expect(failure.reason).not.toContain(canary);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("DockerHost diff", () => {
  const state = upcast({ ...good });
  it("has no change when nothing changed, and ignores who asks", async () => {
    expect(await diff("h1", state, good)).toEqual({ changes: false });
    const renamed = { ...good, meta: { ...good.meta, urn: "other" } };
    expect(await diff("h1", state, renamed)).toEqual({ changes: false });
  });

  it.each([
    ["address", withAccess({ address: "10.0.0.2" })],
    ["key", withAccess({ key: { kind: "env", variable: "K" } })],
    ["host key", withAccess({ hostKeys: ["SHA256:x"] })],
    ["labels", { ...good, labels: { zone: "eu" } }],
    ["capacity", { ...good, capacity: { cpus: 2 } }],
  ])("updates, never replaces, when the %s changes", async (_what, news) => {
    expect(await diff("h1", state, news as DockerHostState)).toEqual({});
  });

  it("reads a state that has no facts yet", () => {
    const { prepare: _prepare, ...older } = good;
    expect(upcast(older)).toMatchObject({
      prepare: DEFAULTS.prepare,
      facts: { engineId: "", underlayMtu: 1500 },
    });
  });
});
