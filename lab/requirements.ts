import { accessSync, constants, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { LabError } from "./run.js";

const SEARCH = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/** Commands that the lab or its hosts use, and the Debian package of each. */
const COMMANDS: Record<string, string> = {
  dockerd: "docker.io",
  sshd: "openssh-server",
  "ssh-keygen": "openssh-client",
  ip: "iproute2",
  iptables: "iptables",
  nft: "nftables",
  unshare: "util-linux",
  nsenter: "util-linux",
  pivot_root: "util-linux",
  dnsmasq: "dnsmasq-base",
  busybox: "busybox-static",
  sudo: "sudo",
};

/** Full path of a command, or undefined. Looks where the system keeps commands, whatever PATH says. */
export function findCommand(name: string): string | undefined {
  return SEARCH.map((dir) => join(dir, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Debian packages that are missing for the lab, sorted. */
export function missingPackages(): string[] {
  const missing = Object.entries(COMMANDS).filter(([command]) => !findCommand(command));
  return [...new Set(missing.map(([, pkg]) => pkg))].sort();
}

/**
 * Folder of another Docker Engine than the distribution's (dockerd, docker-proxy, containerd, its shim, docker; runc
 * stays the distribution's), from the variable CLOCKER_LAB_DOCKER. Hosts with Docker run what is in it.
 */
export function otherEngine(): string | undefined {
  const folder = process.env["CLOCKER_LAB_DOCKER"];
  return folder === undefined || folder === "" ? undefined : resolve(folder);
}

const NO_ROOT = "The lab needs root to make namespaces, links and mounts: run it with sudo.";

/** Refuses to go on without root. */
export function requireRoot(): void {
  if (process.getuid?.() !== 0) throw new LabError(NO_ROOT);
}

/** Why a lab cannot run here, one sentence each; empty when it can. */
export function labObstacles(): string[] {
  const obstacles: string[] = [];
  if (process.platform !== "linux") {
    return ["The lab needs Linux: its hosts are network, mount and process namespaces."];
  }
  if (process.getuid?.() !== 0) {
    obstacles.push(NO_ROOT);
  }
  const missing = missingPackages();
  if (missing.length > 0) {
    obstacles.push(
      `The lab needs packages that are not installed: apt-get install -y ${missing.join(" ")}`,
    );
  }
  const engine = otherEngine();
  if (engine !== undefined && !isExecutable(join(engine, "dockerd")))
    obstacles.push(
      `CLOCKER_LAB_DOCKER is ${engine}, and there is no program dockerd: name the folder of a Docker Engine's programs, or unset it.`,
    );
  for (const path of mountedApart())
    obstacles.push(
      `The lab's hosts share this machine's root file system, but ${path} is a file system of its own here: use a machine with one file system for /.`,
    );
  return obstacles;
}

/** A host sees the root file system through an overlay, which ends where another file system is mounted. */
const ON_ROOT = ["/etc", "/usr", "/var", "/var/lib"];

function mountedApart(): string[] {
  const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
  const points = new Set(mounts.map((line) => line.split(" ")[1]));
  return ON_ROOT.filter((path) => points.has(path));
}

/** Without CAP_SYS_RESOURCE, runc cannot start containers that ask for all capabilities. */
export function lacksSysResource(): boolean {
  const line = /^CapBnd:\s*([0-9a-f]+)/m.exec(readFileSync("/proc/self/status", "utf8"));
  return line?.[1] !== undefined && (BigInt(`0x${line[1]}`) & (1n << 24n)) === 0n;
}
