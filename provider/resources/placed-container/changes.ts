import { same } from "../../canonical.js";
import type { ContainerSpec } from "./inputs.js";

/**
 * What a change of each part of the spec means. "update": Docker changes it on the running container. "record": only
 * we use it, nothing on the host changes. "replace": it is fixed when a container is made.
 */
export const CHANGE_OF: Readonly<Record<keyof ContainerSpec, "update" | "record" | "replace">> = {
  cpus: "update",
  memoryBytes: "update",
  pids: "update",
  restart: "update",
  networks: "update",
  pull: "record",
  waitSeconds: "record",
  stopTimeoutSeconds: "record",
  image: "replace",
  command: "replace",
  entrypoint: "replace",
  workingDir: "replace",
  hostname: "replace",
  env: "replace",
  secrets: "replace",
  secretEnv: "replace",
  ports: "replace",
  mounts: "replace",
  health: "replace",
  user: "replace",
  readOnlyRoot: "replace",
  hardened: "replace",
  capabilities: "replace",
  extraHosts: "replace",
  dns: "replace",
  init: "replace",
  log: "replace",
  labels: "replace",
  devices: "replace",
  application: "replace",
};

/** Parts that are fixed when a container is made, sorted. */
export const FIXED_KEYS = (Object.keys(CHANGE_OF) as (keyof ContainerSpec)[])
  .filter((key) => CHANGE_OF[key] === "replace")
  .sort();

/** Parts that differ, in the order of CHANGE_OF. A state of an older version may lack some. */
export function changedParts(
  olds: Partial<ContainerSpec>,
  news: Partial<ContainerSpec>,
): (keyof ContainerSpec)[] {
  return (Object.keys(CHANGE_OF) as (keyof ContainerSpec)[]).filter(
    (key) => !same(olds[key], news[key]),
  );
}
