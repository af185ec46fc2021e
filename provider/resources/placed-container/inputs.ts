import type { HostConnection } from "../../host/connection.js";
import type { Meta } from "../../lifecycle.js";

/** A file from a secret, mounted read-only from memory at /run/secrets/<name> unless `path` says otherwise. */
export interface SecretFile {
  name: string;
  value: string;
  path?: string;
  /** Octal mode as text. Default: "0400" with a known owner (`uid`, or a numeric user), else "0444". */
  mode?: string;
  uid?: number;
}

export type Mount =
  | { kind: "volume"; name: string; target: string; readOnly: boolean }
  | { kind: "bind"; source: string; target: string; readOnly: boolean }
  | { kind: "tmpfs"; target: string; sizeBytes?: number };

export interface HealthCheck {
  /** argv run in the container; `["CMD-SHELL", "..."]` as in Docker for a shell. */
  command: string[];
  intervalSeconds: number;
  timeoutSeconds: number;
  retries: number;
  startPeriodSeconds: number;
}

/** What the container is, as `check` leaves it: every default is filled in and visible in the preview. */
export interface ContainerSpec {
  image: string;
  /** When to pull: "missing" (default), "always", "never" (image is loaded on the hosts). */
  pull: "missing" | "always" | "never";
  command?: string[];
  entrypoint?: string[];
  workingDir?: string;
  hostname?: string;
  env: Record<string, string>;
  /** Values kept secret in state; delivered as files, or as env where `secretEnv` names them. */
  secrets: SecretFile[];
  secretEnv: Record<string, string>;
  ports: {
    containerPort: number;
    hostPort: number;
    protocol: "tcp" | "udp";
    hostAddress: string;
  }[];
  /** Limits and reservation in one: cores, bytes, processes. */
  cpus: number;
  memoryBytes: number;
  pids: number;
  /** Networks in attach order, by the VirtualNetwork's logical name. */
  networks: { network: string }[];
  mounts: Mount[];
  restart: { policy: "no" | "always" | "unless-stopped" | "on-failure"; retries: number };
  health?: HealthCheck;
  /** Seconds that up waits for healthy (or running, without a health check). */
  waitSeconds: number;
  user?: string;
  readOnlyRoot: boolean;
  hardened: boolean;
  capabilities: { add: string[]; drop: string[] };
  extraHosts: Record<string, string>;
  dns: string[];
  init: boolean;
  log?: { driver: string; options: Record<string, string> };
  stopTimeoutSeconds: number;
  labels: Record<string, string>;
  devices: string[];
  application: string;
}

/** Where it runs, from the plan and the networks. */
export interface ContainerPlace {
  host: string;
  connection: HostConnection;
  /** Shown once, in the preview row. */
  reason: string;
  /** What the host may hold: declared, or what its daemon reports, less the headroom. Verified under the host's lock. */
  capacity?: {
    cpus?: number;
    memoryBytes?: number;
    headroom?: { cpus: number; memoryBytes: number };
    maxContainers?: number;
  };
  /** Ids of the host's devices that the plan gave it: `/dev/dri/renderD128`, `nvidia:0`, `nvidia.com/gpu=0`. */
  devices?: string[];
  /** For affinity of containers that are placed later: a label on the container. */
  type?: string;
  group?: string;
  /** In attach order, one for each of spec.networks. */
  networks: {
    network: string;
    dockerName: string;
    vni: number;
    domain: string;
    address: string;
    /** Absent: the network has no IPv6. */
    address6?: string;
    /** The network's driver chooses MACs itself. Absent: false. */
    ownMac?: boolean;
    /** The host's address on the network; its name server listens there. "": Docker answers the names. */
    gateway: string;
    /** Who answers the network's names, where it is not a dnsmasq of ours. */
    names?: "docker" | "weave";
    /** What it is called on the network, where Docker answers: its names, with and without the domain. Absent: nothing. */
    aliases?: string[];
    /** The address was fixed by the user, so it may have been at another host before: announce it. */
    fixed: boolean;
  }[];
}

export interface PlacedContainerInputs {
  meta: Meta;
  cloud: string;
  spec: ContainerSpec;
  place: ContainerPlace;
}

export interface PlacedContainerState extends PlacedContainerInputs {
  status: {
    containerId: string;
    /** Docker name on the host: `<stack>-<name>-<generation>`. */
    containerName: string;
    generation: string;
    specHash: string;
    imageId: string;
    /** Repository digest when the image came from a registry, else "". */
    imageDigest: string;
    /** As `read` saw it: "running", "exited", "unhealthy", ... */
    state: string;
    /** What `read` found changed on the host, or an up could not finish, one sentence each; the next up restores it. */
    drift?: string[];
    /**
     * Generations on its host that it replaces and the engine has still to delete: they run until then, and are nothing that a
     * dead creation left. Absent: none.
     */
    replaces?: string[];
  };
}
