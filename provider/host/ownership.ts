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
  /** What kind of container it is, and which siblings it has, for affinity. Absent on those of older versions. */
  type: `${LABEL_PREFIX}.type`,
  group: `${LABEL_PREFIX}.group`,
  /** Host ports that it publishes, e.g. "8080/tcp 127.0.0.1:53/udp"; absent when there are none. */
  ports: `${LABEL_PREFIX}.ports`,
  /** Ids of the host's devices that are its own; absent when there are none. */
  devices: `${LABEL_PREFIX}.devices`,
  /** On networks: VNI and pool CIDR. */
  vni: `${LABEL_PREFIX}.vni`,
  cidr: `${LABEL_PREFIX}.cidr`,
  /** On a swarm that we made. */
  swarm: `${LABEL_PREFIX}.swarm`,
} as const;

/** `project/stack/name`: the exact owner. Nothing without it is ever changed, stopped or removed. */
export function ownerOf(meta: Pick<Meta, "project" | "stack" | "name">): string {
  return `${meta.project}/${meta.stack}/${meta.name}`;
}
