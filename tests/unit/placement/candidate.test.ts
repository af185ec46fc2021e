import { describe, expect, it } from "vitest";
import { CloudError } from "../../../provider/errors.js";
import type { ContainerSummary, DockerNetwork } from "../../../provider/host/docker-types.js";
import type { EngineSnapshot, HostSnapshot } from "../../../provider/host/observe.js";
import { LABELS } from "../../../provider/host/ownership.js";
import {
  asksForPorts,
  imagesToLookFor,
  usageAge,
} from "../../../provider/resources/placement/asked-for.js";
import { toCandidate } from "../../../provider/resources/placement/candidate.js";
import type { PlanHost } from "../../../provider/resources/placement/inputs.js";
import { UNKNOWN } from "../../../provider/unknown.js";
import { ask, GiB, network } from "./make.js";
import { inputs, lost, planHost, seen } from "./plan-world.js";

const unknown = UNKNOWN as never;
const owners = {
  requests: new Map([["shop/dev/web", "web"]]),
  networks: new Map([
    ["shop/dev/app", "app"],
    ["shop/dev/early", "early"],
  ]),
  planned: new Set(["shop/dev/app"]),
};

type Reachable = Extract<HostSnapshot, { reachable: true }>;

/** h1 with other parts of what was seen. */
function candidate(
  host: Partial<PlanHost> = {},
  machine: Partial<Reachable["machine"]> = {},
  engine: Partial<EngineSnapshot> = {},
) {
  const snapshot = seen("h1") as Reachable;
  return toCandidate(
    planHost("h1", host),
    {
      ...snapshot,
      machine: { ...snapshot.machine, ...machine },
      engine: { ...snapshot.engine!, ...engine },
    },
    owners,
  );
}

const containers = (...all: Partial<ContainerSummary>[]) =>
  (seen("h1", all) as Reachable).engine!.containers;

