import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { removeCgroup } from "./cgroup.js";
import { bootHost, cutPower, installHost } from "./host.js";
import type { LabInventory } from "./inventory.js";
import { hostNames, labNames, LAB_ROOT, type LabNames } from "./names.js";
import { hostPid, killHosts, startTime } from "./processes.js";
import { prepareOfflineSource } from "./offline-packages.js";
import { listLabs, makerAlive, readInventory, readRecord, writeJson } from "./record.js";
import type { HostRecord, LabRecord } from "./record.js";
import { labObstacles } from "./requirements.js";
import { LabError, run, until } from "./run.js";
import { SUDO_USER } from "./seed.js";
import { hostAddress, underlay } from "./subnet.js";
import { claimUnderlay, makeSwitch, releaseUnderlay, removeSwitch } from "./switch.js";

const GIB = 1024 ** 3;
const MAX_HOSTS = 50;

export interface UpOptions {
  name: string;
  hosts: number;
  /** Declared cpus: one value for all hosts, or one per host. Default 2. */
  cpus?: number | number[];
  /** Declared bytes of memory: one value for all hosts, or one per host. Default 2 GiB. */
  memory?: number | number[];
  /** Extra lines of sshd_config, e.g. `MaxSessions 1`. */
  sshd?: string[];
  /** Hosts without Docker Engine: all of them, or those named. */
  bare?: boolean | string[];
  /** The lab ends with the process that makes it (see reapLabs). */
  ephemeral?: boolean;
  onProgress?: (line: string) => void;
}

/** Makes the lab, or brings up again what exists of it with the same number of hosts. */
export async function labUp(options: UpOptions): Promise<LabInventory> {
  requireLab();
  const names = labNames(options.name);
  const say = options.onProgress ?? (() => undefined);
  if (!Number.isInteger(options.hosts) || options.hosts < 1 || options.hosts > MAX_HOSTS)
    throw new LabError(`a lab has 1 to ${MAX_HOSTS} hosts, not ${options.hosts}`);
  const existing = await resume(names, options, say);
  if (existing) return existing;
  await mkdir(LAB_ROOT, { recursive: true, mode: 0o711 });
  await mkdir(names.dir, { mode: 0o711 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
    throw new LabError(`lab ${options.name} is being made by another process: wait for it`);
  });
  try {
    return await make(names, options, say);
  } catch (error) {
    await labDown(options.name).catch(() => undefined); // the first error says what happened
    throw error;
  }
}

function requireLab(): void {
  const obstacles = labObstacles();
  if (obstacles.length > 0) throw new LabError(obstacles.join("\n"));
}

async function resume(
  names: LabNames,
  options: UpOptions,
  say: (line: string) => void,
): Promise<LabInventory | undefined> {
  if (!existsSync(names.dir)) return undefined;
  const inventory = await readInventory(options.name);
  const record = await readRecord(names);
  if (!inventory || !record) {
    if (record && makerAlive(record))
      throw new LabError(
        `lab ${options.name} is being made by process ${record.maker.pid}: wait for it`,
      );
    say(`removing what was left of lab ${options.name}`);
    await labDown(options.name);
    return undefined;
  }
  if (inventory.hosts.length !== options.hosts)
    throw new LabError(
      `lab ${options.name} is up with ${inventory.hosts.length} hosts, not ${options.hosts}: take it down first with clocker lab down --name ${options.name}`,
    );
  // After a reboot of this machine, the folder is there and nothing else.
  if (!existsSync(`/run/netns/${names.netns}`)) {
    say(`removing what was left of lab ${options.name}`);
    await labDown(options.name);
    return undefined;
  }
  const off = record.hosts.filter((host) => !hostPid(hostNames(names, host.name).init));
  await Promise.all(
    off.map(async (host) => {
      await cutPower(names, host.name);
      await bootHost(names, record, host);
      say(`${host.name} is up again`);
    }),
  );
  return inventory;
}

async function make(
  names: LabNames,
  options: UpOptions,
  say: (line: string) => void,
): Promise<LabInventory> {
  const record: LabRecord = {
    name: options.name,
    maker: { pid: process.pid, started: startTime(process.pid) ?? "" },
    ephemeral: options.ephemeral ?? false,
    underlay: -1,
    sshd: options.sshd ?? [],
    hosts: Array.from({ length: options.hosts }, (_, index) => hostRecord(options, index)),
  };
  await writeJson(names.record, record);
  const net = await claimUnderlay(options.name);
  record.underlay = net.index;
  await writeJson(names.record, record);
  say(`lab ${options.name}: ${options.hosts} hosts in ${net.subnet}`);
  await mkdir(names.memory, { mode: 0o700 });
  await Promise.all([
    makeSwitch(names, net),
    run(["mount", "-t", "tmpfs", "-o", "mode=700", "tmpfs", names.memory]),
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", options.name, "-f", names.key]),
  ]);
  if (record.hosts.some((host) => host.bare)) await prepareOfflineSource();
  const loginKey = await readFile(`${names.key}.pub`, "utf8");
  const hosts = await Promise.all(
    record.hosts.map(async (host) => {
      const hostKey = await installHost(names, record, host, loginKey);
      await bootHost(names, record, host);
      const address = hostAddress(net.index, host.number);
      say(`${host.name} is up at ${address}`);
      return {
        name: host.name,
        address,
        port: 22,
        user: "root",
        sudoUser: SUDO_USER,
        hostKey,
        cpus: host.cpus,
        memory: host.memory,
        labels: host.labels,
        dockerSocket: hostNames(names, host.name).socket,
        docker: !host.bare,
      };
    }),
  );
  await writeFile(
    names.knownHosts,
    hosts.map((host) => `${host.address} ${host.hostKey}\n`).join(""),
  );
  const inventory: LabInventory = {
    name: options.name,
    subnet: net.subnet,
    gateway: net.gateway,
    keyFile: names.key,
    knownHosts: names.knownHosts,
    hosts,
  };
  await writeJson(names.inventory, inventory);
  return inventory;
}

