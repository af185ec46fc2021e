import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { useSink } from "../../../provider/progress.js";
import { SPEC_DEFAULTS } from "../../../provider/resources/placed-container/defaults.js";
import type { PlacedContainerInputs } from "../../../provider/resources/placed-container/inputs.js";
import { UNKNOWN } from "../../../provider/unknown.js";
import { DMZ, inputsOf, LAN, MIB, lifecycle } from "./fixtures.js";

const rows: string[] = [];
beforeEach(() => {
  rows.length = 0;
  useSink((_urn, message) => rows.push(message));
});
afterEach(() => useSink());

const check = (news: unknown, olds: Partial<PlacedContainerInputs> = {}) =>
  lifecycle.check(olds, news as PlacedContainerInputs);

const reasons = async (spec: Record<string, unknown>) =>
  ((await check(inputsOf(spec))).failures ?? []).map(({ reason }) => reason);

describe("defaults", () => {
  it("are filled in and visible", async () => {
    const news = { ...inputsOf(), spec: { image: "redis:7", networks: [{ network: "lan" }] } };
    const { inputs, failures } = await check(news);
    expect(failures).toBeUndefined();
    expect(inputs?.spec).toEqual({
      ...SPEC_DEFAULTS,
      image: "redis:7",
      networks: [{ network: "lan" }],
    });
  });

  it("reach into every list", async () => {
    const { inputs } = await check(
      inputsOf({
        ports: [{ containerPort: 80 }],
        mounts: [{ kind: "volume", name: "data", target: "/data" }],
        secrets: [{ name: "key", value: "hidden" }],
        health: { command: ["true"] },
        log: { driver: "json-file" },
        capabilities: { add: ["cap_net_raw"], drop: ["chown"] },
      }),
    );
    expect(inputs?.spec).toMatchObject({
      ports: [{ containerPort: 80, hostPort: 0, protocol: "tcp", hostAddress: "" }],
      mounts: [{ kind: "volume", name: "data", target: "/data", readOnly: false }],
      secrets: [{ name: "key", value: "hidden", mode: "0444" }],
      health: {
        command: ["true"],
        intervalSeconds: 10,
        timeoutSeconds: 5,
        retries: 3,
        startPeriodSeconds: 0,
      },
      log: { driver: "json-file", options: {} },
      capabilities: { add: ["NET_RAW"], drop: ["CHOWN"] },
    });
  });

  it.each([
    ["0444", { user: undefined }, {}],
    ["0444", { user: "postgres" }, {}],
    ["0400", { user: "999:999" }, {}],
    ["0400", {}, { uid: 472 }],
    ["0440", {}, { mode: "0440" }],
  ])("give a secret the mode %s for %o and %o", async (mode, spec, file) => {
    const secrets = [{ name: "key", value: "hidden", ...file }];
    const { inputs } = await check(inputsOf({ ...spec, secrets }));
    expect(inputs?.spec.secrets[0]?.mode).toBe(mode);
  });

  it("make a hardened root read-only", async () => {
    const { inputs } = await check(inputsOf({ hardened: true, readOnlyRoot: false }));
    expect(inputs?.spec.readOnlyRoot).toBe(true);
  });
});

