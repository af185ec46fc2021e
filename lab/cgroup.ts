import { existsSync, readdirSync } from "node:fs";
import { mkdir, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CGROUP_ROOT } from "./names.js";

/** True where one hierarchy holds all controllers. */
function unified(): boolean {
  return existsSync(join(CGROUP_ROOT, "cgroup.controllers"));
}

/** Roots under which dockerd makes groups: one with cgroup v2, one per controller with v1. */
function roots(): string[] {
  if (unified()) return [CGROUP_ROOT];
  return readdirSync(CGROUP_ROOT, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(CGROUP_ROOT, entry.name));
}

/** Makes the cgroup parent of a host's containers and gives it the declared capacity. */
export async function makeCgroup(path: string, cpus: number, memory: number): Promise<void> {
  const period = 100_000;
  if (unified()) {
    const dir = join(CGROUP_ROOT, path);
    await mkdir(dir, { recursive: true });
    for (const parent of [CGROUP_ROOT, join(dir, "..")]) {
      await writeFile(
        join(parent, "cgroup.subtree_control"),
        "+cpu +cpuset +memory +pids +io",
      ).catch(() => undefined); // a controller that is not there: dockerd says so itself
    }
    await writeFile(join(dir, "memory.max"), String(memory));
    await writeFile(join(dir, "cpu.max"), `${Math.round(cpus * period)} ${period}`);
    return;
  }
  for (const root of roots()) await mkdir(join(root, path), { recursive: true });
  await inheritCpuset(path);
  const memoryDir = join(CGROUP_ROOT, "memory", path);
  const cpuDir = join(CGROUP_ROOT, "cpu", path);
  await writeFile(join(memoryDir, "memory.limit_in_bytes"), String(memory));
  await writeFile(join(cpuDir, "cpu.cfs_period_us"), String(period));
  await writeFile(join(cpuDir, "cpu.cfs_quota_us"), String(Math.round(cpus * period)));
}

/** In version 1 a new cpuset is empty and takes no process until it was filled, from the top down. */
async function inheritCpuset(path: string): Promise<void> {
  const root = join(CGROUP_ROOT, "cpuset");
  if (!existsSync(root)) return;
  let dir = root;
  for (const part of path.split("/")) {
    const parent = dir;
    dir = join(dir, part);
    for (const file of ["cpuset.cpus", "cpuset.mems"])
      await writeFile(join(dir, file), await readFile(join(parent, file), "utf8"));
  }
}

/** Removes the group and those below it in every hierarchy. They outlive the processes, so no one else does. */
export async function removeCgroup(path: string, keepTop = false): Promise<void> {
  for (const root of roots()) {
    const top = join(root, path);
    if (!existsSync(top)) continue;
    for (const child of await childrenOf(top)) await removeTree(child);
    if (!keepTop) await removeDir(top);
  }
}

/** Groups of the lab that still exist, for tests and status. */
export function cgroupsOf(path: string): string[] {
  return roots()
    .map((root) => join(root, path))
    .filter((dir) => existsSync(dir));
}

async function childrenOf(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(dir, entry.name));
}

async function removeTree(dir: string): Promise<void> {
  for (const child of await childrenOf(dir)) await removeTree(child);
  await removeDir(dir);
}

/** A group stays busy for a moment after its last process was killed. */
async function removeDir(dir: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      await rmdir(dir);
      return;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "ENOENT") return;
      if (code !== "EBUSY") throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error(`cgroup ${dir} still has processes`);
}
