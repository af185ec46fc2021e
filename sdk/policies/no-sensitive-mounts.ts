import { posix } from "node:path";
import { containerPolicy } from "./container.js";

export interface NoSensitiveMountsConfig {
  /** Further folders that no container may see. */
  paths: string[];
  /** Exact sources that are allowed all the same, if mounted read-only. */
  allowReadOnly: string[];
}

/** Whoever can write these, and of some whoever can read them, has the host or the other containers on it. */
const SENSITIVE = [
  "/boot",
  "/dev",
  "/etc",
  "/proc",
  "/root",
  "/run",
  "/sys",
  "/usr",
  "/var/lib/clocker",
  "/var/lib/containerd",
  "/var/lib/docker",
  "/var/run",
  "/var/spool/cron",
];

/** No container may be given the host itself: its system folders, Docker's socket and data, or a folder above them. */
export const noSensitiveMounts = containerPolicy<NoSensitiveMountsConfig>(
  {
    name: "clocker-no-sensitive-mounts",
    description: "Containers mount no system folder of their host and not Docker's socket.",
    enforcementLevel: "mandatory",
    configSchema: {
      properties: {
        paths: { type: "array", items: { type: "string" }, default: [] },
        allowReadOnly: { type: "array", items: { type: "string" }, default: ["/etc/localtime"] },
      },
    },
  },
  ({ mounts }, { paths = [], allowReadOnly = ["/etc/localtime"] }) =>
    (Array.isArray(mounts) ? mounts : []).flatMap((mount) => {
      if (mount.kind !== "bind" || typeof mount.source !== "string") return [];
      const source = plain(mount.source);
      if (mount.readOnly && allowReadOnly.some((path) => plain(path) === source)) return [];
      const hit = [...SENSITIVE, ...paths.map(plain)].find(
        (path) => isWithin(source, path) || isWithin(path, source),
      );
      if (hit === undefined) return [];
      return [
        source === hit
          ? `mounts ${hit} of its host`
          : `mounts ${source} of its host, which ${isWithin(source, hit) ? "is in" : "holds"} ${hit}`,
      ];
    }),
);

function plain(path: string): string {
  const normal = posix.normalize(path);
  return normal.length > 1 ? normal.replace(/\/$/, "") : normal;
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || folder === "/" || path.startsWith(`${folder}/`);
}
