import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { buildTestImage, loadImages } from "../lab/images/index.js";
import {
  labConnection,
  labDown,
  labExecArgv,
  labUp,
  run as runCommand,
  type LabInventory,
} from "../lab/index.js";
import { dockerFor } from "../provider/host/docker.js";
import { closeTransports } from "../provider/host/pool.js";
import type { BenchRow } from "./row.js";

const ROOT = resolve(__dirname, "../..");
const COUNT = 100;
const PROGRAM = join(ROOT, "bench/programs/containers");
const FLOOR = "raw-floor";
const MEMORY = 16 * 1024 ** 2;

/**
 * `up` of 100 containers on 3 hosts against the same containers made by the bare Docker API in parallel (the floor:
 * nothing can be faster than Docker) and against a Swarm service of 100 replicas, on the same lab in one run. Then a
 * preview of 1,000 containers with nothing to do.
 */
export async function run(): Promise<BenchRow[]> {
  const name = `bench-up-${process.pid}`;
  const folder = await mkdtemp(join(tmpdir(), "clocker-bench-"));
  try {
    const inventory = await labUp({ name, hosts: 3, memory: 8 * 1024 ** 3, ephemeral: true });
    const image = await buildTestImage(join(ROOT, ".clocker/images"));
    await loadImages([image], inventory.hosts);
    const bench = await Bench.prepare(folder, inventory, image.tag);
    // The network and the hosts are prepared first, so that both sides measure containers alone.
    await bench.clocker(["up", "--yes", "--skip-preview"], 0);
    const floor = await bench.floor();
    const up = await bench.timed(["up", "--yes", "--skip-preview"], COUNT);
    const same = await bench.timed(["preview", "--expect-no-changes"], COUNT);
    await bench.clocker(["destroy", "--yes"], 0);
    const swarm = await bench.swarm();
    return [
      row(
        "up of 100 containers on 3 hosts",
        up,
        floor,
        "bare Docker API in parallel",
        "<= 1.2 x",
        (r) => r <= 1.2,
      ),
      row(
        "up of 100 containers on 3 hosts",
        up,
        swarm,
        "Swarm service of 100 replicas",
        "< 1 x",
        (r) => r < 1,
      ),
      { suite: "up", name: "preview of 100 containers, nothing to do", value: same, unit: "s" },
    ];
  } finally {
    await closeTransports();
    await labDown(name);
    await rm(folder, { recursive: true, force: true });
  }
}

function row(
  name: string,
  value: number,
  other: number,
  against: string,
  goal: string,
  isReached: (ratio: number) => boolean,
): BenchRow {
  const ratio = value / other;
  return {
    suite: "up",
    name,
    value,
    unit: "s",
    ratio,
    against: `${against} (${other.toFixed(1)} s)`,
    goal,
    ok: isReached(ratio),
  };
}

class Bench {
  private constructor(
    private readonly inventory: LabInventory,
    private readonly image: string,
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  static async prepare(folder: string, inventory: LabInventory, image: string): Promise<Bench> {
    const file = join(folder, "inventory.json");
    await writeFile(file, JSON.stringify(inventory));
    const bench = new Bench(inventory, image, {
      ...process.env,
      BENCH_INVENTORY: file,
      BENCH_IMAGE: image,
      PULUMI_BACKEND_URL: `file://${folder}`,
      PULUMI_HOME: join(folder, "home"),
      PULUMI_CONFIG_PASSPHRASE: "bench",
    });
    await bench.clocker(["stack", "init", "bench"], 0);
    return bench;
  }

  /** Runs `clocker` on the program with so many containers; fails loudly. */
  async clocker(args: readonly string[], count: number): Promise<void> {
    const child = spawn(
      process.execPath,
      [join(ROOT, "dist/cli/main.js"), ...args, "-C", PROGRAM, "-s", "bench"],
      {
        env: { ...this.env, BENCH_COUNT: String(count) },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    let output = "";
    child.stdout.on("data", (bytes: Buffer) => (output += bytes.toString()));
    child.stderr.on("data", (bytes: Buffer) => (output += bytes.toString()));
    const code = await new Promise((done) => child.on("exit", done));
    if (code !== 0) throw new Error(`clocker ${args.join(" ")} failed:\n${output}`);
  }

  async timed(args: readonly string[], count: number): Promise<number> {
    const start = performance.now();
    await this.clocker(args, count);
    return (performance.now() - start) / 1000;
  }

  private dockers() {
    return this.inventory.hosts.map((host) => dockerFor(labConnection(this.inventory, host)));
  }

  /** The same containers with the same limits on the same network, by the Docker API alone: created and started at once. */
  async floor(): Promise<number> {
    const dockers = this.dockers();
    const networks = await Promise.all(
      dockers.map(
        async (docker) =>
          (await docker.listNetworks({})).find(({ Name }) => Name.startsWith("lan-"))!.Name,
      ),
    );
    const start = performance.now();
    const made = await Promise.all(
      Array.from({ length: COUNT }, async (_, index) => {
        const at = index % dockers.length;
        const { Id } = await dockers[at]!.createContainer(`${FLOOR}-${index}`, {
          Image: this.image,
          Cmd: ["sleep", "100000"],
          HostConfig: { NetworkMode: networks[at]!, Memory: MEMORY, PidsLimit: 64 },
        });
        await dockers[at]!.startContainer(Id);
        return { docker: dockers[at]!, Id };
      }),
    );
    const seconds = (performance.now() - start) / 1000;
    await Promise.all(made.map(({ docker, Id }) => docker.removeContainer(Id, true)));
    return seconds;
  }

  /** A Swarm service of as many replicas on an overlay network of its own, until all are running. */
  async swarm(): Promise<number> {
    const [manager, ...workers] = this.inventory.hosts;
    const docker = (host: string, ...args: string[]) => this.exec(host, ["docker", ...args]);
    await docker(manager!.name, "swarm", "init", "--advertise-addr", manager!.address);
    const token = (await docker(manager!.name, "swarm", "join-token", "-q", "worker")).trim();
    for (const worker of workers) {
      await docker(worker.name, "swarm", "join", "--token", token, `${manager!.address}:2377`);
    }
    await docker(manager!.name, "network", "create", "-d", "overlay", "bench");
    const start = performance.now();
    await docker(
      manager!.name,
      ...[
        "service",
        "create",
        "--quiet",
        "--name",
        "bench",
        "--replicas",
        String(COUNT),
        "--network",
        "bench",
      ],
      ...["--limit-memory", String(MEMORY), "--no-resolve-image", this.image, "sleep", "100000"],
    );
    return (performance.now() - start) / 1000;
  }

  private async exec(host: string, argv: string[]): Promise<string> {
    const { stdout } = await runCommand(await labExecArgv(this.inventory.name, host, argv));
    return stdout;
  }
}
