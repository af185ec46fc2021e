import { existsSync } from "node:fs";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** What runs the services of a lab's hosts: scripts of the lab's own, or the distribution's systemd as PID 1. */
export type LabInit = "script" | "systemd";

export const LAB_INITS: readonly LabInit[] = ["script", "systemd"];

const SYSTEMD = "/lib/systemd/systemd";
const UNITS = "/lib/systemd/system";

/** Why hosts cannot boot systemd here, or undefined. */
export function systemdObstacle(): string | undefined {
  return existsSync(SYSTEMD)
    ? undefined
    : "Hosts with systemd need its package, which is not installed: apt-get install -y systemd";
}

/** What this machine enabled for itself, and what systemd would make of its other scripts: not the hosts'. */
export const SYSTEMD_HIDDEN = [
  "etc/systemd/system",
  "etc/fstab",
  ...["0", "1", "3", "4", "5", "6", "S"].map((level) => `etc/rc${level}.d`),
];

/** Units for hardware and consoles, which a host has none of, and those that would reach for this machine's kernel. */
const MASKED = [
  "console-getty.service",
  "dev-hugepages.mount",
  "dev-mqueue.mount",
  "getty.target",
  "kmod-static-nodes.service",
  "proc-sys-fs-binfmt_misc.automount",
  "proc-sys-fs-binfmt_misc.mount",
  "sys-fs-fuse-connections.mount",
  "sys-kernel-config.mount",
  "sys-kernel-debug.mount",
  "sys-kernel-tracing.mount",
  "systemd-binfmt.service",
  "systemd-firstboot.service",
  "systemd-journald-audit.socket",
  "systemd-logind.service",
  "systemd-modules-load.service",
  "systemd-random-seed.service",
  "systemd-remount-fs.service",
  "systemd-timesyncd.service",
  "systemd-udev-settle.service",
  "systemd-udev-trigger.service",
  "systemd-udevd-control.socket",
  "systemd-udevd-kernel.socket",
  "systemd-udevd.service",
];

export interface SystemdSeed {
  /** Docker's own units start at boot. */
  docker: boolean;
  /** Folder inside the host of another Docker Engine, whose programs take the place of the distribution's. */
  engine?: string | undefined;
}

/** Writes what an administrator's systemd has in /etc into `seed`: the target, what starts at boot, what never does. */
export async function writeSystemdSeed(seed: string, options: SystemdSeed): Promise<void> {
  const folder = join(seed, "etc/systemd/system");
  const link = async (path: string, target: string): Promise<void> => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await symlink(target, join(folder, path));
  };
  const override = async (unit: string, command: string): Promise<void> => {
    await mkdir(join(folder, `${unit}.d`), { recursive: true });
    await writeFile(
      join(folder, `${unit}.d/engine.conf`),
      `[Service]\nExecStart=\nExecStart=${command}\n`,
    );
  };
  const enabled = [
    "multi-user.target.wants/ssh.service",
    ...(options.docker
      ? [
          "multi-user.target.wants/containerd.service",
          "multi-user.target.wants/docker.service",
          "sockets.target.wants/docker.socket",
        ]
      : []),
  ];
  await mkdir(folder, { recursive: true });
  await Promise.all([
    link("default.target", `${UNITS}/multi-user.target`),
    link("sshd.service", `${UNITS}/ssh.service`),
    ...enabled.map((path) => link(path, join(UNITS, basename(path)))),
    ...MASKED.map((unit) => link(unit, "/dev/null")),
    writeFile(join(seed, "etc/fstab"), ""),
  ]);
  if (options.engine === undefined) return;
  const { engine } = options;
  await override("containerd.service", `${engine}/containerd`);
  await override(
    "docker.service",
    `${engine}/dockerd -H fd:// --containerd=/run/containerd/containerd.sock $DOCKER_OPTS`,
  );
}

/**
 * Parts of the script that boots a host. A host that is to have systemd has the file `systemd` in its folder.
 *
 * First of all: systemd takes the group it finds itself in for the top of the tree, so PID 1 moves into the host's and
 * then sees no other. In version 2 a group that hands controllers on takes no process: a boot before this one did that.
 */
export const ENTER_CGROUP = `
if [ "$SYSTEMD" ] && [ "\${container-}" != clocker-lab ]; then
  if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    GROUP=/sys/fs/cgroup/$CGROUP
    for controller in $(cat "$GROUP/cgroup.subtree_control"); do echo "-$controller" >"$GROUP/cgroup.subtree_control"; done
    echo 0 >"$GROUP/cgroup.procs"
  else
    for group in /sys/fs/cgroup/*/; do
      [ ! -d "$group$CGROUP" ] || echo 0 >"$group$CGROUP/cgroup.procs"
    done
  fi
  export container=clocker-lab # how systemd learns that it runs on a part of a machine
  exec unshare --cgroup /bin/bash "$INIT" "$D" "$M" "$NAME" "$ADDRESS" "$GATEWAY" "$CGROUP" "$@"
fi
`;

/**
 * Devices of its own, since systemd writes to /dev, and settings of the kernel that are not the network's closed, since
 * the rest is this machine's.
 */
export const OWN_DEVICES = `
mount -t tmpfs -o mode=755 tmpfs "$R/dev"
mkdir -p "$R/dev/pts" "$R/dev/shm" "$R/dev/net"
for node in null zero full random urandom tty fuse net/tun loop-control; do
  [ ! -c "/dev/$node" ] || cp -a "/dev/$node" "$R/dev/$node"
done
chown root:root "$R"/dev/null
ln -s pts/ptmx "$R/dev/ptmx"
ln -s /proc/self/fd "$R/dev/fd"
for stream in stdin:0 stdout:1 stderr:2; do ln -s "/proc/self/fd/\${stream#*:}" "$R/dev/\${stream%:*}"; done
mount --bind "$R/proc/sys" "$R/proc/sys"
mount --bind "$R/proc/sys/net" "$R/proc/sys/net"
mount -o remount,bind,ro "$R/proc/sys"
`;

/** Last of all. The script's path stays in the command line: by it the lab knows its hosts. */
export const START_SYSTEMD = `exec ${SYSTEMD} --show-status=false --log-target=journal "$INIT" </dev/null`;
