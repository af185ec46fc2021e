import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
import { BenchStack, ROOT } from "./clocker.js";
import { withCleanup } from "./cleanup.js";
import { previewOfMany } from "./many.js";
import type { BenchRow } from "./row.js";

const COUNT = 100;
const MANY = 1000;
const FLOOR = "raw-floor";
const MEMORY = 16 * 1024 ** 2;

/**
 * `up` of 100 containers on 3 hosts against the same containers made by the bare Docker API in parallel (the floor:
 * Docker's own time for it) and against a Swarm service of 100 replicas, on the same lab in one run. Then previews with
 * nothing to do.
 */
export async function run(): Promise<BenchRow[]> {
  const name = `bench-up-${process.pid}`;
  return withCleanup(async (atEnd) => {
    const folder = await mkdtemp(join(tmpdir(), "clocker-bench-"));
    atEnd(() => rm(folder, { recursive: true, force: true }));
    atEnd(async () => {
      await closeTransports();
      await labDown(name);
    });
    // Declared larger than the machine is, so that limits of one cpu each fit a hundred times.
    const size = { cpus: 512, memory: 8 * 1024 ** 3 };
    const inventory = await labUp({ name, hosts: 3, ...size, ephemeral: true });
    const image = await buildTestImage(join(ROOT, ".clocker/images"));
    await loadImages([image], inventory.hosts);
    const file = join(folder, "inventory.json");
    await writeFile(file, JSON.stringify(inventory));
    const stack = await BenchStack.create("containers", {
      BENCH_INVENTORY: file,
      BENCH_IMAGE: image.tag,
    });
    atEnd(() => stack.remove());
    // The hosts and the network are made first, so that both sides measure containers alone.
    await stack.up(0);
    const before = await makeBare(inventory, image.tag);
    const up = await stack.up(COUNT);
    const preview = await stack.run(["preview", "--expect-no-changes"], COUNT);
    const thousand = await previewOfMany(stack, join(folder, "state.json"), MANY);
    await stack.up(0);
    const after = await makeBare(inventory, image.tag);
    const floor = (before + after) / 2; // before and after, since the machine does other things too
    await stack.run(["destroy", "--yes", "--skip-preview"], 0);
    const swarm = await makeSwarmService(inventory, image.tag);
    const what = `up of ${COUNT} containers on 3 hosts`;
    return [
      row(what, up, floor, "the bare Docker API in parallel", "<= 1.2 x", (ratio) => ratio <= 1.2),
      row(what, up, swarm, `a Swarm service of ${COUNT} replicas`, "< 1 x", (ratio) => ratio < 1),
      {
        suite: "up",
        name: `preview of ${COUNT} containers, nothing to do`,
        value: preview,
        unit: "s",
      },
      {
        suite: "up",
        name: `preview of ${MANY.toLocaleString("en")} containers, nothing to do`,
        value: thousand,
        unit: "s",
        goal: "<= 3 s",
        ok: thousand <= 3,
      },
    ];
  });
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

/** The same containers with the same limits on the same network, by the Docker API alone: created and started at once. */
async function makeBare(inventory: LabInventory, image: string): Promise<number> {
  const dockers = inventory.hosts.map((host) => dockerFor(labConnection(inventory, host)));
  const networks = await Promise.all(
    dockers.map(
      async (docker) =>
        (await docker.listNetworks()).find(({ Name }) => Name.startsWith("lan-"))!.Name,
    ),
  );
  const start = performance.now();
  const made = await Promise.all(
    Array.from({ length: COUNT }, async (_, index) => {
      const docker = dockers[index % dockers.length]!;
      const { Id } = await docker.createContainer(`${FLOOR}-${index}`, {
        Image: image,
        Cmd: ["sleep", "100000"],
        HostConfig: {
          NetworkMode: networks[index % dockers.length]!,
          NanoCpus: 1e9,
          Memory: MEMORY,
          PidsLimit: 64,
        },
      });
      await docker.startContainer(Id);
      return { docker, Id };
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  await Promise.all(made.map(({ docker, Id }) => docker.removeContainer(Id, true)));
  return seconds;
}

/** A Swarm service of as many replicas on an overlay network of its own, until all are running. */
async function makeSwarmService(inventory: LabInventory, image: string): Promise<number> {
  const docker = async (host: string, ...args: string[]) =>
    (await runCommand(await labExecArgv(inventory.name, host, ["docker", ...args]))).stdout;
  const [manager, ...workers] = inventory.hosts;
  await docker(manager!.name, "swarm", "init", "--advertise-addr", manager!.address);
  const token = (await docker(manager!.name, "swarm", "join-token", "-q", "worker")).trim();
  for (const worker of workers) {
    await docker(worker.name, "swarm", "join", "--token", token, `${manager!.address}:2377`);
  }
  await docker(
    manager!.name,
    "network",
    "create",
    "-d",
    "overlay",
    "--subnet",
    "10.99.0.0/16",
    "bench",
  );
  const start = performance.now();
  await docker(
    manager!.name,
    ...["service", "create", "--detach", "--name", "bench", "--replicas", String(COUNT)],
    ...["--network", "bench", "--limit-cpu", "1", "--limit-memory", String(MEMORY)],
    ...["--limit-pids", "64", "--no-resolve-image", image, "sleep", "100000"],
  );
  // Not until `service create` is content: it then watches for five seconds more.
  const running = `${COUNT}/${COUNT}`;
  const list = ["service", "ls", "--format", "{{.Replicas}}"];
  while ((await docker(manager!.name, ...list)).trim() !== running) {
    if (performance.now() - start > 600_000) throw new Error("Swarm did not start its replicas");
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return (performance.now() - start) / 1000;
}
