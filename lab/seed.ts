import { randomBytes } from "node:crypto";
import { chmod, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DOCKER_INIT_SCRIPT, RUNC_WRAPPER } from "./host-scripts.js";
import { lacksSysResource } from "./requirements.js";
import { run } from "./run.js";
import type { LabInit } from "./systemd.js";

/** Paths of this machine that a host must not see: they are empty there, or made anew from the seed. */
export const HIDDEN = [
  "root",
  "home",
  "srv",
  "opt",
  "mnt",
  "media",
  "tmp",
  "etc/docker",
  "etc/ssh",
  "etc/rc2.d",
  "etc/clocker",
  "usr/local", // what was put there by hand; a host has what the distribution gives
  "usr/sbin/policy-rc.d",
  "var/log",
  "var/tmp",
  "var/lib/docker",
  "var/lib/containerd",
  "var/lib/clocker",
  "var/lib/clocker-lab",
];

/** The user that has to use sudo. */
export const SUDO_USER = "ops";
const SUDO_UID = 1977;

export interface SeedOptions {
  name: string;
  address: string;
  gateway: string;
  /** Every host of the lab, for /etc/hosts. */
  neighbours: readonly { name: string; address: string }[];
  loginKey: string;
  /** Lines for sshd_config, e.g. `MaxSessions 1`; sshd's defaults otherwise. */
  sshd: readonly string[];
  /** False: the host comes without Docker Engine, and installing the package must find the place free. */
  docker: boolean;
  /** With systemd, services are started by their own units. */
  init: LabInit;
}

const sshdConfig = (extra: readonly string[]): string =>
  [
    ...extra, // sshd takes the first value it reads
    "HostKey /etc/ssh/ssh_host_ed25519_key",
    "PidFile /run/sshd.pid",
    "PermitRootLogin prohibit-password",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "UsePAM no",
    "UseDNS no",
    "Subsystem sftp internal-sftp",
    "SetEnv PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "",
  ].join("\n");

/** Writes a host's own files into `seed`, to be copied over its root at the first boot. Returns its public host key. */
export async function writeSeed(seed: string, options: SeedOptions): Promise<string> {
  const put = async (path: string, content: string, mode = 0o644): Promise<void> => {
    const file = join(seed, path);
    await mkdir(dirname(file), { recursive: true, mode: 0o755 });
    await writeFile(file, content);
    await chmod(file, mode);
  };
  const limited = lacksSysResource();
  const scripts = options.init === "script";
  await mkdir(join(seed, "etc/ssh"), { recursive: true, mode: 0o755 });
  const hostKey = join(seed, "etc/ssh/ssh_host_ed25519_key");
  const keygen = run([
    "ssh-keygen",
    "-q",
    "-t",
    "ed25519",
    "-N",
    "",
    "-C",
    options.name,
    "-f",
    hostKey,
  ]);
  const [passwd, shadow, group] = await Promise.all(
    ["passwd", "shadow", "group"].map((file) => readFile(`/etc/${file}`, "utf8")),
  );
  const others = (text = ""): string =>
    text
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith(`${SUDO_USER}:`))
      .map((line) => `${line}\n`)
      .join("");
  await Promise.all([
    put("etc/hostname", `${options.name}\n`),
    put(
      "etc/hosts",
      [
        "127.0.0.1 localhost",
        ...options.neighbours.map((host) => `${host.address} ${host.name}`),
        "",
      ].join("\n"),
    ),
    // No resolver answers there, and this machine says so at once: lookups fail fast instead of timing out.
    put("etc/resolv.conf", `nameserver ${options.gateway}\noptions timeout:1 attempts:1\n`),
    put("etc/machine-id", `${randomBytes(16).toString("hex")}\n`, 0o444),
    put("etc/ssh/sshd_config", sshdConfig(options.sshd)),
    put(
      "etc/passwd",
      `${others(passwd)}${SUDO_USER}:x:${SUDO_UID}:${SUDO_UID}:sudo user:/home/${SUDO_USER}:/bin/bash\n`,
    ),
    put("etc/group", `${others(group)}${SUDO_USER}:x:${SUDO_UID}:\n`),
    // "*" is a password that never matches; "!" would be a locked account, which sshd refuses even with a key
    put(
      "etc/shadow",
      `${others(shadow).replace(/^root:[^:]*:/m, "root:*:")}${SUDO_USER}:*:20000:0:99999:7:::\n`,
      0o640,
    ),
    put(`etc/sudoers.d/${SUDO_USER}`, `${SUDO_USER} ALL=(ALL) NOPASSWD: ALL\n`, 0o440),
    put("root/.ssh/authorized_keys", options.loginKey, 0o600),
    put(`home/${SUDO_USER}/.ssh/authorized_keys`, options.loginKey, 0o600),
    options.docker
      ? undefined
      : put("etc/apt/sources.list", "deb [trusted=yes] file:/opt/apt ./\n"),
    scripts && options.docker ? put("etc/init.d/docker", DOCKER_INIT_SCRIPT, 0o755) : undefined,
    // Debian's script raises limits, which takes the same capability: ours takes its place when it comes.
    scripts && !options.docker && limited
      ? put("usr/local/share/docker.init", DOCKER_INIT_SCRIPT)
      : undefined,
    put("var/log/apt/.keep", ""),
    limited ? put("usr/local/sbin/runc", RUNC_WRAPPER, 0o755) : undefined,
  ]);
  await mkdir(join(seed, "etc/rc2.d"), { recursive: true });
  if (scripts && options.docker)
    await symlink("../init.d/docker", join(seed, "etc/rc2.d/S01docker"));
  await chmod(join(seed, "root"), 0o700);
  await chmod(join(seed, "root/.ssh"), 0o700);
  await chmod(join(seed, "home", SUDO_USER, ".ssh"), 0o700);
  await keygen;
  return (await readFile(`${hostKey}.pub`, "utf8")).split(" ").slice(0, 2).join(" ").trim();
}
