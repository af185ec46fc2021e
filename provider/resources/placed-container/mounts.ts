/** What of a host may be mounted, and where in a container. Pure; also used on resolved symlinks. */

/** A container that holds one of these owns the host, or can be held by it. */
const FORBIDDEN = [
  "/bin",
  "/boot",
  "/dev",
  "/etc",
  "/lib",
  "/lib32",
  "/lib64",
  "/proc",
  "/root/.ssh",
  "/run/clocker",
  "/run/containerd",
  "/run/docker",
  "/run/docker.sock",
  "/run/systemd",
  "/sbin",
  "/sys",
  "/usr",
  "/var/lib/clocker",
  "/var/lib/containerd",
  "/var/lib/docker",
];

/** Folders that hold one of the above: only they themselves are refused. */
const FORBIDDEN_ITSELF = ["/", "/root", "/run", "/var", "/var/lib"];

/** Parts of the above that say nothing about the host and that images ordinarily want, read-only. */
const HARMLESS = ["/etc/localtime", "/etc/timezone", "/etc/ssl/certs", "/usr/share/zoneinfo"];

/** Why this file or folder of the host cannot be mounted, or undefined. */
export function bindSourceProblem(source: unknown, readOnly: boolean): string | undefined {
  const shape = absolutePathProblem(source);
  if (shape) return shape;
  const path = normalized(source as string);
  if (/(^|\/)docker\.sock$/.test(path)) {
    return "must not be Docker's socket: whoever has it owns the host";
  }
  if (readOnly && HARMLESS.some((root) => within(path, root))) return undefined;
  const root = FORBIDDEN.find((candidate) => within(path, candidate));
  if (root) return `must not be ${root} of the host or anything in it`;
  if (FORBIDDEN_ITSELF.includes(path)) return `must not be ${path} of the host`;
  return undefined;
}

/** Why nothing can be mounted there in a container, or undefined. */
export function mountTargetProblem(target: unknown): string | undefined {
  const shape = absolutePathProblem(target);
  if (shape) return shape;
  const path = normalized(target as string);
  if (path === "/") return "must not be the root of the container";
  if (within(path, "/proc") || within(path, "/sys")) return "must not be in /proc or /sys";
  if (within(path, "/dev") && path !== "/dev/shm") return "must not be in /dev";
  return undefined;
}

/** Why this is not a path that means the same to everyone, or undefined. */
export function absolutePathProblem(path: unknown): string | undefined {
  if (typeof path !== "string" || !path.startsWith("/")) return "must be an absolute path";
  if (/[\u0000-\u001f\u007f]/.test(path)) return "must not hold control characters";
  if (path.split("/").includes("..")) return 'must not hold ".."';
  if (path.length > 4095) return "must have at most 4095 characters";
  return undefined;
}

/** Without doubled, trailing and `.` parts; `/var/run` is `/run` on every Linux since 2013. */
export function normalized(path: string): string {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  const clean = `/${parts.join("/")}`;
  return within(clean, "/var/run") ? clean.slice("/var".length) : clean;
}

function within(path: string, root: string): boolean {
  return path === root || path.startsWith(`${root}/`);
}
