import { scryptSync } from "node:crypto";
import { hashOf } from "../../canonical.js";
import { FIXED_KEYS } from "./changes.js";
import type { ContainerSpec } from "./inputs.js";

/**
 * Hash of everything that cannot be changed on a running container: a new revision is a new container. It stands in
 * clear in the plan's state, so secret values enter it only through a slow hash. Pure.
 */
export function revisionOf(spec: ContainerSpec): string {
  return fingerprint(spec, "clocker revision").slice(0, 32);
}

/**
 * The same for the label on the container, salted by its generation, so that equal secrets of two containers do not
 * look equal. Tells on adoption whether a leftover is what is wanted.
 */
export function specHash(
  {
    spec,
    place: { networks, devices = [] },
  }: {
    spec: ContainerSpec;
    place: { networks: { gateway: string }[]; devices?: readonly string[] };
  },
  generation: string,
): string {
  // Its resolvers and devices are fixed with the container, though they come from its place.
  const gateways = networks.map(({ gateway }) => gateway).sort();
  return hashOf({
    spec: fingerprint(spec, generation),
    gateways,
    ...(devices.length > 0 ? { devices: [...devices].sort() } : {}),
  });
}

/**
 * True when the old container must be gone before the new one starts: it publishes a port of the host, or writes to
 * a volume or a folder of the host that two must not write to at once.
 */
export function isStopFirst(spec: Pick<ContainerSpec, "ports" | "mounts">): boolean {
  return stopFirstCause(spec, "the host") !== undefined;
}

/** Why it is stop-first, e.g. `host port 8080 is published on h1`. */
export function stopFirstCause(
  spec: Pick<ContainerSpec, "ports" | "mounts">,
  host: string,
): string | undefined {
  const port = spec.ports.find(({ hostPort }) => hostPort > 0);
  if (port) return `host port ${port.hostPort}${suffix(port.protocol)} is published on ${host}`;
  for (const mount of spec.mounts) {
    if (mount.kind === "tmpfs" || mount.readOnly) continue;
    return mount.kind === "volume"
      ? `volume ${mount.name} on ${host} is written to`
      : `folder ${mount.source} of ${host} is written to`;
  }
  return undefined;
}

const suffix = (protocol: string) => (protocol === "udp" ? "/udp" : "");

function fingerprint(spec: ContainerSpec, salt: string): string {
  const parts: Record<string, unknown> = Object.fromEntries(
    FIXED_KEYS.map((key) => [key, spec[key]]),
  );
  parts["secrets"] = spec.secrets.map(({ value, ...rest }) => ({
    ...rest,
    value: slow(value, salt),
  }));
  parts["secretEnv"] = Object.fromEntries(
    Object.entries(spec.secretEnv).map(([name, value]) => [name, slow(value, salt)]),
  );
  return hashOf({ salt, parts });
}

const seen = new Map<string, string>();

/** About 10 ms, once for each value: replicas share their secrets. */
function slow(value: string, salt: string): string {
  const key = `${salt}\0${value}`;
  let hash = seen.get(key);
  if (hash === undefined) {
    if (seen.size >= 1000) seen.clear();
    hash = scryptSync(value, salt, 16, { N: 4096, r: 8, p: 1 }).toString("hex");
    seen.set(key, hash);
  }
  return hash;
}
