import { join } from "node:path";
import { binary, librariesOf } from "../lab/images/binaries.js";
import { buildImage, loadImages, type ImageTar } from "../lab/images/index.js";
import {
  labConnection,
  labDown,
  labExecArgv,
  labUp,
  run as command,
  type LabInventory,
} from "../lab/index.js";
import { dockerFor, type DockerClient } from "../provider/host/docker.js";
import { closeTransports } from "../provider/host/pool.js";
import { dockerNetworkName } from "../provider/network/names.js";
import { networkPolicyLifecycle } from "../provider/resources/network-policy/lifecycle.js";
import type { VirtualNetworkInputs } from "../provider/resources/virtual-network/inputs.js";
import { virtualNetworkLifecycle } from "../provider/resources/virtual-network/lifecycle.js";
import { withCleanup } from "./cleanup.js";
import { type Load, ONE_STREAM, OTHER_LOADS, type Path } from "./network-load.js";
import type { BenchRow } from "./row.js";

const ROUNDS = 15;
const OTHER_LOAD_ROUNDS = 7;
const STARTS = 7;
const OTHER_ROUNDS = 3;
/** What else can be measured without more than the lab has. Swarm's is in the table as Swarm itself. */
const OTHER_DRIVERS = [
  { driver: "routed", mtu: 1500, driverOptions: {} },
  { driver: "macvlan", mtu: 1500, driverOptions: { parent: "eth0" } },
  { driver: "wireguard", mtu: 1440, driverOptions: {} },
  { driver: "ovs", mtu: 1450, driverOptions: {} },
] as const;
const OURS = dockerNetworkName("bench", 190);
const SWARM = "bench-swarm";

/**
 * What containers on two hosts get from our network (one TCP stream, also with a policy; more streams, small packets, one
 * question after the other), next to Swarm's attachable overlay and the hosts' own network; and the time from "create
 * container" to the first answer from the other host. Paths take turns in every round, in changing order, so that what else
 * the machine does falls on all of them, and a ratio is the median of the rounds' ratios.
 */
export async function run(): Promise<BenchRow[]> {
  const lab = `bench-net-${process.pid}`;
  return withCleanup(async (atEnd) => {
    atEnd(async () => {
      await closeTransports();
      await labDown(lab);
    });
    const inventory = await labUp({ name: lab, hosts: 2, ephemeral: true });
    const image = await toolsImage();
    await loadImages([image], inventory.hosts);
    const world = await World.prepare(inventory, image.tag);
    await world.connect();
    const flow = await world.compare(ONE_STREAM, ROUNDS, ["ours", "swarm", "host"]);
    const loads = [];
    for (const load of OTHER_LOADS)
      loads.push({ load, seen: await world.compare(load, OTHER_LOAD_ROUNDS, ["ours", "swarm"]) });
    const start = await world.reachable();
    const others = await world.others(inventory);
    await world.isolate(inventory);
    const isolated = await world.compare(ONE_STREAM, ROUNDS, ["ours", "swarm"]);
    return [
      loadRow(ONE_STREAM, flow, "ours", "swarm", ">= 1 x"),
      loadRow(ONE_STREAM, flow, "ours", "host"),
      loadRow(ONE_STREAM, flow, "swarm", "host"),
      loadRow(ONE_STREAM, isolated, "ours", "swarm", ">= 1 x", " with a policy"),
      ...loads.map(({ load, seen }) => loadRow(load, seen, "ours", "swarm")),
      {
        suite: "network",
        name: "from create to reachable from the other host",
        value: start.ours,
        unit: "ms",
        ratio: start.ours / start.swarm,
        against: "Swarm overlay",
        goal: "<= 1 x",
        ok: start.ours <= start.swarm,
      },
      ...others.map(({ driver, seen }) =>
        loadRow(ONE_STREAM, seen, "ours", "host", undefined, ` of driver ${driver}`),
      ),
    ];
  });
}

/** Figures of each path, one a round. */
type Rounds = Partial<Record<PathName, number[]>>;
type PathName = keyof typeof PATHS;
const PATHS = { ours: "our network", swarm: "Swarm overlay", host: "host to host" } as const;