describe("a host as the plan sees it", () => {
  it("is what the program says over what Docker and the machine say", () => {
    const taken = {
      groups: ["front"],
      location: { region: "eu" },
      affinity: ["NOT TYPE batch"],
      drain: true,
      platform: { os: "linux", arch: "arm64" },
      devices: [{ kind: "tpu", attributes: {}, ids: ["a"] }],
    };
    const declared = {
      capacity: { cpus: 1, memoryBytes: GiB },
      headroom: { cpus: 0.5, memoryBytes: 5, diskBytes: GiB },
      maxContainers: 3,
      underlay: "10.0.0.7",
      ...taken,
    };
    expect(
      candidate(declared, { diskFreeBytes: 3 * GiB, devices: ["/dev/accel/0"] }),
    ).toMatchObject({
      cpus: 1,
      memoryBytes: GiB,
      headroom: { cpus: 0.5, memoryBytes: 5 },
      maxContainers: 3,
      underlay: { address: "10.0.0.7", mtu: 1500, routes: ["192.168.7.0/24"] },
      ...taken,
      disk: { freeBytes: 2 * GiB },
    });
    const info = { NCPU: 8, MemTotal: 8 * GiB, OSType: "linux", Architecture: "x86_64" };
    const found = candidate({}, { cpus: 9 }, { info: info as EngineSnapshot["info"] });
    expect(found).toMatchObject({
      cpus: 8,
      memoryBytes: 8 * GiB,
      underlay: { address: "192.168.7.1" },
      platform: { os: "linux", arch: "x86_64" },
      devices: [],
    });
    for (const absent of ["maxContainers", "drain", "groups", "disk", "pending", "labelsUnknown"])
      expect(found).not.toHaveProperty(absent);
  });

  it("has what is declared where that is known, and else what is found", () => {
    const info = { NCPU: 8, MemTotal: 8 * GiB, OSType: "linux", Architecture: "x86_64" };
    const engine = { info: info as EngineSnapshot["info"] };
    const vague = candidate({ capacity: unknown, platform: unknown, devices: unknown }, {}, engine);
    expect(vague).toMatchObject({ cpus: 8, memoryBytes: 8 * GiB, platform: { arch: "x86_64" } });
    const parts = candidate({ capacity: { cpus: unknown, memoryBytes: GiB } }, {}, engine);
    expect(parts).toMatchObject({ cpus: 8, memoryBytes: GiB });
    const headroom = candidate({ headroom: unknown }, { diskFreeBytes: GiB });
    expect(headroom.disk).toEqual({ freeBytes: GiB });
    const silent = candidate({}, {}, { info: { NCPU: 8, MemTotal: 0 } as EngineSnapshot["info"] });
    expect(silent).not.toHaveProperty("platform");
  });

  it("is lost where it cannot be reached, and not where it lets nobody in", () => {
    const refused = { ...lost("h1"), problem: new CloudError("authentication", "cannot log in") };
    const found = toCandidate(planHost("h1"), refused, owners);
    expect(found.notReady).toBe("cannot log in");
    expect(found).not.toHaveProperty("lost");
  });

  it("takes the MTU of the link that has the private address", () => {
    const mtus = { "192.168.7.1": 1500, "10.0.0.7": 1450, "fd00::7": 9000 };
    const mtuAt = (underlay?: string) =>
      candidate({ ...(underlay === undefined ? {} : { underlay }) }, { mtus }).underlay?.mtu;
    expect(mtuAt("10.0.0.7")).toBe(1450);
    expect(mtuAt()).toBe(1500);
    expect(mtuAt("198.51.100.9"), "an address that the host does not have").toBe(1500);
  });

  it("keeps no more disk back than there is", () => {
    const headroom = { cpus: 0, memoryBytes: 0, diskBytes: 5 * GiB };
    expect(candidate({ headroom }, { diskFreeBytes: GiB }).disk).toEqual({ freeBytes: 0 });
  });

  it("speaks against nothing where nobody can see it", () => {
    const host = planHost("h1", { labels: unknown, headroom: unknown, capacity: unknown });
    expect(toCandidate(host, undefined, owners)).toMatchObject({
      labels: {},
      labelsUnknown: true,
      pending: true,
      cpus: Infinity,
      memoryBytes: Infinity,
      headroom: { cpus: 0, memoryBytes: 0 },
    });
    const gone = toCandidate(planHost("h1", { labels: { zone: "a" } }), lost("h1"), owners);
    expect(gone).toMatchObject({
      labels: { zone: "a" },
      lost: true,
      notReady: "cannot be reached at 192.168.7.2: timed out",
      cpus: Infinity,
    });
    expect(gone).not.toHaveProperty("pending");
  });

  it("has ports taken by name servers of other plans' zones, and by open ports of other stacks", () => {
    const at = { first: 53, last: 53, protocol: "udp" as const, hostAddress: "192.168.7.1" };
    const zone = (owner: string) => ({ ...at, by: `the zone of ${owner}`, zone: owner });
    const open = (owner: string) => ({ ...at, by: `network ${owner}`, network: owner });
    const stacks = ["shop/dev/app", "shop/dev/early", "shop/prod/app"];
    const taken = [...stacks.map(zone), ...stacks.map(open)];
    const snapshot = { ...(seen("h1") as Reachable), taken };
    expect(toCandidate(planHost("h1"), snapshot, owners).takenPorts?.map(({ by }) => by)).toEqual([
      ...["the zone of shop/dev/early", "the zone of shop/prod/app", "network shop/prod/app"],
    ]);
  });

  it("has the machine's capacity and unknown volumes where its Docker was not seen", () => {
    const { engine: _, ...bare } = seen("h1") as Reachable;
    const found = toCandidate(planHost("h1"), bare, owners);
    expect(found).toMatchObject({ cpus: 2, memoryBytes: 2 * GiB, volumesUnknown: true });
    expect(candidate()).not.toHaveProperty("volumesUnknown");
  });
});