describe("what is wrong is refused by property and rule", () => {
  const cases: [string, Record<string, unknown>, string[]][] = [
    ["a property that no container has", { imge: "x" }, ["imge: is not a property of a container"]],
    [
      "a property name that could hold anything",
      { "a\nb": 1 },
      ["(a name with other characters): is not a property of a container"],
    ],
    [
      "no image",
      { image: undefined },
      ['image: must be an image reference such as "redis:7" or "repository/app@sha256:..."'],
    ],
    [
      "an image that is an option",
      { image: "--privileged" },
      ['image: must be an image reference such as "redis:7" or "repository/app@sha256:..."'],
    ],
    [
      "an unknown pull policy",
      { pull: "often" },
      ['pull: must be one of "missing", "always", "never"'],
    ],
    [
      "a NUL in a command",
      { command: ["a", "b\0c"] },
      ["command[1]: must not hold a NUL character"],
    ],
    [
      "a host port above 65535",
      { ports: [{ containerPort: 80, hostPort: 70000 }] },
      ["ports[0].host: must be a port from 1 to 65535"],
    ],
    [
      "a container port of 0",
      { ports: [{ containerPort: 80 }, { containerPort: 0 }] },
      ["ports[1].container: must be a port from 1 to 65535"],
    ],
    [
      "a port that is not whole",
      { ports: [{ containerPort: 80.5 }] },
      ["ports[0].container: must be a port from 1 to 65535"],
    ],
    [
      "a third protocol",
      { ports: [{ containerPort: 80, protocol: "icmp" }] },
      ['ports[0].protocol: must be one of "tcp", "udp"'],
    ],
    [
      "a host address that is a name",
      { ports: [{ containerPort: 80, hostPort: 80, hostAddress: "eth0" }] },
      ["ports[0].hostAddress: must be an IP address"],
    ],
    [
      "a host port twice",
      {
        ports: [
          { containerPort: 80, hostPort: 8080 },
          { containerPort: 81, hostPort: 8080 },
        ],
      },
      ["ports[1].host: is there twice"],
    ],
    ["no cpu", { cpus: 0 }, ["cpus: must be a number from 0.01 to 4096"]],
    ["NaN", { cpus: Number.NaN }, ["cpus: must be a number from 0.01 to 4096"]],
    ["1e309", { memoryBytes: 1e309 }, [`memory: must be bytes from ${6 * MIB} to ${2 ** 50}`]],
    [
      "less memory than Docker accepts",
      { memoryBytes: 1024 },
      [`memory: must be bytes from ${6 * MIB} to ${2 ** 50}`],
    ],
    [
      "unlimited processes",
      { pids: -1 },
      ["pids: must be a number of processes from 1 to 4194304"],
    ],
    [
      "no network",
      { networks: [] },
      ["networks: must name at least one network: Docker's default bridge is not used"],
    ],
    [
      "a network twice",
      { networks: [{ network: "a" }, { network: "a" }] },
      ["networks[1].network: is there twice"],
    ],
    [
      "Docker's socket",
      { mounts: [{ kind: "bind", source: "/var/run/docker.sock", target: "/s" }] },
      ["mounts[0].bind: must not be Docker's socket: whoever has it owns the host"],
    ],
    [
      "the host's root",
      { mounts: [{ kind: "bind", source: "//", target: "/host" }] },
      ["mounts[0].bind: must not be / of the host"],
    ],
    [
      "/etc",
      { mounts: [{ kind: "bind", source: "/etc/ssh/", target: "/host", readOnly: true }] },
      ["mounts[0].bind: must not be /etc of the host or anything in it"],
    ],
    [
      "/proc",
      { mounts: [{ kind: "bind", source: "/proc", target: "/host" }] },
      ["mounts[0].bind: must not be /proc of the host or anything in it"],
    ],
    [
      "a way up",
      { mounts: [{ kind: "bind", source: "/srv/../etc", target: "/host" }] },
      ['mounts[0].bind: must not hold ".."'],
    ],
    [
      "a relative folder",
      { mounts: [{ kind: "bind", source: "data", target: "/data" }] },
      ["mounts[0].bind: must be an absolute path"],
    ],
    [
      "a mount over /proc",
      { mounts: [{ kind: "tmpfs", target: "/proc/x" }] },
      ["mounts[0].target: must not be in /proc or /sys"],
    ],
    [
      "two mounts at one place",
      {
        mounts: [
          { kind: "tmpfs", target: "/a" },
          { kind: "tmpfs", target: "/a/" },
        ],
      },
      ["mounts[1].target: is there twice"],
    ],
    [
      "a kind of mount that is none",
      { mounts: [{ kind: "nfs", target: "/a" }] },
      ['mounts[0].kind: must be one of "volume", "bind", "tmpfs"'],
    ],
    [
      "a volume name with a slash",
      { mounts: [{ kind: "volume", name: "a/b", target: "/a" }] },
      [
        "mounts[0].volume: must begin with a letter or digit and have at most 63 letters, digits, '_', '.' or '-'",
      ],
    ],
    [
      "a capability that is none",
      { capabilities: { add: ["ROOT"] } },
      ["capabilities.add[0]: must be the name of a Linux capability, such as NET_RAW"],
    ],
    [
      "all capabilities",
      { capabilities: { add: ["ALL"] } },
      ["capabilities.add[0]: must be the name of a Linux capability, such as NET_RAW"],
    ],
    [
      "a capability both ways",
      { capabilities: { add: ["NET_RAW"], drop: ["cap_net_raw"] } },
      ["capabilities.add[0]: is in capabilities.drop, too"],
    ],
    [
      "a secret whose name is a path",
      { secrets: [{ name: "../x", value: "v" }] },
      [
        "secrets[0].name: must be a file name: at most 63 letters, digits, '_', '.' or '-', the first a letter or digit",
      ],
    ],
    [
      "a secret twice",
      {
        secrets: [
          { name: "x", value: "v" },
          { name: "x", value: "w" },
        ],
      },
      ["secrets[1].name: is there twice"],
    ],
    [
      "a secret's mode",
      { secrets: [{ name: "x", value: "v", mode: "rw" }] },
      ['secrets[0].mode: must be octal, such as "0400"'],
    ],
    [
      "a variable with =",
      { env: { "A=B": "x" } },
      [
        "env.(a name with other characters): must be the name of a variable: no '=' and no NUL character",
      ],
    ],
    ["a variable that is a number", { env: { A: 1 } }, ["env.A: must be text"]],
    [
      "a variable in both",
      { env: { A: "1" }, secretEnv: { A: "2" } },
      ["secretEnv.A: is in env, too"],
    ],
    [
      "a label of ours",
      { labels: { "io.clocker.owner": "x" } },
      ["labels.io.clocker.owner: must not begin with io.clocker: those labels are ours"],
    ],
    [
      "a health check without a command",
      { health: { command: ["CMD"] } },
      ['health.command: must be a command: ["prog", "arg"] or ["CMD-SHELL", "one line"]'],
    ],
    [
      "a health check that is never made",
      { health: { command: ["true"], intervalSeconds: 0 } },
      ["health.interval: must be a number from 0.001 to 86400"],
    ],
    [
      "retries for a policy without them",
      { restart: { policy: "always", retries: 3 } },
      ['restart.retries: must be 0 unless restart.policy is "on-failure"'],
    ],
    ["a resolver that is a name", { dns: ["dns.example"] }, ["dns[0]: must be an IP address"]],
    [
      "a device outside /dev",
      { devices: ["/etc/passwd"] },
      ['devices[0]: must be a device such as "/dev/ttyUSB0" or "/dev/sda:/dev/disk:r"'],
    ],
    [
      "a user with a shell in it",
      { user: "root;id" },
      ['user: must be a user such as "app", "1000" or "1000:1000"'],
    ],
    [
      "several at once",
      { cpus: -1, pids: 0.5 },
      [
        "cpus: must be a number from 0.01 to 4096",
        "pids: must be a number of processes from 1 to 4194304",
      ],
    ],
  ];
  it.each(cases)("%s", async (_name, spec, expected) => {
    expect(await reasons(spec)).toEqual(expected);
  });

  it("a name with shell characters", async () => {
    const meta = { project: "app", stack: "dev", name: "web;rm -rf /", urn: "" };
    const { failures } = await check({ ...inputsOf(), meta });
    expect(failures).toEqual([
      {
        property: "",
        reason:
          "meta.name: must begin with a letter or digit and have at most 63 letters, digits, '_', '.' or '-'",
      },
    ]);
  });

  it("never with the value, and never as a property whose value the engine would print", async () => {
    const canary = "canary-7f3a\0";
    const { failures } = await check(
      inputsOf({ env: { A: canary }, secretEnv: { B: canary }, command: [canary], image: canary }),
    );
    expect(failures?.length).toBeGreaterThan(3);
    expect(JSON.stringify(failures)).not.toContain("canary");
    expect(failures?.every(({ property }) => property === "")).toBe(true);
  });

  it("harmless parts of /etc may be read", async () => {
    const mount = {
      kind: "bind",
      source: "/etc/localtime",
      target: "/etc/localtime",
      readOnly: true,
    };
    expect(await reasons({ mounts: [mount] })).toEqual([]);
    expect(await reasons({ mounts: [{ ...mount, readOnly: false }] })).toEqual([
      "mounts[0].bind: must not be /etc of the host or anything in it",
    ]);
  });
});