function loadRow(
  { name, unit }: Load,
  seen: Rounds,
  of: PathName,
  against: PathName,
  goal?: string,
  kind = "",
): BenchRow {
  const values = seen[of] ?? [];
  const ratio = median(values.map((value, round) => value / (seen[against]?.[round] ?? NaN)));
  return {
    suite: "network",
    name: `${PATHS[of]}${kind}, ${name}`,
    value: median(values),
    unit,
    ratio,
    against: PATHS[against],
    ...(goal === undefined ? {} : { goal, ok: ratio >= 1 }),
  };
}

class World {
  private constructor(
    private readonly image: string,
    private readonly server: DockerClient,
    private readonly client: DockerClient,
    private readonly serverAddress: string,
  ) {}

  static async prepare(inventory: LabInventory, image: string): Promise<World> {
    const [h1, h2] = inventory.hosts;
    if (!h1 || !h2) throw new Error("the lab has fewer than two hosts");
    const server = dockerFor(labConnection(inventory, h1));
    const client = dockerFor(labConnection(inventory, h2));
    await virtualNetworkLifecycle.create(ourNetwork(inventory));
    const docker = async (host: string, ...argv: string[]): Promise<string> =>
      (await command(await labExecArgv(inventory.name, host, ["docker", ...argv]))).stdout.trim();
    await docker("h1", "swarm", "init", "--advertise-addr", h1.address);
    const token = await docker("h1", "swarm", "join-token", "-q", "worker");
    await docker("h2", "swarm", "join", "--token", token, `${h1.address}:2377`);
    await server.createNetwork({
      Name: SWARM,
      Driver: "overlay",
      Attachable: true,
      IPAM: { Config: [{ Subnet: "10.191.0.0/16" }] },
    });
    return new World(image, server, client, h1.address);
  }

  /** A container on each host for each path. */
  async connect(): Promise<void> {
    await Promise.all([
      this.start(this.server, "ours-1", OURS, "10.190.1.10"),
      this.start(this.client, "ours-2", OURS, "10.190.2.10"),
      this.start(this.server, "swarm-1", SWARM, "10.191.0.10"),
      this.start(this.server, "host-1", "host"),
      this.start(this.client, "host-2", "host"),
    ]);
    await this.start(this.client, "swarm-2", SWARM, "10.191.0.20");
  }

  async compare(load: Load, rounds: number, names: readonly PathName[]): Promise<Rounds> {
    const paths: Record<PathName, Path> = {
      host: { client: this.client, container: "host-2", address: this.serverAddress },
      ours: { client: this.client, container: "ours-2", address: "10.190.1.10" },
      swarm: { client: this.client, container: "swarm-2", address: "10.191.0.10" },
    };
    return taking(rounds, names, (name) => load.measure(paths[name]));
  }

  /** Both of our containers are one application, which others cannot reach. */
  async isolate(inventory: LabInventory): Promise<void> {
    await networkPolicyLifecycle.create({
      ...ourNetwork(inventory),
      network: "bench",
      meta: { project: "bench", stack: "bench", name: "apart", urn: "" },
      ...{ isolate: "applications", outside: "open", rules: [] },
      members: ["h1", "h2"].map((host, index) => ({
        ...{ name: `ours-${index + 1}`, application: "bench", service: `ours-${index + 1}`, host },
        address: `10.190.${index + 1}.10`,
      })),
    });
  }

  /** The other drivers, one network after the other, in turns with the hosts' own network. */
  async others(inventory: LabInventory): Promise<{ driver: string; seen: Rounds }[]> {
    const rows = [];
    const host = { client: this.client, container: "host-2", address: this.serverAddress };
    const other = { client: this.client, container: "other-2", address: "10.192.1.10" };
    for (const { driver, mtu, driverOptions } of OTHER_DRIVERS) {
      const inputs = networkOf(inventory, { driver, mtu, driverOptions, vni: 191, net: "10.192" });
      const id = dockerNetworkName(inputs.networkId, inputs.vni);
      const { outs } = await virtualNetworkLifecycle.create(inputs);
      await this.start(this.server, "other-1", id, "10.192.1.10");
      await this.start(this.client, "other-2", id, "10.192.2.10");
      const seen = await taking(OTHER_ROUNDS, ["ours", "host"], (name) =>
        ONE_STREAM.measure(name === "ours" ? other : host),
      );
      rows.push({ driver, seen });
      await this.server.removeContainer("other-1", true);
      await this.client.removeContainer("other-2", true);
      await virtualNetworkLifecycle.delete(id, outs);
    }
    return rows;
  }

