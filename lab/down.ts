import { rm, rmdir } from "node:fs/promises";
import { removeCgroup } from "./cgroup.js";
import { unmount } from "./mounts.js";
import { labNames, LAB_ROOT } from "./names.js";
import { killHosts } from "./processes.js";
import { listLabs, makerAlive, readRecord } from "./record.js";
import { requireRoot } from "./requirements.js";
import { releaseUnderlay, removeSwitch } from "./switch.js";

/** Removes the lab and everything it ever made, also what a crash left. Nothing to do is fine. */
export async function labDown(name: string): Promise<void> {
  const names = labNames(name);
  if (!(await listLabs()).includes(name) && process.getuid?.() !== 0) return;
  requireRoot();
  await killHosts(names.dir);
  await removeCgroup(names.cgroup);
  await removeSwitch(names);
  await unmount(names.memory);
  await rm(names.dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  await releaseUnderlay(name);
  await rmdir(LAB_ROOT).catch(() => undefined); // other labs are there
}

/** Removes the ephemeral labs whose maker is gone. Returns their names. */
export async function reapLabs(): Promise<string[]> {
  const removed: string[] = [];
  for (const name of await listLabs()) {
    const record = await readRecord(labNames(name)).catch(() => undefined);
    if (!record?.ephemeral || makerAlive(record)) continue;
    await labDown(name);
    removed.push(name);
  }
  return removed;
}
