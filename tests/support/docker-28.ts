import { mkdir, mkdtemp, readdir, rename, rm, stat, symlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { buildTestImage, loadImages, TEST_IMAGE } from "../../lab/images/index.js";
import { labDown, labExecArgv, labUp, run } from "../../lab/index.js";
import { unpackFromDebian } from "./debian-archive.js";
import { DOCKER_28_CACHE, IMAGE_CACHE } from "./caches.js";

/** The release of Debian that has it, and needs of a Debian 12 nothing that is not there. */
const RELEASE = "forky";

/** This version alone: what Debian has one day must not fail the tests of an unchanged tree. */
const PACKAGES = ["docker.io=28.*", "docker-cli=28.*"];
const PROGRAMS = ["usr/sbin/dockerd", "usr/sbin/docker-proxy", "usr/bin/docker"];

/** Milliseconds for all that is downloaded. */
const DOWNLOAD_TIMEOUT_MS = 120_000;

/** Seconds for a first container on a host that is up. */
const CONTAINER_TIMEOUT_S = 60;

/** The folder of its programs (see `engine` of a lab), or why there is none, in one sentence. */
export type Docker28 = { folder: string } | { reason: string };

/**
 * Docker 28 for hosts of a lab, whatever this machine itself has: from Debian's archive, without installing anything.
 * containerd and runc stay the machine's. Never fails: what cannot be downloaded, or does not run here, is a reason.
 */
export async function docker28(): Promise<Docker28> {
  try {
    if (!(await runs(DOCKER_28_CACHE))) await fetchInto(DOCKER_28_CACHE);
    return { folder: DOCKER_28_CACHE };
  } catch (error) {
    return { reason: `no Docker 28 from Debian's archive: ${(error as Error).message}` };
  }
}

async function fetchInto(cache: string): Promise<void> {
  console.log(`Fetching Docker 28 from Debian's ${RELEASE} into .clocker/, for tests alone ...`);
  await mkdir(dirname(cache), { recursive: true });
  await removeLeftovers(cache);
  const work = await mkdtemp(`${cache}-`);
  try {
    await unpackFromDebian(RELEASE, PACKAGES, work, AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS));
    const programs = join(work, "programs");
    await mkdir(programs);
    for (const path of PROGRAMS)
      await rename(join(work, "root", path), join(programs, basename(path)));
    // where systemd starts containerd, it does so from this folder
    await symlink("/usr/bin/containerd", join(programs, "containerd"));
    await tryOut(programs);
    if (await runs(cache)) return; // another run was faster, and uses it already
    await rm(cache, { recursive: true, force: true });
    await rename(programs, cache);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** What a run left that was killed while it downloaded. */
async function removeLeftovers(cache: string): Promise<void> {
  for (const name of await readdir(dirname(cache))) {
    if (!name.startsWith(`${basename(cache)}-`)) continue;
    const path = join(dirname(cache), name);
    const made = await stat(path).catch(() => undefined);
    if (made !== undefined && Date.now() - made.mtimeMs > 10 * DOWNLOAD_TIMEOUT_MS)
      await rm(path, { recursive: true, force: true });
  }
}

async function runs(folder: string): Promise<boolean> {
  const there: string[] = await readdir(folder).catch(() => []);
  if (!PROGRAMS.every((path) => there.includes(basename(path)))) return false;
  const { code } = await run([join(folder, "dockerd"), "--version"], { mayFail: true });
  return code === 0;
}

/** Whether it does what every test needs: it starts on a host, and starts a container. */
async function tryOut(engine: string): Promise<void> {
  const { stdout } = await run([join(engine, "dockerd"), "--version"]);
  const name = `t-docker-28-${process.pid}`;
  try {
    const { hosts } = await labUp({ name, hosts: 1, engine, init: "script", ephemeral: true });
    await loadImages([await buildTestImage(IMAGE_CACHE)], hosts);
    const start = ["docker", "run", "--rm", TEST_IMAGE, "true"];
    const limited = ["timeout", String(CONTAINER_TIMEOUT_S), ...start];
    await run(await labExecArgv(name, "h1", limited));
  } catch (error) {
    throw new Error(`${stdout.trim()} does not run here: ${(error as Error).message}`, {
      cause: error,
    });
  } finally {
    await labDown(name);
  }
}