  /** Milliseconds from create to the first answered ping, by the time of the container that asks. */
  async reachable(): Promise<Record<"ours" | "swarm", number>> {
    const seen = { ours: [] as number[], swarm: [] as number[] };
    const networks = {
      ours: { name: OURS, net: "10.190.1", from: "ours-2" },
      swarm: { name: SWARM, net: "10.191.0", from: "swarm-2" },
    };
    for (let round = 0; round < STARTS; round += 1)
      for (const path of ["ours", "swarm"] as const) {
        const { name, net, from } = networks[path];
        const address = `${net}.${50 + round}`;
        const begin = performance.now();
        await this.start(this.server, "new", name, address);
        while ((await this.client.exec(from, ["ping", "-c", "1", "-W", "1", address])).code !== 0)
          if (performance.now() - begin > 30_000) throw new Error(`${address} never answered`);
        seen[path].push(performance.now() - begin);
        await this.server.removeContainer("new", true);
      }
    return { ours: median(seen.ours), swarm: median(seen.swarm) };
  }

  private async start(
    docker: DockerClient,
    name: string,
    network: string,
    address?: string,
  ): Promise<void> {
    await docker.createContainer(name, {
      Image: this.image,
      HostConfig: { NetworkMode: network, Init: true },
      ...(address === undefined
        ? {}
        : {
            NetworkingConfig: {
              EndpointsConfig: { [network]: { IPAMConfig: { IPv4Address: address } } },
            },
          }),
    });
    await docker.startContainer(name);
  }
}

/** Figures by path: in each round all of them, every other round in the opposite order. */
async function taking(
  rounds: number,
  names: readonly PathName[],
  measure: (name: PathName) => Promise<number>,
): Promise<Rounds> {
  const seen: Rounds = {};
  for (let round = 0; round < rounds; round += 1)
    for (const name of round % 2 === 0 ? names : [...names].reverse())
      (seen[name] ??= []).push(await measure(name));
  return seen;
}

function ourNetwork(inventory: LabInventory): VirtualNetworkInputs {
  return networkOf(inventory, { driver: "vxlan", mtu: 1450, vni: 190, net: "10.190" });
}

type NetworkSettings = Pick<VirtualNetworkInputs, "driver" | "mtu" | "vni" | "driverOptions"> & {
  net: string;
};

function networkOf(
  inventory: LabInventory,
  { net, ...settings }: NetworkSettings,
): VirtualNetworkInputs {
  return {
    meta: { project: "bench", stack: "bench", name: "bench", urn: "" },
    cloud: "bench",
    networkId: "bench",
    ...settings,
    cidr: `${net}.0.0/16`,
    domain: "bench.clocker",
    dnsServers: [],
    outbound: true,
    records: {},
    hosts: inventory.hosts.map((host, index) => ({
      name: host.name,
      connection: labConnection(inventory, host),
      block: `${net}.${index + 1}.0/24`,
      gateway: `${net}.${index + 1}.1`,
      underlay: host.address,
    })),
  };
}

/** iperf3 and Redis of this machine with their libraries, both started, and a static busybox. */
async function toolsImage(): Promise<ImageTar> {
  const iperf = binary("iperf3", "iperf3");
  const redis = binary("redis-server", "redis-server");
  const asker = binary("redis-benchmark", "redis-tools");
  const libraries = await Promise.all([iperf, redis, asker].map(librariesOf));
  return buildImage(
    {
      tag: "clocker-bench/tools:dev",
      files: {
        ...{ "bin/busybox": binary("busybox", "busybox-static"), "bin/iperf3": iperf },
        ...{ "bin/redis-server": redis, "bin/redis-benchmark": asker },
        ...Object.fromEntries(libraries.flatMap(Object.entries<string>)),
      },
      links: { "bin/sh": "busybox", "bin/ping": "busybox" },
      scratch: ["tmp"],
      config: {
        Cmd: ["sh", "-c", "redis-server --protected-mode no --save '' & exec iperf3 -s"],
        Env: ["PATH=/bin"],
      },
    },
    join(process.cwd(), ".clocker/images"),
  );
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
