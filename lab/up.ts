import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { labDown } from "./down.js";
import { inFolder } from "./exclusive.js";
import { bootHost, cutPower, installHost } from "./host.js";
import type { LabInventory } from "./inventory.js";
import { hostNames, labNames, LAB_ROOT, type LabNames } from "./names.js";
import { prepareOfflineSource } from "./offline-packages.js";
import { hostPid, startTime } from "./processes.js";
import { makerAlive, readInventory, readRecord, writeJson } from "./record.js";
import type { HostRecord, LabRecord } from "./record.js";
import { labObstacles, otherEngine } from "./requirements.js";
import { LabError, run } from "./run.js";
import { SUDO_USER } from "./seed.js";
import { hostAddress } from "./subnet.js";
import { claimUnderlay, makeSwitch, switchExists } from "./switch.js";
import { LAB_INITS, systemdObstacle, type LabInit } from "./systemd.js";

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
  /** What runs the hosts' services. Default: the variable CLOCKER_LAB_INIT, else "script". */
  init?: LabInit;
  /**
   * Folder of another Docker Engine than the distribution's (see CLOCKER_LAB_DOCKER). Default: that variable, else
   * the distribution's.
   */
  engine?: string;
  /** The lab ends with the process that makes it (see reapLabs). */
  ephemeral?: boolean;
  onProgress?: (line: string) => void;
  /** Aborting ends the making; what was made of a new lab is removed. */
  signal?: AbortSignal;
}

/** Makes the lab, or brings up again what exists of it with the same number of hosts. */
export async function labUp(options: UpOptions): Promise<LabInventory> {
  requireLab(options);
  const names = labNames(options.name);
  const say = options.onProgress ?? (() => undefined);
  if (!Number.isInteger(options.hosts) || options.hosts < 1 || options.hosts > MAX_HOSTS)
    throw new LabError(`a lab has 1 to ${MAX_HOSTS} hosts, not ${options.hosts}`);
  const existing = await resume(names, options, say);
  if (existing) return existing;
  if (!(await inFolder(LAB_ROOT, () => mkdir(names.dir, { mode: 0o711 }))))
    throw new LabError(`lab ${options.name} is being made by another process: wait for it`);
  try {
    return await make(names, options, say);
  } catch (error) {
    await labDown(options.name).catch(() => undefined); // the first error says what happened
    throw error;
  }
}

function requireLab(options: UpOptions): void {
  const obstacles = labObstacles();
  const obstacle = initOf(options) === "systemd" ? systemdObstacle() : undefined;
  if (obstacle !== undefined) obstacles.push(obstacle);
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
      `lab ${options.name} is up with ${hosts(inventory.hosts.length)}, not ${options.hosts}: take it down first with clocker lab down --name ${options.name}`,
    );
  const other = record.hosts.find((host) => (host.init ?? "script") !== options.init);
  if (options.init !== undefined && other !== undefined)
    throw new LabError(
      `lab ${options.name} is up with init ${other.init ?? "script"}, not ${options.init}: take it down first with clocker lab down --name ${options.name}`,
    );
  // After a reboot of this machine, the folder is there and nothing else.
  if (!(await switchExists(names))) {
    say(`removing what was left of lab ${options.name}`);
    await labDown(options.name);
    return undefined;
  }
  const off = record.hosts.filter((host) => !hostPid(hostNames(names, host.name).init));
  await all(
    off.map(async (host) => {
      await cutPower(names, host.name);
      await bootHost(names, record, host, options.signal);
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
  say(`lab ${options.name}: ${hosts(options.hosts)} in ${net.subnet}`);
  await mkdir(names.memory, { mode: 0o700 });
  await all<unknown>([
    makeSwitch(names, net),
    run(["mount", "-t", "tmpfs", "-o", "mode=700", "tmpfs", names.memory]),
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", options.name, "-f", names.key]),
  ]);
  if (record.hosts.some((host) => host.bare)) await prepareOfflineSource();
  const loginKey = await readFile(`${names.key}.pub`, "utf8");
  const made = await all(
    record.hosts.map(async (host) => {
      options.signal?.throwIfAborted();
      const hostKey = await installHost(names, record, host, loginKey);
      await bootHost(names, record, host, options.signal);
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
    made.map((host) => `${host.address} ${host.hostKey}\n`).join(""),
  );
  const inventory: LabInventory = {
    name: options.name,
    subnet: net.subnet,
    gateway: net.gateway,
    keyFile: names.key,
    knownHosts: names.knownHosts,
    hosts: made,
  };
  await writeJson(names.inventory, inventory);
  return inventory;
}

const hosts = (count: number): string => (count === 1 ? "1 host" : `${count} hosts`);

/** Waits for all, also when one fails: only then is there nobody left who makes what is about to be removed. */
async function all<T>(work: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(work);
  return Promise.all(work);
}

function hostRecord(options: UpOptions, index: number): HostRecord {
  const name = `h${index + 1}`;
  const pick = (value: number | number[] | undefined, otherwise: number): number =>
    (Array.isArray(value) ? value[index] : value) ?? otherwise;
  const bare = Array.isArray(options.bare) ? options.bare.includes(name) : (options.bare ?? false);
  const engine = options.engine ?? otherEngine();
  return {
    name,
    number: index + 1,
    cpus: pick(options.cpus, 2),
    memory: pick(options.memory, 2 * GIB),
    // three zones, the third in a region of its own
    labels: { region: index % 3 === 2 ? "south" : "north", zone: "abc"[index % 3] ?? "a" },
    bare,
    init: initOf(options),
    ...(engine === undefined || bare ? {} : { engine }),
  };
}

function initOf(options: UpOptions): LabInit {
  const wanted = options.init ?? process.env["CLOCKER_LAB_INIT"] ?? "";
  if (wanted === "") return "script";
  const found = LAB_INITS.find((init) => init === wanted);
  if (found !== undefined) return found;
  throw new LabError(`the init of a lab is ${LAB_INITS.join(" or ")}, not "${wanted}"`);
}
