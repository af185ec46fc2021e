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
import type { VirtualNetworkInputs } from "../provider/resources/virtual-network/inputs.js";
import { virtualNetworkLifecycle } from "../provider/resources/virtual-network/lifecycle.js";
import { withCleanup } from "./cleanup.js";
import type { BenchRow } from "./row.js";

const ROUNDS = 5;
const SECONDS = 2;
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
 * Throughput of one TCP stream from a container on one host to one on another, and the time from "create container"
 * to the first answer from the other host: our network, Swarm's attachable overlay, and the hosts' own network. Paths
 * take turns in every round, so that what else the machine does falls on all of them.
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
    const flow = await world.throughput();
    const start = await world.reachable();
    const others = await world.others(inventory);
    return [
      throughputRow(flow.ours, flow.swarm, "Swarm overlay", true),
      throughputRow(flow.ours, flow.host, "host to host", false),
      throughputRow(flow.swarm, flow.host, "host to host", false, "Swarm overlay, one TCP stream"),
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
      ...others.map(({ driver, value, host }) =>
        throughputRow(value, host, "host to host", false, `driver ${driver}, one TCP stream`),
      ),
    ];
  });
}

function throughputRow(
  value: number,
  other: number,
  against: string,
  isGoal: boolean,
  name = "our network, one TCP stream",
): BenchRow {
  const ratio = value / other;
  return {
    suite: "network",
    name,
    value,
    unit: "Gb/s",
    ratio,
    against,
    ...(isGoal ? { goal: ">= 1 x", ok: ratio >= 1 } : {}),
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
    await virtualNetworkLifecycle.create(
      networkOf(inventory, { driver: "vxlan", mtu: 1450, vni: 190, net: "10.190" }),
    );
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

  async throughput(): Promise<Record<"ours" | "swarm" | "host", number>> {
    await Promise.all([
      this.start(this.server, "ours-1", OURS, "10.190.1.10"),
      this.start(this.client, "ours-2", OURS, "10.190.2.10"),
      this.start(this.server, "swarm-1", SWARM, "10.191.0.10"),
      this.start(this.server, "host-1", "host"),
      this.start(this.client, "host-2", "host"),
    ]);
    await this.start(this.client, "swarm-2", SWARM, "10.191.0.20");
    const paths = {
      host: { container: "host-2", address: this.serverAddress },
      ours: { container: "ours-2", address: "10.190.1.10" },
      swarm: { container: "swarm-2", address: "10.191.0.10" },
    };
    const seen = { host: [] as number[], ours: [] as number[], swarm: [] as number[] };
    for (let round = 0; round < ROUNDS; round += 1)
      for (const path of ["host", "ours", "swarm"] as const)
        seen[path].push(await this.iperf(paths[path].container, paths[path].address));
    return { host: median(seen.host), ours: median(seen.ours), swarm: median(seen.swarm) };
  }

  /** Gb/s of the other drivers, one network after the other, in turns with the hosts' own network. */
  async others(
    inventory: LabInventory,
  ): Promise<{ driver: string; value: number; host: number }[]> {
    const rows = [];
    for (const { driver, mtu, driverOptions } of OTHER_DRIVERS) {
      const inputs = networkOf(inventory, { driver, mtu, driverOptions, vni: 191, net: "10.192" });
      const id = dockerNetworkName(inputs.networkId, inputs.vni);
      const { outs } = await virtualNetworkLifecycle.create(inputs);
      await this.start(this.server, "other-1", id, "10.192.1.10");
      await this.start(this.client, "other-2", id, "10.192.2.10");
      const seen = { value: [] as number[], host: [] as number[] };
      for (let round = 0; round < OTHER_ROUNDS; round += 1) {
        seen.host.push(await this.iperf("host-2", this.serverAddress));
        seen.value.push(await this.iperf("other-2", "10.192.1.10"));
      }
      rows.push({ driver, value: median(seen.value), host: median(seen.host) });
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

  private async iperf(container: string, address: string): Promise<number> {
    const argv = ["iperf3", "-c", address, "-t", String(SECONDS), "-O", "1", "-J"];
    for (let attempt = 0; ; attempt += 1) {
      const result = await this.client.exec(container, argv);
      if (result.code === 0) {
        const report = JSON.parse(result.stdout) as {
          end: { sum_received: { bits_per_second: number } };
        };
        return report.end.sum_received.bits_per_second / 1e9;
      }
      // the server needs a moment to start, and to end the test before
      if (attempt === 10) throw new Error(`iperf3 to ${address}: ${result.stdout}${result.stderr}`);
      await new Promise((done) => setTimeout(done, 300));
    }
  }
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

/** iperf3 of this machine with its libraries, and a static busybox. */
async function toolsImage(): Promise<ImageTar> {
  const iperf = binary("iperf3", "iperf3");
  const busybox = binary("busybox", "busybox-static");
  return buildImage(
    {
      tag: "clocker-bench/tools:dev",
      files: { "bin/busybox": busybox, "bin/iperf3": iperf, ...(await librariesOf(iperf)) },
      links: { "bin/sh": "busybox", "bin/ping": "busybox" },
      scratch: ["tmp"],
      config: { Cmd: ["iperf3", "-s"], Env: ["PATH=/bin"] },
    },
    join(process.cwd(), ".clocker/images"),
  );
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
