import type { ContainerSpec } from "./inputs.js";

/**
 * What a container keeps unless it is hardened, and which ordinary images stop working without it. Docker keeps six
 * more (AUDIT_WRITE, MKNOD, NET_RAW, SETFCAP, SETPCAP, SYS_CHROOT), which such images never use and which let a
 * container forge packets to its neighbours or make device files.
 */
export const DEFAULT_CAPABILITIES: Readonly<Record<string, string>> = {
  CHOWN: "entrypoints give the data folder to their user: postgres, redis, mysql, mongo",
  DAC_OVERRIDE:
    "root writes configuration and sockets in folders of other users: mysql, nginx, postgres",
  FOWNER:
    "root changes the mode of folders it does not own: postgres' data folder, rabbitmq's cookie",
  FSETID: "a shared socket folder keeps its group bit: postgres",
  KILL: "a master run by root signals workers of another user: nginx, apache, postgres under a supervisor",
  NET_BIND_SERVICE: "ports below 1024 for images that check it: nginx, apache, caddy, bind",
  SETGID: "gosu, su-exec and setpriv drop to the service's group; nginx's workers",
  SETUID: "gosu, su-exec and setpriv drop to the service's user; nginx's workers",
};

/** All that Linux knows; "ALL" is left out, since a capability is given by name or not at all. */
export const KNOWN_CAPABILITIES: ReadonlySet<string> = new Set(
  (
    "AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND BPF CHECKPOINT_RESTORE CHOWN DAC_OVERRIDE DAC_READ_SEARCH " +
    "FOWNER FSETID IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE MKNOD NET_ADMIN " +
    "NET_BIND_SERVICE NET_BROADCAST NET_RAW PERFMON SETFCAP SETGID SETPCAP SETUID SYSLOG SYS_ADMIN SYS_BOOT " +
    "SYS_CHROOT SYS_MODULE SYS_NICE SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG WAKE_ALARM"
  ).split(" "),
);

/** `cap_net_raw` and `NET_RAW` are one name. */
export function capabilityName(name: string): string {
  return name.toUpperCase().replace(/^CAP_/, "");
}

/** What the container gets in the end, sorted: all dropped, these given back. */
export function grantedCapabilities(
  spec: Pick<ContainerSpec, "hardened" | "capabilities">,
): string[] {
  const granted = new Set(spec.hardened ? [] : Object.keys(DEFAULT_CAPABILITIES));
  for (const name of spec.capabilities.drop) granted.delete(capabilityName(name));
  for (const name of spec.capabilities.add) granted.add(capabilityName(name));
  return [...granted].sort();
}
