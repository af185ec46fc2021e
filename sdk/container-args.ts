import * as pulumi from "@pulumi/pulumi";
import type {
  ContainerSpec,
  Mount,
  SecretFile,
} from "../provider/resources/placed-container/inputs.js";
import { normalized } from "../provider/resources/placed-container/mounts.js";
import { type PortInput, readPorts } from "./ports.js";
import { bytesOf, secondsOf, type Duration, type Memory } from "./units.js";

export interface SecretFileArgs {
  value: pulumi.Input<string>;
  /** @default "/run/secrets/<name>" */
  path?: string;
  /**
   * Octal text. Nobody outside the container can reach the file, whatever its mode.
   * @default "0400" if the owner is known (`uid`, or a numeric `user`), else "0444": only the image knows who reads it
   */
  mode?: string;
  /** Owner of the file in the container. @default the container's user, if numeric, else 0 */
  uid?: number;
}

export type MountArgs =
  | { volume: string; target: string; readOnly?: boolean }
  | { bind: string; target: string; readOnly?: boolean }
  | { tmpfs: true; target: string; size?: Memory };

export interface HealthArgs {
  /** Run in the container; exit code 0 is healthy. A string is run by the image's shell. */
  command: string | string[];
  /** @default "10 seconds" */
  interval?: Duration;
  /** @default "5 seconds" */
  timeout?: Duration;
  /** Failures in a row until unhealthy. @default 3 */
  retries?: number;
  /** Failures in this time after the start do not count. @default "0 seconds" */
  startPeriod?: Duration;
}

/** What runs. Unless a line says otherwise, a change replaces the container. */
export interface ContainerArgs {
  /** Image reference, e.g. `redis:7` or `repo/app@sha256:...`. */
  image: pulumi.Input<string>;
  /** "never" for images that are loaded on the hosts. @default "missing" */
  pull?: "missing" | "always" | "never";
  /** Arguments (Docker's CMD). @default the image's */
  command?: pulumi.Input<string>[];
  /** @default the image's */
  entrypoint?: pulumi.Input<string>[];
  workingDir?: string;
  /** The container's own idea of its name. @default the resource's name */
  hostname?: string;
  /** Environment, beside CLOCKER_HOST and CLOCKER_NAME; see `secrets` for passwords. @default {} */
  env?: Record<string, pulumi.Input<string>>;
  /** Secrets as read-only files in memory under /run/secrets, by file name. @default {} */
  secrets?: Record<string, pulumi.Input<string> | SecretFileArgs>;
  /** Secrets as environment variables: visible to whoever may inspect containers on the host. @default {} */
  secretEnv?: Record<string, pulumi.Input<string>>;
  /**
   * A number is a container port that is not published; text is as in Docker: `"8080:80"`, `"127.0.0.1:53:53/udp"`,
   * `"8000-8010:8000-8010"`. Ports with `mode: "ingress"` change in place. @default []
   */
  ports?: PortInput[];
  /** Cores, reserved and granted. Changes in place. @default the cloud's */
  cpus?: number;
  /** Memory, reserved and granted. Changes in place. @default the cloud's */
  memory?: Memory;
  /** Processes. Changes in place. @default the cloud's */
  pids?: number;
  /** Volumes, host folders and memory; nothing of the host is mounted without being named. @default [] */
  mounts?: MountArgs[];
  /** Changes in place. @default "unless-stopped" */
  restart?: "no" | "always" | "unless-stopped" | "on-failure" | { onFailure: number };
  /** up waits until the container is healthy. @default the image's own */
  health?: HealthArgs;
  /** How long up waits for it. Changes in place. @default "2 minutes" */
  wait?: Duration;
  /** `user`, `uid` or `uid:gid`. @default the image's */
  user?: string;
  /** Mount the root file system read-only. @default false; true when hardened */
  readOnlyRoot?: boolean;
  /** Drop all capabilities and make the root read-only. @default false */
  hardened?: boolean;
  /** Beyond or less than the default set. @default { add: [], drop: [] } */
  capabilities?: { add?: string[]; drop?: string[] };
  /** Entries for /etc/hosts: name to address. @default {} */
  extraHosts?: Record<string, string>;
  /** Resolvers after the networks' own. @default the host's */
  dns?: string[];
  /** Run a tiny init as process 1. @default false */
  init?: boolean;
  /** @default the host's daemon's (rotated json files) */
  log?: { driver: string; options?: Record<string, string> };
  /** Time between the polite and the hard stop. @default "10 seconds" */
  stopTimeout?: Duration;
  /** @default {} */
  labels?: Record<string, string>;
  /** Devices of the host, e.g. "/dev/ttyUSB0". @default [] */
  devices?: string[];
}

type Inputs<T> = { [K in keyof T]: pulumi.Input<T[K]> };
export type SpecInputs = Omit<Inputs<ContainerSpec>, "cpus" | "memoryBytes" | "ports" | "mounts"> &
  Pick<ContainerSpec, "cpus" | "memoryBytes" | "ports" | "mounts">;