describe("accelerators that are found on a host", () => {
  const CDI = (...ids: string[]) => ids.map((ID) => ({ Source: "cdi", ID }));
  const nvidia = { Runtimes: { nvidia: {} } };
  it.each<[string, string[], object, object[]]>([
    ["none", ["/dev/null"], {}, []],
    [
      "what CDI describes, without the name for all of them",
      ["/dev/nvidia0"],
      {
        ...nvidia,
        DiscoveredDevices: CDI("nvidia.com/gpu=1", "nvidia.com/gpu=0", "nvidia.com/gpu=all"),
      },
      [{ kind: "nvidia.com/gpu", attributes: {}, ids: ["nvidia.com/gpu=0", "nvidia.com/gpu=1"] }],
    ],
    [
      "NVIDIA's cards where the daemon has their runtime, by their numbers",
      ["/dev/nvidia1", "/dev/nvidia0", "/dev/nvidiactl", "/dev/dri/renderD128"],
      nvidia,
      [{ kind: "nvidia/gpu", attributes: {}, ids: ["nvidia:0", "nvidia:1"] }],
    ],
    ["no card of theirs without it", ["/dev/nvidia0", "/dev/dri/renderD128"], {}, []],
    [
      "render nodes of other cards, and what is no card",
      ["/dev/dri/renderD129", "/dev/dri/renderD128", "/dev/accel/accel0"],
      { DiscoveredDevices: [...CDI("vendor.com/nic=0"), { Source: "other", ID: "x=y" }] },
      [
        { kind: "vendor.com/nic", attributes: {}, ids: ["vendor.com/nic=0"] },
        { kind: "dri/gpu", attributes: {}, ids: ["/dev/dri/renderD128", "/dev/dri/renderD129"] },
        { kind: "accel", attributes: {}, ids: ["/dev/accel/accel0"] },
      ],
    ],
  ])("%s", (_, devices, info, expected) => {
    const engine = { info: info as EngineSnapshot["info"] };
    expect(candidate({}, { devices }, engine).devices).toEqual(expected);
  });
});

