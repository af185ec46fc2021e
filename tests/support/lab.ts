import { createHash } from "node:crypto";
import { basename } from "node:path";
import { afterAll, beforeAll, describe } from "vitest";
import type { HostConnection } from "../../provider/host/connection.js";
import {
  killHostsNow,
  labConnection,
  labDown,
  labExecArgv,
  labKill,
  labNames,
  labObstacles,
  labRestart,
  labUp,
  reapLabs,
  run,
  type LabHost,
  type LabInventory,
  type RunResult,
  type UpOptions,
} from "../../lab/index.js";
import { buildTestImage, loadImages, TEST_IMAGE, type ImageTar } from "../../lab/images/index.js";
import { IMAGE_CACHE } from "./caches.js";

export { IMAGE_CACHE, TEST_IMAGE };

/** Why lab tests cannot run here; empty when they can. */
export const obstacles = labObstacles();

/** `describe` for tests that need real hosts: skipped, with the reason printed, where there can be none. */
export const describeLab: typeof describe | typeof describe.skip =
  obstacles.length === 0 ? describe : describe.skip;
if (obstacles.length > 0) console.warn(`lab tests are skipped: ${obstacles.join(" ")}`);

/** A lab of one test file. Its fields are filled in `beforeAll`; read them inside tests only. */
export class TestLab {
  #inventory: LabInventory | undefined;

  constructor(readonly name: string) {}

  get inventory(): LabInventory {
    if (!this.#inventory)
      throw new Error("the lab is there inside tests only, not while they are collected");
    return this.#inventory;
  }

  get hosts(): LabHost[] {
    return this.inventory.hosts;
  }

  host(name: string): LabHost {
    const found = this.hosts.find((host) => host.name === name);
    if (!found) throw new Error(`the lab has no host ${name}`);
    return found;
  }

  /** How the provider reaches the host. */
  connection(name: string, login: "root" | "sudo" = "root"): HostConnection {
    return labConnection(this.inventory, this.host(name), login);
  }

  /** Docker's socket on this machine, for a Docker client of the test's own. */
  docker(name: string): string {
    return this.host(name).dockerSocket;
  }

  /** Runs a command inside the host; a non-zero exit is a result. */
  async exec(host: string, argv: readonly string[], stdin?: string): Promise<RunResult> {
    const full = await labExecArgv(this.name, host, argv);
    return run(full, { mayFail: true, ...(stdin === undefined ? {} : { stdin }) });
  }

  /** Runs a command inside the host that must succeed; gives its output without the last newline. */
  async sh(host: string, ...argv: string[]): Promise<string> {
    return (await run(await labExecArgv(this.name, host, argv))).stdout.trimEnd();
  }

  /** Power cut. */
  kill(host: string): Promise<void> {
    return labKill(this.name, host);
  }

  /** Off and on again, same disk; resolves when sshd and Docker answer. */
  restart(host: string): Promise<void> {
    return labRestart(this.name, host);
  }

  /** Loads an image on all hosts that have Docker, or on those named. */
  async loadImage(image: ImageTar, hosts?: readonly string[]): Promise<void> {
    const targets = this.hosts.filter(
      (host) => host.docker && (hosts === undefined || hosts.includes(host.name)),
    );
    await loadImages([image], targets);
  }

  async up(options: Omit<UpOptions, "name">): Promise<LabInventory> {
    this.#inventory = await labUp({ ephemeral: true, ...options, name: this.name });
    return this.#inventory;
  }

  async down(): Promise<void> {
    this.#inventory = undefined;
    await labDown(this.name);
  }
}

export type LabOptions = Omit<UpOptions, "name" | "onProgress"> & {
  /** Load the busybox test image (TEST_IMAGE) on all hosts. Default true. */
  image?: boolean;
};

/** A name that no other test file and no other run of this file has. */
export function labName(file: string): string {
  const hash = createHash("sha256").update(`${file} ${Date.now()}`).digest("hex").slice(0, 4);
  const stem = basename(file)
    .replace(/\.test\.ts$/, "")
    .replace(/[^a-z0-9]+/gi, "-")
    .toLowerCase();
  return `t-${stem.slice(0, 16)}-${process.pid}-${hash}`;
}

/**
 * A lab for the tests of a file (or of a describe block): up in `beforeAll`, down in `afterAll` or when the process
 * ends; what a killed process left is removed by the next lab test.
 *
 *     describeLab("moves", () => {
 *       const lab = withLab("moves", { hosts: 3 });
 *       it("...", async () => { await lab.sh("h1", "docker", "ps"); });
 *     });
 */
export function withLab(name: string, options: LabOptions): TestLab {
  const lab = new TestLab(labName(name));
  const { image = true, ...up } = options;
  // Frees the machine at once when the process ends before `afterAll`; the next run's reaper removes the rest.
  const onExit = (): void => killHostsNow(labNames(lab.name).dir);
  beforeAll(async () => {
    await reapLabs();
    process.once("exit", onExit);
    await lab.up(up);
    if (image) await lab.loadImage(await buildTestImage(IMAGE_CACHE));
  }, 120_000);
  afterAll(async () => {
    process.removeListener("exit", onExit);
    await lab.down();
  }, 120_000);
  return lab;
}