interface Defaults {
  cpus: number;
  memoryBytes: number;
  pids: number;
}

/** The canonical spec with every default filled in. Values that may be known later stay inputs, at their own place. */
export function containerSpec(
  name: string,
  args: ContainerArgs & { application?: string },
  defaults: Defaults,
): SpecInputs {
  const at = (property: string) => `PlacedContainer ${name}: ${property}`;
  const hardened = args.hardened ?? false;
  const optional = <K extends string, V>(key: K, value: V | undefined) =>
    (value === undefined ? {} : { [key]: value }) as Partial<Record<K, V>>;
  return {
    image: args.image,
    pull: args.pull ?? "missing",
    ...optional("command", args.command as pulumi.Input<string[]> | undefined),
    ...optional("entrypoint", args.entrypoint as pulumi.Input<string[]> | undefined),
    ...optional("workingDir", args.workingDir),
    hostname: args.hostname ?? name,
    env: (args.env ?? {}) as pulumi.Input<Record<string, string>>,
    secrets: Object.entries(args.secrets ?? {}).map(([file, value]) =>
      secretFile(file, value),
    ) as unknown as pulumi.Input<SecretFile[]>,
    secretEnv: (args.secretEnv ?? {}) as pulumi.Input<Record<string, string>>,
    ports: readPorts(at("ports"), args.ports).ports,
    cpus: args.cpus ?? defaults.cpus,
    memoryBytes:
      args.memory === undefined ? defaults.memoryBytes : bytesOf(at("memory"), args.memory),
    pids: args.pids ?? defaults.pids,
    networks: [],
    mounts: (args.mounts ?? []).map((mount, index) => mountOf(at(`mounts[${index}]`), mount)),
    restart: restartOf(args.restart ?? "unless-stopped"),
    ...optional("health", args.health && healthOf(at("health"), args.health)),
    waitSeconds: secondsOf(at("wait"), args.wait ?? 120),
    ...optional("user", args.user),
    readOnlyRoot: args.readOnlyRoot ?? hardened,
    hardened,
    capabilities: { add: args.capabilities?.add ?? [], drop: args.capabilities?.drop ?? [] },
    extraHosts: args.extraHosts ?? {},
    dns: args.dns ?? [],
    init: args.init ?? false,
    ...optional("log", args.log && { driver: args.log.driver, options: args.log.options ?? {} }),
    stopTimeoutSeconds: Math.round(secondsOf(at("stopTimeout"), args.stopTimeout ?? 10)),
    labels: args.labels ?? {},
    devices: args.devices ?? [],
    application: args.application ?? "",
  };
}

/** Named volumes of a spec: the container follows them. */
export function volumesOf(spec: SpecInputs): string[] {
  return spec.mounts.flatMap((mount) => (mount.kind === "volume" ? [mount.name] : []));
}

/** Folders and files of the host that a spec may write to: the container stays with them. */
export function foldersOf(spec: SpecInputs): string[] {
  return spec.mounts.flatMap((mount) =>
    mount.kind === "bind" && !mount.readOnly ? [normalized(mount.source)] : [],
  );
}

function secretFile(name: string, value: pulumi.Input<string> | SecretFileArgs) {
  const isArgs =
    typeof value === "object" && !pulumi.Output.isInstance(value) && !("then" in value);
  const args: SecretFileArgs = isArgs ? value : { value: value };
  return { name, ...args, value: pulumi.secret(args.value) };
}

function mountOf(property: string, mount: MountArgs): Mount {
  if ("volume" in mount) {
    return {
      kind: "volume",
      name: mount.volume,
      target: mount.target,
      readOnly: mount.readOnly ?? false,
    };
  }
  if ("bind" in mount) {
    return {
      kind: "bind",
      source: mount.bind,
      target: mount.target,
      readOnly: mount.readOnly ?? false,
    };
  }
  return {
    kind: "tmpfs",
    target: mount.target,
    ...(mount.size === undefined ? {} : { sizeBytes: bytesOf(`${property}.size`, mount.size) }),
  };
}

function restartOf(restart: NonNullable<ContainerArgs["restart"]>): ContainerSpec["restart"] {
  return typeof restart === "string"
    ? { policy: restart, retries: 0 }
    : { policy: "on-failure", retries: restart.onFailure };
}

function healthOf(property: string, health: HealthArgs): NonNullable<ContainerSpec["health"]> {
  return {
    command:
      typeof health.command === "string"
        ? ["CMD-SHELL", health.command]
        : ["CMD", ...health.command],
    intervalSeconds: secondsOf(`${property}.interval`, health.interval ?? 10),
    timeoutSeconds: secondsOf(`${property}.timeout`, health.timeout ?? 5),
    retries: health.retries ?? 3,
    startPeriodSeconds: secondsOf(`${property}.startPeriod`, health.startPeriod ?? 0),
  };
}