describe("what lies on a host", () => {
  const ours = { [LABELS.owner]: "shop/dev/web" };
  const theirs = {
    [LABELS.owner]: "other/prod/db",
    [LABELS.application]: "shop",
    [LABELS.type]: "db",
    [LABELS.group]: "back",
    [LABELS.cpus]: "0.5",
  };
  const onApp = (IPAddress: string, fixed = "") => ({
    Networks: { "app-7": { IPAddress, IPAMConfig: { IPv4Address: fixed } } },
  });
  const app: Partial<DockerNetwork> = {
    Name: "app-7",
    Labels: { [LABELS.owner]: "shop/dev/app", [LABELS.vni]: "7" },
    IPAM: { Driver: "default", Config: [{ Subnet: "10.1.0.0/16" }, { Subnet: "fd00::/64" }] },
  };

  it("has ports and devices of older containers of a request beside those of the newest", () => {
    const held = (ports: string, devices: string) => ({
      Labels: { ...ours, [LABELS.ports]: ports, [LABELS.devices]: devices },
    });
    const all = containers(
      { Id: "older", Created: 1, ...held("82/udp", "") },
      { Id: "old", Created: 2, ...held("80/tcp", "a b") },
      { Id: "new", Created: 3, ...held("81/tcp", "c") },
    );
    const { web } = candidate({}, {}, { containers: all }).own;
    expect(web).toMatchObject({ ports: [{ hostPort: 81 }], devices: ["c"] });
    expect(web?.older?.devices).toEqual(["a", "b"]);
    expect(web?.older?.ports.map(({ hostPort }) => hostPort).sort()).toEqual([80, 82]);
    const plain = containers(
      { Id: "old", Created: 1, Labels: ours },
      { Id: "new", Created: 2, Labels: ours },
    );
    expect(candidate({}, {}, { containers: plain }).own["web"]).not.toHaveProperty("older");
  });

  it("is ours by owner, the newest first, others', and foreign ones that run", () => {
    const found = candidate(
      {},
      {},
      {
        networks: [app as DockerNetwork],
        containers: containers(
          { Id: "old", Created: 1, Labels: ours, NetworkSettings: onApp("10.1.0.5") },
          { Id: "new", Created: 2, Labels: ours, NetworkSettings: onApp("", "10.1.0.6") },
          { Names: ["/db"], Labels: theirs, State: "exited", NetworkSettings: onApp("10.1.0.7") },
          { Names: ["/agent"], State: "paused", NetworkSettings: onApp("10.1.0.8") },
          { Names: ["/loop"], State: "restarting" },
          { Names: ["/done"], State: "exited" },
          { Names: [], Id: "0123456789abcdef" },
        ),
      },
    );
    expect(found.own["web"]?.networks).toEqual({ app: "10.1.0.6" });
    expect(found.usedAddresses).toEqual({ app: ["10.1.0.5", "10.1.0.7", "10.1.0.8"] });
    expect(found.others.map(({ networks }) => networks)).toEqual([
      // it does not run, so it is in nobody's way
      undefined,
      ["shop/dev/app"],
      undefined,
      undefined,
    ]);
    expect(found.others.map(({ name, owner }) => [name, owner])).toEqual([
      ["db", "other/prod/db"],
      ["agent", ""],
      ["loop", ""],
      ["0123456789ab", ""],
    ]);
    expect(found.others[0]).toMatchObject({
      application: "shop",
      type: "db",
      group: "back",
      cpus: 0.5,
    });
    expect(found.others[1]).not.toHaveProperty("type");
    expect(found.others[1]).not.toHaveProperty("group");
  });

  it("is ready when it runs and is not unhealthy, or has done its work", () => {
    const unready = (State: string, Status: string) =>
      candidate({}, {}, { containers: containers({ Labels: ours, State, Status }) }).own["web"]
        ?.unready;
    expect(unready("running", "Up 2 minutes")).toBeUndefined();
    expect(unready("exited", "Exited (0) 2 hours ago")).toBeUndefined();
    expect(unready("exited", "Exited (1) 2 hours ago")).toBe(true);
    expect(unready("running", "Up 2 minutes (unhealthy)")).toBe(true);
    expect(unready("running", "Up 1 second (health: starting)")).toBe(true);
    expect(unready("restarting", "Restarting (1) 3 seconds ago")).toBe(true);
  });

  it("are folders that it may write to, and volumes that have a name", () => {
    const Mounts = [
      { Type: "bind", Source: "/srv/db", Destination: "/data", RW: true },
      { Type: "bind", Source: "/etc/db", Destination: "/etc", RW: false },
      { Type: "volume", Source: "/var/lib/x", Destination: "/x", RW: true },
    ] as ContainerSummary["Mounts"];
    const found = candidate({}, {}, {
      containers: containers({ Labels: ours, Mounts }),
      volumes: [{ Name: "data" }, { Name: "a".repeat(64) }, { Name: "b".repeat(63) }],
    } as Partial<EngineSnapshot>);
    expect(found.own["web"]?.folders).toEqual(["/srv/db"]);
    expect(found.volumes).toEqual(["data", "b".repeat(63)]);
    const without = candidate({}, {}, { containers: containers({ Labels: ours }) });
    expect(without.own["web"]).not.toHaveProperty("folders");
  });

  it("are devices of its containers, ours and others'", () => {
    const holding = (labels: object, devices: string) => ({
      Labels: { ...labels, [LABELS.devices]: devices },
    });
    const found = candidate(
      {},
      {},
      { containers: containers(holding(ours, "nvidia:0 nvidia:1"), holding(theirs, "tpu")) },
    );
    expect(found.own["web"]?.devices).toEqual(["nvidia:0", "nvidia:1"]);
    expect(found.others[0]?.devices).toEqual(["tpu"]);
    const none = candidate(
      {},
      {},
      { containers: containers({ Labels: ours }, { Labels: theirs }) },
    );
    expect(none.own["web"]).not.toHaveProperty("devices");
    expect(none.others[0]).not.toHaveProperty("devices");
  });

  it("are networks of ours by the range that they were made with, unless they have no number", () => {
    const labelled = (labels: object) => {
      const Labels = { ...app.Labels, ...labels } as Record<string, string>;
      const IPAM = { Config: [{ Subnet: "10.1.3.0/24" }] };
      return candidate({}, {}, { networks: [{ ...app, Labels, IPAM } as DockerNetwork] });
    };
    const whole = labelled({ [LABELS.cidr]: "10.1.0.0/16" });
    expect(whole.ownNetworks).toEqual({ app: { cidr: "10.1.0.0/16", vni: 7 } });
    expect(labelled({ [LABELS.vni]: "seven" }).ownNetworks).toEqual({});
    const bare = { ...app, IPAM: { Config: [] } } as unknown as DockerNetwork;
    expect(candidate({}, {}, { networks: [bare] }).ownNetworks).toEqual({});
  });

  it("are networks, ours with their range and number, others with whose they are", () => {
    const foreign = { Name: "bridge", IPAM: { Config: [{ Subnet: "172.17.0.0/16" }, {}] } };
    const other = {
      Name: "theirs",
      Labels: { [LABELS.owner]: "other/prod/lan", [LABELS.vni]: "9" },
      IPAM: {},
    };
    const found = candidate({}, {}, {
      networks: [app, foreign, other],
    } as unknown as Partial<EngineSnapshot>);
    expect(found.ownNetworks).toEqual({
      app: { cidr: "10.1.0.0/16", vni: 7, cidr6: "fd00::/64" },
    });
    expect(found.networks).toEqual([
      { name: "bridge", owner: "", cidrs: ["172.17.0.0/16"] },
      { name: "theirs", owner: "other/prod/lan", cidrs: [], vni: 9 },
    ]);
  });
});