function hostRecord(options: UpOptions, index: number): HostRecord {
  const name = `h${index + 1}`;
  const pick = (value: number | number[] | undefined, otherwise: number): number =>
    (Array.isArray(value) ? value[index] : value) ?? otherwise;
  return {
    name,
    number: index + 1,
    cpus: pick(options.cpus, 2),
    memory: pick(options.memory, 2 * GIB),
    // three zones, the third in a region of its own
    labels: { region: index % 3 === 2 ? "south" : "north", zone: "abc"[index % 3] ?? "a" },
    bare: Array.isArray(options.bare) ? options.bare.includes(name) : (options.bare ?? false),
  };
}

/** Removes the lab and everything it ever made, also what a crash left. Nothing to do is fine. */
export async function labDown(name: string): Promise<void> {
  const names = labNames(name);
  await killHosts(names.dir);
  await removeCgroup(names.cgroup);
  await removeSwitch(names);
  await unmountAll(names.memory);
  await rm(names.dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  await releaseUnderlay(name);
}

async function unmountAll(path: string): Promise<void> {
  const mounted = async (): Promise<boolean> =>
    (await readFile("/proc/self/mounts", "utf8"))
      .split("\n")
      .some((line) => line.split(" ")[1] === path);
  await until(
    async () => {
      if (!(await mounted())) return true;
      await run(["umount", path], { mayFail: true });
      return (await mounted()) ? undefined : true;
    },
    10_000,
    () => `${path} cannot be unmounted: something uses it (fuser -m ${path} says what)`,
  );
}

export interface LabStatus {
  name: string;
  /** `half made`: its maker ended before it was done. */
  state: "up" | "being made" | "half made";
  subnet: string;
  hosts: { name: string; address: string; running: boolean; pid?: number }[];
}

export async function labStatus(name: string): Promise<LabStatus> {
  const names = labNames(name);
  const record = await readRecord(names);
  if (!record && !existsSync(names.dir)) throw noLab(name);
  const inventory = await readInventory(name);
  const state = inventory ? "up" : record && makerAlive(record) ? "being made" : "half made";
  const known = record && record.underlay >= 0;
  return {
    name,
    state,
    subnet: known ? underlay(record.underlay).subnet : "",
    hosts: (record?.hosts ?? []).map((host) => {
      const pid = hostPid(hostNames(names, host.name).init);
      return {
        name: host.name,
        address: known ? hostAddress(record.underlay, host.number) : "",
        running: pid !== undefined,
        ...(pid === undefined ? {} : { pid }),
      };
    }),
  };
}

function noLab(name: string): LabError {
  return new LabError(`there is no lab ${name}: make it with clocker lab up --name ${name}`);
}

async function hostOf(
  lab: string,
  host: string,
): Promise<{ names: LabNames; record: LabRecord; host: HostRecord }> {
  const names = labNames(lab);
  const record = await readRecord(names);
  if (!record) throw noLab(lab);
  const found = record.hosts.find((candidate) => candidate.name === host);
  if (!found)
    throw new LabError(
      `lab ${lab} has no host ${host}: it has ${record.hosts.map((h) => h.name).join(", ")}`,
    );
  return { names, record, host: found };
}

/** A power cut at one host. Nothing to do when it is off. */
export async function labKill(lab: string, host: string): Promise<void> {
  const { names } = await hostOf(lab, host);
  await cutPower(names, host);
}

/** Switches a host off (by power cut) and on again with the same disk; answers when it is reachable. */
export async function labRestart(lab: string, host: string): Promise<void> {
  const found = await hostOf(lab, host);
  await cutPower(found.names, host);
  await bootHost(found.names, found.record, found.host);
}

/** The argv that runs a command inside a host, for spawn. */
export async function labExecArgv(
  lab: string,
  host: string,
  argv: readonly string[],
): Promise<string[]> {
  const { names } = await hostOf(lab, host);
  const pid = hostPid(hostNames(names, host).init);
  if (pid === undefined)
    throw new LabError(
      `host ${host} of lab ${lab} is off: switch it on with clocker lab restart ${host} --name ${lab}`,
    );
  return [
    ...["nsenter", "-t", String(pid), "-m", "-u", "-i", "-n", "-p", "--"],
    ...["env", "-i", "HOME=/root", "LANG=C.UTF-8", `TERM=${process.env.TERM ?? "dumb"}`],
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    ...argv,
  ];
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
