import { describe, expect, it } from "vitest";
import { LABELS } from "../../../provider/host/ownership.js";
import {
  createBody,
  dnsOf,
  type Making,
  updateBody,
} from "../../../provider/resources/placed-container/docker-config.js";
import { DEFAULT_CAPABILITIES } from "../../../provider/resources/placed-container/capabilities.js";
import {
  containerNameOf,
  generationIn,
} from "../../../provider/resources/placed-container/names.js";
import { resolversIn } from "../../../provider/resources/placed-container/host-facts.js";
import { macOf } from "../../../provider/network/names.js";
import { specHash } from "../../../provider/resources/placed-container/revision.js";
import { DMZ, inputsOf, LAN, MIB } from "./fixtures.js";

const making = {
  generation: "0123abcd",
  resolvers: ["192.0.2.53"],
  apiMinor: 41,
  secretsFolder: undefined,
};
const bodyOf = (spec: Record<string, unknown>, more: Partial<Making> = {}) =>
  createBody(inputsOf(spec), { ...making, ...more });

describe("the body of Docker's create request", () => {
  it("gives the folders in memory to the image's user where the spec names none", () => {
    expect(bodyOf({ hardened: true }, { imageUser: "1000" }).HostConfig?.Tmpfs).toMatchObject({
      "/tmp": "mode=1777,size=67108864,uid=1000",
    });
    expect(
      bodyOf({ hardened: true, user: "redis" }, { imageUser: "1000" }).HostConfig?.Tmpfs,
    ).toMatchObject({ "/tmp": "mode=1777,size=67108864" });
  });

  it("of a plain container, whole", () => {
    const inputs = inputsOf();
    expect(createBody(inputs, making)).toEqual({
      Image: "clocker/web:1",
      Env: ["CLOCKER_HOST=h1", "CLOCKER_NAME=web-0"],
      Labels: {
        [LABELS.owner]: "app/dev/web-0",
        [LABELS.cloud]: "cloud",
        [LABELS.generation]: "0123abcd",
        [LABELS.spec]: specHash(inputs, "0123abcd"),
        [LABELS.cpus]: "0.5",
        [LABELS.memory]: String(64 * MIB),
        [LABELS.application]: "",
      },
      ExposedPorts: {},
      StopTimeout: 10,
      HostConfig: {
        NetworkMode: "lan-77",
        PortBindings: {},
        Mounts: [],
        RestartPolicy: { Name: "unless-stopped", MaximumRetryCount: 0 },
        NanoCpus: 5e8,
        Memory: 64 * MIB,
        MemorySwap: 64 * MIB,
        PidsLimit: 64,
        Privileged: false,
        CapDrop: ["ALL"],
        CapAdd: Object.keys(DEFAULT_CAPABILITIES).sort(),
        SecurityOpt: ["no-new-privileges"],
        ReadonlyRootfs: false,
        IpcMode: "private",
        Init: false,
        Devices: [],
        ExtraHosts: [],
        Dns: ["10.64.0.1", "192.0.2.53"],
        DnsSearch: ["lan.clocker"],
      },
      NetworkingConfig: {
        EndpointsConfig: {
          "lan-77": { IPAMConfig: { IPv4Address: "10.64.0.2" }, MacAddress: "02:42:0a:40:00:02" },
        },
      },
    });
  });

  const cases: [string, Record<string, unknown>, object][] = [
    [
      "environment, sorted, secrets among it",
      { env: { B: "2" }, secretEnv: { A: "1" } },
      { Env: ["A=1", "B=2", "CLOCKER_HOST=h1", "CLOCKER_NAME=web-0"] },
    ],
    [
      "an environment of the user's own words",
      { env: { CLOCKER_HOST: "mine" }, secretEnv: { CLOCKER_NAME: "too" } },
      { Env: ["CLOCKER_HOST=mine", "CLOCKER_NAME=too"] },
    ],
    [
      "command and entrypoint",
      { command: ["a", "b"], entrypoint: ["c"] },
      { Cmd: ["a", "b"], Entrypoint: ["c"] },
    ],
    [
      "user, folder, host name",
      { user: "1:2", workingDir: "/w", hostname: "x" },
      { User: "1:2", WorkingDir: "/w", Hostname: "x" },
    ],
    [
      "a health check",
      {
        health: {
          command: ["test", "-f", "/x"],
          intervalSeconds: 0.5,
          timeoutSeconds: 1,
          retries: 2,
          startPeriodSeconds: 3,
        },
      },
      {
        Healthcheck: {
          Test: ["CMD", "test", "-f", "/x"],
          Interval: 5e8,
          Timeout: 1e9,
          Retries: 2,
          StartPeriod: 3e9,
        },
      },
    ],
    [
      "a health check by a shell",
      { health: { command: ["CMD-SHELL", "a | b"] } },
      { Healthcheck: { Test: ["CMD-SHELL", "a | b"] } },
    ],
    [
      "ports",
      {
        ports: [
          { containerPort: 80, hostPort: 8080, hostAddress: "127.0.0.1" },
          { containerPort: 53, protocol: "udp" },
        ],
      },
      {
        ExposedPorts: { "80/tcp": {}, "53/udp": {} },
        HostConfig: { PortBindings: { "80/tcp": [{ HostIp: "127.0.0.1", HostPort: "8080" }] } },
      },
    ],
    [
      "retries",
      { restart: { policy: "on-failure", retries: 5 } },
      { HostConfig: { RestartPolicy: { Name: "on-failure", MaximumRetryCount: 5 } } },
    ],
    [
      "hardened",
      { hardened: true },
      {
        HostConfig: {
          CapDrop: ["ALL"],
          CapAdd: [],
          ReadonlyRootfs: true,
          Tmpfs: { "/run": "mode=1777,size=67108864", "/tmp": "mode=1777,size=67108864" },
        },
      },
    ],
    [
      "hardened with a capability and a /tmp of its own",
      {
        hardened: true,
        capabilities: { add: ["NET_BIND_SERVICE"] },
        mounts: [{ kind: "tmpfs", target: "/tmp", sizeBytes: 4096 }],
      },
      {
        HostConfig: {
          CapAdd: ["NET_BIND_SERVICE"],
          Tmpfs: { "/tmp": "mode=1777,size=4096", "/run": "mode=1777,size=67108864" },
        },
      },
    ],
    [
      "hardened and not as root: the folders in memory are its user's",
      { hardened: true, user: "999:998", mounts: [{ kind: "tmpfs", target: "/var/cache" }] },
      {
        HostConfig: {
          Tmpfs: {
            "/var/cache": "mode=1777,uid=999,gid=998",
            "/run": "mode=1777,size=67108864,uid=999,gid=998",
            "/tmp": "mode=1777,size=67108864,uid=999,gid=998",
          },
        },
      },
    ],
    [
      "a folder of the host, private",
      { mounts: [{ kind: "bind", source: "/srv//x/", target: "/x", readOnly: true }] },
      {
        HostConfig: {
          Mounts: [
            {
              Type: "bind",
              Source: "/srv/x",
              Target: "/x",
              ReadOnly: true,
              BindOptions: { Propagation: "rprivate" },
            },
          ],
        },
      },
    ],
    [
      "devices",
      { devices: ["/dev/a", "/dev/a:/dev/b:r", "/dev/c:rw"] },
      {
        HostConfig: {
          Devices: [
            { PathOnHost: "/dev/a", PathInContainer: "/dev/a", CgroupPermissions: "rwm" },
            { PathOnHost: "/dev/a", PathInContainer: "/dev/b", CgroupPermissions: "r" },
            { PathOnHost: "/dev/c", PathInContainer: "/dev/c", CgroupPermissions: "rw" },
          ],
        },
      },
    ],
    [
      "a log driver",
      { log: { driver: "syslog", options: { tag: "x" } } },
      { HostConfig: { LogConfig: { Type: "syslog", Config: { tag: "x" } } } },
    ],
    ["hosts", { extraHosts: { a: "192.0.2.1" } }, { HostConfig: { ExtraHosts: ["a:192.0.2.1"] } }],
  ];
  it.each(cases)("%s", (_name, spec, expected) => expect(bodyOf(spec)).toMatchObject(expected));

  it("never holds a secret's value that is delivered as a file", () => {
    const secrets = [{ name: "k", value: "hidden-value" }];
    const secretsFolder = "/run/clocker/secrets/0123456789abcdef-0123abcd";
    const body = JSON.stringify(bodyOf({ secrets }, { secretsFolder: secretsFolder }));
    expect(body).toContain(`${secretsFolder}/files`);
    expect(body).not.toContain("hidden");
  });

  it("only the first network is in it, name servers of all are", () => {
    const inputs = inputsOf({}, { networks: [DMZ, LAN] });
    const body = createBody(inputs, making);
    expect(Object.keys(body.NetworkingConfig?.EndpointsConfig ?? {})).toEqual(["dmz-78"]);
    expect(body.HostConfig?.Dns).toEqual(["10.65.0.1", "10.64.0.1", "192.0.2.53"]);
    expect(body.HostConfig?.DnsSearch).toEqual(["dmz.clocker", "lan.clocker"]);
  });

  it("from API 1.43 on plain names are asked for with the networks' domains first", () => {
    const optionsAt = (apiMinor: number) =>
      createBody(inputsOf({}), { ...making, apiMinor }).HostConfig?.DnsOptions;
    expect([optionsAt(42), optionsAt(43)]).toEqual([undefined, ["ndots:1"]]);
  });

  it("from API 1.44 on all networks are in it, with the MACs of their addresses", () => {
    const body = createBody(inputsOf({}, { networks: [DMZ, LAN] }), { ...making, apiMinor: 44 });
    const ends = Object.entries(body.NetworkingConfig?.EndpointsConfig ?? {});
    expect(ends.map(([name, end]) => [name, end?.MacAddress, end?.GwPriority ?? 0])).toEqual([
      ["dmz-78", macOf(DMZ.address), 0],
      ["lan-77", macOf(LAN.address), -1],
    ]);
  });

  it("a network whose driver chooses MACs is given none", () => {
    const networks = [{ ...DMZ, ownMac: true }, LAN];
    const body = createBody(inputsOf({}, { networks }), { ...making, apiMinor: 44 });
    const ends = Object.entries(body.NetworkingConfig?.EndpointsConfig ?? {});
    expect(ends.map(([name, end]) => [name, end?.MacAddress])).toEqual([
      ["dmz-78", undefined],
      ["lan-77", macOf(LAN.address)],
    ]);
  });

  it("asked-for resolvers take the place of the host's", () => {
    expect(dnsOf(inputsOf({ dns: ["9.9.9.9"] }), ["192.0.2.53"])).toEqual(["10.64.0.1", "9.9.9.9"]);
  });

  it("on a network of Docker's own names it brings its names along, and asks no server of ours", () => {
    const aliases = ["redis", "redis.lan.clocker"];
    const networks = [{ ...LAN, gateway: "", names: "docker" as const, aliases }, DMZ];
    const body = createBody(inputsOf({}, { networks }), { ...making, apiMinor: 44 });
    const ends = Object.entries(body.NetworkingConfig?.EndpointsConfig ?? {});
    expect(ends.map(([name, end]) => [name, end?.Aliases])).toEqual([
      ["lan-77", aliases],
      ["dmz-78", undefined],
    ]);
    expect(dnsOf(inputsOf({}, { networks }), ["192.0.2.53"])).toEqual([DMZ.gateway, "192.0.2.53"]);
  });

  it("weaveDNS is asked after the servers that refuse what is not theirs", () => {
    const networks = [{ ...LAN, names: "weave" as const }, DMZ];
    expect(dnsOf(inputsOf({}, { networks }), ["192.0.2.53"])).toEqual([
      DMZ.gateway,
      LAN.gateway,
      "192.0.2.53",
    ]);
  });

  it("limits in place are exactly those of the making", () => {
    const { spec } = inputsOf({ cpus: 0.3 });
    expect(createBody(inputsOf({ cpus: 0.3 }), making).HostConfig).toMatchObject(updateBody(spec));
  });
});

describe("names", () => {
  it("carry stack, name and generation, and give it back", () => {
    const meta = { stack: "dev", name: "web" };
    expect(containerNameOf(meta, "0123abcd")).toBe("dev-web-0123abcd");
    expect(generationIn("/dev-web-0123abcd", meta)).toBe("0123abcd");
    // web-0's container is none of web's, though its name begins so.
    expect(generationIn("dev-web-0-0123abcd", meta)).toBeUndefined();
    expect(generationIn("dev-web-backup", meta)).toBeUndefined();
  });
});

describe("the host's resolvers", () => {
  it("without those of its loopback, without repeats, at most three", () => {
    const text =
      "nameserver 127.0.0.53\nnameserver 192.0.2.1\n# nameserver 192.0.2.9\nnameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 2001:db8::1\nnameserver 192.0.2.3\n";
    expect(resolversIn(text)).toEqual(["192.0.2.1", "192.0.2.2", "2001:db8::1"]);
  });
});
