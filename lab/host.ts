import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { makeCgroup, removeCgroup } from "./cgroup.js";
import { INIT_SCRIPT, runlevelRecord } from "./host-scripts.js";
import { hostNames, type LabNames } from "./names.js";
import { ENGINE_PACKAGES, OFFLINE_SOURCE } from "./offline-packages.js";
import { killHosts } from "./processes.js";
import type { LabRecord, HostRecord } from "./record.js";
import { LabError, until } from "./run.js";
import { HIDDEN, writeSeed } from "./seed.js";
import { SYSTEMD_HIDDEN, writeSystemdSeed } from "./systemd.js";
import { hostAddress, hostMac, underlay } from "./subnet.js";
import { plugIn, unplug } from "./switch.js";

const BOOT_TIMEOUT_MS = 60_000;

/** Writes the host's disk: what it boots from. Returns its public host key. */
export async function installHost(
  names: LabNames,
  record: LabRecord,
  host: HostRecord,
  loginKey: string,
): Promise<string> {
  const own = hostNames(names, host.name);
  await mkdir(own.dir, { recursive: true });
  const systemd = host.init === "systemd";
  const hidden = [
    ...HIDDEN,
    ...(host.bare ? ["etc/apt/sources.list", "etc/apt/sources.list.d"] : []),
    ...(systemd ? SYSTEMD_HIDDEN : []),
  ];
  if (systemd) await writeFile(join(own.dir, "systemd"), "");
  if (host.bare) await writeFile(join(own.dir, "bare"), OFFLINE_SOURCE);
  const { engine } = host;
  if (engine !== undefined) await writeFile(join(own.dir, "engine"), engine);
  await writeFile(join(own.dir, "hidden"), hidden.map((path) => `${path}\n`).join(""));
  await writeFile(join(own.dir, "utmp"), runlevelRecord());
  await writeFile(own.init, INIT_SCRIPT, { mode: 0o755 });
  const seed = join(own.dir, "seed");
  if (systemd)
    await writeSystemdSeed(seed, {
      docker: !host.bare,
      engine: engine === undefined ? undefined : "/opt/engine",
    });
  return writeSeed(seed, {
    name: host.name,
    address: hostAddress(record.underlay, host.number),
    gateway: underlay(record.underlay).gateway,
    neighbours: record.hosts.map((h) => ({
      name: h.name,
      address: hostAddress(record.underlay, h.number),
    })),
    loginKey,
    sshd: record.sshd,
    docker: !host.bare,
    init: host.init ?? "script",
  });
}

/** Switches the host on and waits until sshd and, where it has one, Docker answer. */
export async function bootHost(
  names: LabNames,
  record: LabRecord,
  host: HostRecord,
  signal?: AbortSignal,
): Promise<void> {
  signal?.throwIfAborted();
  const own = hostNames(names, host.name);
  await makeCgroup(own.cgroup, host.cpus, host.memory);
  await mkdir(own.memory, { recursive: true });
  const address = hostAddress(record.underlay, host.number);
  const log = openSync(join(own.dir, "init.log"), "a");
  const child = spawn(
    "unshare",
    [
      ...["--mount", "--uts", "--ipc", "--net", "--pid", "--fork", "--kill-child"],
      ...["--propagation", "private", "/bin/bash", own.init],
      ...[own.dir, own.memory, host.name, address, underlay(record.underlay).gateway, own.cgroup],
      ...(host.bare ? ENGINE_PACKAGES : []),
    ],
    {
      detached: true, // signals to whoever made the lab are not for its hosts
      stdio: ["ignore", log, log],
      cwd: "/",
      env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
    },
  );
  closeSync(log);
  let ended = false;
  child.on("exit", () => (ended = true));
  child.on("error", () => (ended = true));
  child.unref();
  const parent = child.pid ?? 0;
  const failure = (what: string) => (): string =>
    `host ${host.name} ${what}${tail(join(own.dir, "init.log"))}`;
  const alive = <T>(probe: () => T | undefined | Promise<T | undefined>) => {
    return () => {
      signal?.throwIfAborted();
      if (ended) throw new LabError(failure("ended while booting")());
      return probe();
    };
  };
  const pid = await until(
    alive(() => firstChild(parent)),
    5_000,
    failure("did not start"),
    5,
  );
  await plugIn(names, host.name, pid, hostMac(record.underlay, host.number));
  await until(
    alive(() => sshAnswers(address)),
    BOOT_TIMEOUT_MS,
    failure("booted, but its sshd does not answer"),
  );
  if (!host.bare)
    await until(
      alive(() => dockerAnswers(own.socket)),
      BOOT_TIMEOUT_MS,
      failure("booted, but its dockerd does not answer"),
    );
}

/** A power cut: every process of the host ends at once. Its disk stays. */
export async function cutPower(names: LabNames, host: string): Promise<void> {
  const own = hostNames(names, host);
  await killHosts(names.dir, own.init);
  await removeCgroup(own.cgroup, true);
  await unplug(names, host);
}

/** Answers when dockerd serves requests, not only listens. */
export async function dockerAnswers(socketPath: string): Promise<true | undefined> {
  return new Promise((resolve) => {
    const ping = request({ socketPath, path: "/_ping", timeout: 2_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200 ? true : undefined);
    });
    ping.on("timeout", () => ping.destroy());
    ping.on("error", () => resolve(undefined));
    ping.end();
  });
}

async function sshAnswers(address: string): Promise<true | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: 22, timeout: 500 });
    const done = (answer: true | undefined): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("data", () => done(true));
    socket.once("timeout", () => done(undefined));
    socket.once("error", () => done(undefined));
    socket.once("close", () => resolve(undefined));
  });
}

function firstChild(parent: number): number | undefined {
  try {
    const children = readFileSync(`/proc/${parent}/task/${parent}/children`, "utf8");
    const first = Number(children.trim().split(" ")[0]);
    return first > 0 ? first : undefined;
  } catch {
    return undefined;
  }
}

function tail(file: string): string {
  try {
    const text = readFileSync(file, "utf8").trim().split("\n").slice(-5).join("\n  ");
    return text === "" ? "" : `; it said:\n  ${text}`;
  } catch {
    return "";
  }
}