describe("the preview row", () => {
  it("says host, addresses and reason of a new container", async () => {
    await check(
      inputsOf({ networks: [{ network: "lan" }, { network: "dmz" }] }, { networks: [LAN, DMZ] }),
    );
    expect(rows).toEqual(["h1  10.64.0.2 10.65.0.2  fewest containers"]);
  });

  it("says it of one that moves", async () => {
    await check(
      inputsOf({}, { host: "h2", networks: [{ ...LAN, address: "10.64.1.2" }] }),
      inputsOf(),
    );
    expect(rows).toEqual(["h2  10.64.1.2  fewest containers"]);
  });

  it("says nothing of one that stays", async () => {
    await check(inputsOf({ cpus: 2 }), inputsOf());
    expect(rows).toEqual([]);
  });

  it("says what it waits for", async () => {
    const { failures, inputs } = await check(
      inputsOf({}, { host: UNKNOWN, connection: UNKNOWN as never, reason: UNKNOWN }),
    );
    expect(failures).toBeUndefined();
    expect(inputs?.place.host).toBe(UNKNOWN);
    expect(rows).toEqual(["placed after hosts exist"]);
  });

  it("is not shown when something is wrong", async () => {
    await check(inputsOf({ cpus: -1 }));
    expect(rows).toEqual([]);
  });
});
