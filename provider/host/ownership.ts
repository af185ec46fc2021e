import type { Meta } from "../lifecycle.js";

/** Every label of ours begins with this. */
export const LABEL_PREFIX = "io.clocker";

/** Labels on containers, networks and volumes that we made. */
export const LABELS = {
  /** `project/stack/name` */
  owner: `${LABEL_PREFIX}.owner`,
  /** Name of the cloud the object belongs to. */
  cloud: `${LABEL_PREFIX}.cloud`,
  /** Random per creation; also the suffix of a container's name. Tells an adopted leftover from what it replaces. */
  generation: `${LABEL_PREFIX}.generation`,
  /** sha256 of the canonical spec that made the object. */
  spec: `${LABEL_PREFIX}.spec`,
  /** Reservation in cores, e.g. "0.5". */
  cpus: `${LABEL_PREFIX}.cpus`,
  /** Reservation in bytes. */
  memory: `${LABEL_PREFIX}.memory`,
  /** Application (blueprint) the container belongs to, or "". */
  application: `${LABEL_PREFIX}.application`,
  /** On networks: VNI and pool CIDR. */
  vni: `${LABEL_PREFIX}.vni`,
  cidr: `${LABEL_PREFIX}.cidr`,
} as const;

/** `project/stack/name`: the exact owner. Nothing without it is ever changed, stopped or removed. */
export function ownerOf(meta: Pick<Meta, "project" | "stack" | "name">): string {
  return `${meta.project}/${meta.stack}/${meta.name}`;
}
