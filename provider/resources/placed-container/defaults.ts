import { isUnknown, UNKNOWN } from "../../unknown.js";
import { isRecord } from "../../validation/problems.js";
import { capabilityName } from "./capabilities.js";
import type { ContainerSpec } from "./inputs.js";

/** What a spec gets where it says nothing. Everything is visible in the preview. */
export const SPEC_DEFAULTS = {
  pull: "missing",
  env: {},
  secrets: [],
  secretEnv: {},
  ports: [],
  cpus: 1,
  memoryBytes: 512 * 1024 * 1024,
  pids: 512,
  networks: [],
  mounts: [],
  restart: { policy: "unless-stopped", retries: 0 },
  waitSeconds: 120,
  readOnlyRoot: false,
  hardened: false,
  capabilities: { add: [], drop: [] },
  extraHosts: {},
  dns: [],
  init: false,
  stopTimeoutSeconds: 10,
  labels: {},
  devices: [],
  application: "",
} as const satisfies { [K in keyof ContainerSpec]?: unknown };

type Loose = Record<string, unknown>;

/** Fills every default in, at every depth. What is malformed or unknown stays as it is. */
export function withDefaults(spec: Loose): Loose {
  const filled: Loose = { ...structuredClone(SPEC_DEFAULTS), ...defined(spec) };
  if (spec["hardened"] === true) filled["readOnlyRoot"] = true;
  if (isUnknown(spec["hardened"]) && spec["readOnlyRoot"] !== true)
    filled["readOnlyRoot"] = UNKNOWN;
  filled["ports"] = each(filled["ports"], (port) => ({
    hostPort: 0,
    protocol: "tcp",
    hostAddress: "",
    ...port,
  }));
  filled["mounts"] = each(filled["mounts"], (mount) =>
    mount["kind"] === "volume" || mount["kind"] === "bind" ? { readOnly: false, ...mount } : mount,
  );
  // A user that only the image knows must be able to read it too; nobody outside the container can, see secrets.ts.
  const isOwned = uidOf(filled["user"]) !== undefined;
  filled["secrets"] = each(filled["secrets"], (secret) => ({
    mode: isOwned || secret["uid"] !== undefined ? "0400" : "0444",
    ...secret,
  }));
  filled["restart"] = part(filled["restart"], { policy: "unless-stopped", retries: 0 });
  filled["health"] = part(filled["health"], {
    intervalSeconds: 10,
    timeoutSeconds: 5,
    retries: 3,
    startPeriodSeconds: 0,
  });
  filled["log"] = part(filled["log"], { options: {} });
  const capabilities = part(filled["capabilities"], { add: [], drop: [] });
  if (isRecord(capabilities)) {
    for (const key of ["add", "drop"]) {
      const names = capabilities[key];
      if (Array.isArray(names)) {
        capabilities[key] = names.map((name: unknown) =>
          typeof name === "string" && !isUnknown(name) ? capabilityName(name) : name,
        );
      }
    }
  }
  filled["capabilities"] = capabilities;
  return defined(filled);
}

function defined(value: Loose): Loose {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));
}

function each(list: unknown, fill: (item: Loose) => Loose): unknown {
  return Array.isArray(list)
    ? list.map((item: unknown) => (isRecord(item) ? fill(defined(item)) : item))
    : list;
}

function part(value: unknown, defaults: Loose): unknown {
  return isRecord(value) ? { ...structuredClone(defaults), ...defined(value) } : value;
}

/** The container's user when it is a number: a name is known only inside the image. */
export function uidOf(user: unknown): number | undefined {
  const match = /^(\d+)(?::|$)/.exec(typeof user === "string" && !isUnknown(user) ? user : "");
  return match ? Number(match[1]) : undefined;
}