describe("what the hosts are asked for", () => {
  const tcp = { hostPort: 80, protocol: "tcp" as const, hostAddress: "" };

  it("is live use, as fresh as the strictest rule that reads it wants it", () => {
    expect(usageAge(inputs())).toBeUndefined();
    for (const kind of ["lowestCpuUsage", "lowestMemoryUsage"] as const)
      expect(usageAge(inputs({ strategies: [{ kind }] }))).toBe(120);
    for (const kind of ["maxCpuUsage", "maxMemoryUsage"] as const)
      expect(usageAge(inputs({ constraints: [{ kind }] }))).toBe(120);
    for (const kind of ["comparator", "score"] as const)
      expect(usageAge(inputs({ strategies: [{ kind, name: "mine" }] }))).toBe(120);
    expect(usageAge(inputs({ constraints: [{ kind: "predicate", name: "mine" }] }))).toBe(120);
    const web = ask("web", {
      preferences: [{ weight: 1, prefer: { kind: "maxCpuUsage", maxAgeSeconds: 30 } }],
    });
    expect(usageAge(inputs({ strategies: [{ kind: "lowestCpuUsage" }], requests: [web] }))).toBe(
      30,
    );
    expect(usageAge(inputs({ constraints: unknown, preferences: unknown }))).toBeUndefined();
  });

  it.each<[string, boolean, object]>([
    ["is not who has ports", false, { requests: [ask("web")] }],
    [
      "is who has ports where one is published",
      true,
      { requests: [ask("a"), ask("web", { ports: [tcp] })] },
    ],
    [
      "where one is open on every host",
      true,
      { requests: [ask("a"), ask("web", { ingress: [tcp] })] },
    ],
    ["where it is not known yet", true, { requests: [ask("web", { ports: unknown })] }],
    [
      "where some host serves a zone",
      true,
      { networks: [network("b"), { ...network("a"), zone: { hosts: ["h1"] } }] },
    ],
  ])("%s", (_, expected, over) => {
    expect(asksForPorts(inputs({ requests: [], ...over }))).toBe(expected);
  });

  it("are images of which the program does not say what they are built for, each once", () => {
    const platforms = [{ os: "linux", arch: "arm64" }];
    const requests = [
      { ...ask("a"), image: "redis" },
      { ...ask("b"), image: "busybox" },
      { ...ask("c"), image: "redis" },
      { ...ask("d"), image: "known", platforms },
      { ...ask("e"), image: unknown },
      ask("f"),
    ];
    expect(imagesToLookFor(inputs({ requests }))).toEqual(["busybox", "redis"]);
  });
});
