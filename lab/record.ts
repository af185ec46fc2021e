import { existsSync } from "node:fs";
import { readdir, readFile, rename, writeFile } from "node:fs/promises";
import type { LabInventory } from "./inventory.js";
import { LAB_ROOT, labNames, type LabNames } from "./names.js";
import { startTime } from "./processes.js";
import type { LabInit } from "./systemd.js";

export interface HostRecord {
  name: string;
  number: number;
  cpus: number;
  memory: number;
  labels: Record<string, string>;
  bare: boolean;
  /** Default "script". */
  init?: LabInit;
  /** Folder of another Docker Engine than the distribution's, for a host with Docker. */
  engine?: string;
}

/** What a lab is made of, written before anything of it exists. */
export interface LabRecord {
  name: string;
  /** Who made it. A lab without inventory whose maker is gone is half made. */
  maker: { pid: number; started: string };
  /** It ends with its maker: `reapLabs` removes it after that. */
  ephemeral: boolean;
  underlay: number;
  /** Extra lines of sshd_config. */
  sshd: string[];
  hosts: HostRecord[];
}

export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFile(`${path}.new`, `${JSON.stringify(value, null, 2)}\n`);
  await rename(`${path}.new`, path);
}

async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

export function readRecord(names: LabNames): Promise<LabRecord | undefined> {
  return readJson<LabRecord>(names.record);
}

/** The inventory of a lab that is completely up, or undefined. */
export function readInventory(name: string): Promise<LabInventory | undefined> {
  return readJson<LabInventory>(labNames(name).inventory);
}

export function makerAlive(record: LabRecord): boolean {
  return startTime(record.maker.pid) === record.maker.started;
}

/** Names of the labs that exist in any form, sorted. */
export async function listLabs(): Promise<string[]> {
  if (!existsSync(LAB_ROOT)) return [];
  const entries = await readdir(LAB_ROOT, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .map((entry) => entry.name)
    .sort();
}
