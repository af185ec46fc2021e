import * as fs from "node:fs";
import { createRequire } from "node:module";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { HostConnection, KeyReference, SshEndpoint } from "../../provider/host/connection.js";
import type { HostFacts } from "../../provider/resources/docker-host/inputs.js";
import type { PlanHost } from "../../provider/resources/placement/inputs.js";
import { placementArgsOf } from "../host-args.js";
import { refuseUnknown, type Known } from "../known-args.js";
import { checkName } from "../names.js";
import { ClockerResource, TYPE_PREFIX } from "../resource.js";
import { bytesOf, type Memory } from "../units.js";
import { expandHome, opensshOptions } from "./openssh-options.js";

/** Where the private key comes from. The key itself never enters a state. */
export interface SshKeyArgs {
  /** Use the SSH agent: `true` for SSH_AUTH_SOCK, or the path of its socket. */
  agent?: boolean | string;
  /** Path of a private key without passphrase, on the machine that runs `pulumi up`. */
  file?: string;
  /** Name of an environment variable that holds the private key. */
  env?: string;
}

/** How to reach an sshd. */
export interface SshArgs {
  /** Host name or IP address. A change is an update, not a replacement. */
  address: pulumi.Input<string>;
  /** @default 22 */
  port?: pulumi.Input<number>;
  /** Login name. @default "root" */
  user?: pulumi.Input<string>;
  /** Private key by reference. @default the agent at SSH_AUTH_SOCK, else ~/.ssh/id_ed25519 */
  key?: SshKeyArgs;
  /**
   * The host's public key, `ssh-ed25519 AAAA...` or `SHA256:...`; several are allowed. A host that shows another
   * key is refused before anything is sent. @default looked up in `knownHosts`; an unknown key is refused, and the
   * error prints the fingerprint to pin.
   */
  hostKey?: pulumi.Input<string | string[]>;
  /** @default "~/.ssh/known_hosts" */
  knownHosts?: string;
}

export interface DockerHostArgs extends Partial<SshArgs> {
  /** "ssh", or "local" for the machine itself. @default "ssh" */
  connection?: "ssh" | "local";
  /** Connect through this host first (ProxyJump). */
  jump?: SshArgs;
  /** Run commands with `sudo -n`, for a login that is not root. @default false */
  sudo?: boolean;
  /** @default "/var/run/docker.sock" */
  dockerSocket?: string;
  /** Labels for placement: region, zone, anything. @default {} */
  labels?: Record<string, string>;
  /** Groups of hosts that it belongs to, for the constraint `hostGroup`. @default none */
  group?: string | string[];
  /** Where it stands, for constraints on region, zone, distance and jurisdiction. @default what labels region and zone say */
  location?: LocationArgs;
  /** What it runs, `linux/arm64`, for hosts that do not exist yet. @default what its daemon says */
  platform?: string;
  /** Devices that containers can have for themselves. @default graphics cards and accelerators that are found on it */
  devices?: HostDeviceArgs[];
  /** Affinity rules for what may be on this host: `NOT TYPE batch`. @default none */
  affinity?: string | string[];
  /**
   * Take it out of use: nothing new comes here, and what is here moves to other hosts one by one, each new one ready
   * before the next is touched and before any old one stops. Previews say what moves and what cannot. @default false
   */
  drain?: boolean;
  /** Capacity that placement may count on. @default what the host has */
  capacity?: { cpus?: number; memory?: Memory };
  /** Kept free on purpose. @default nothing */
  headroom?: { cpus?: number; memory?: Memory; disk?: Memory };
  /** At most this many containers of clouds, of all stacks together. @default no limit */
  maxContainers?: number;
  /** Address the other hosts use to reach this one for overlay traffic. @default the one our connection arrives at */
  privateAddress?: string;
  /** Install Docker Engine from the distribution (Debian; on Ubuntu untried) when it is missing. @default true */
  installDocker?: boolean;
  /** Smallest accepted version of Docker Engine. @default "20.10" */
  minimumVersion?: string;
  /** Restart Docker for a settings change even while containers run that are not ours. @default false */
  allowRestart?: boolean;
  /** Rotation of container logs. @default { maxSize: "10 MiB", maxFiles: 3 } */
  log?: { maxSize?: Memory; maxFiles?: number };
  /** Containers started at once on this host. @default as many as it has cpus, at least 2 */
  parallelStarts?: number;
  /**
   * What deleting something there does while the host cannot be reached: "fail" keeps it in the state, "forget" drops
   * it and prints what remains on the host. @default "fail"
   */
  whenUnreachable?: "fail" | "forget";
}

/** Where a host stands. */
export interface LocationArgs {
  region?: string;
  zone?: string;
  /** Degrees, north and east positive; both or none. */
  latitude?: number;
  longitude?: number;
  /** The country's code (ISO 3166): `DE`. Its unions EU and EEA are known. */
  country?: string;
  /** Further jurisdictions that it falls under: `GDPR`, `US-CA`. */
  jurisdiction?: string | string[];
}

/** Equal devices of a host, each for at most one container. */
export interface HostDeviceArgs {
  /** `nvidia/gpu`, `gpu`, `tpu`. */
  kind: string;
  /**
   * What Docker calls them: a device file (`/dev/dri/renderD128`), `nvidia:<number>` for NVIDIA's runtime, or a name of
   * the Container Device Interface (`nvidia.com/gpu=0`).
   */
  ids: string[];
  /** For `where` of requests: `{ model: "A100", memory: "40" }`. @default {} */
  attributes?: Record<string, string>;
}

/** Connection in the shape that `@pulumi/command` takes for remote commands. */
export interface CommandConnection {
  host: string;
  port: number;
  user: string;
  privateKey?: string;
  agentSocketPath?: string;
  hostKey?: string;
  proxy?: { host: string; port: number; user: string; privateKey?: string; hostKey?: string };
}

/** Compile-time complete. */
const KNOWN: Known<DockerHostArgs> = {
  address: true,
  port: true,
  user: true,
  key: true,
  hostKey: true,
  knownHosts: true,
  connection: true,
  jump: true,
  sudo: true,
  dockerSocket: true,
  labels: true,
  group: true,
  location: true,
  platform: true,
  devices: true,
  affinity: true,
  drain: true,
  capacity: true,
  headroom: true,
  maxContainers: true,
  privateAddress: true,
  installDocker: true,
  minimumVersion: true,
  allowRestart: true,
  log: true,
  parallelStarts: true,
  whenUnreachable: true,
};

/**
 * A machine with sshd that runs containers for a cloud. Creating it prepares Docker and what the network drivers
 * need, each only if missing; deleting it leaves the machine and its Docker alone.
 *
 * ```ts
 * const h1 = new DockerHost("h1", { address: "10.0.0.5", hostKey: "ssh-ed25519 AAAA...", labels: { zone: "a" } });
 * ```
 */
export class DockerHost extends ClockerResource {
  static readonly __pulumiType = `${TYPE_PREFIX}DockerHost`;

  static override isInstance(value: unknown): value is DockerHost {
    return (
      (value as { __pulumiType?: string } | undefined)?.__pulumiType === DockerHost.__pulumiType
    );
  }

  /** How the cloud reaches the host: address, port, user, key by reference, pinned host key. Known in preview. */
  declare readonly access: pulumi.Output<HostConnection>;
  declare readonly labels: pulumi.Output<Record<string, string>>;
  /** What was found on the machine; known after it was created. */
  declare readonly facts: pulumi.Output<HostFacts>;

  /** The host's logical name, as placement shows it. */
  readonly hostName: string;
  /** @internal plain arguments that the cloud's plan needs */
  readonly placementArgs: Omit<PlanHost, "name" | "connection">;

  constructor(name: string, args: DockerHostArgs, opts: pulumi.CustomResourceOptions = {}) {
    checkName("DockerHost", name);
    refuseUnknown(`DockerHost ${name}`, args, KNOWN);
    const at = (property: string) => `DockerHost ${name}: ${property}`;
    const placement = placementArgsOf(name, args);
    const { cpus, memoryBytes } = placement.headroom;
    super(
      "DockerHost",
      "dockerHost",
      name,
      {
        access: accessOf(`DockerHost ${name}`, name, args),
        labels: args.labels ?? {},
        capacity: placement.capacity,
        headroom: { cpus, memoryBytes },
        prepare: {
          installDocker: args.installDocker ?? true,
          minimumVersion: args.minimumVersion ?? "20.10",
          allowRestart: args.allowRestart ?? false,
          log: {
            maxSizeBytes: bytesOf(at("log.maxSize"), args.log?.maxSize ?? "10 MiB"),
            maxFiles: args.log?.maxFiles ?? 3,
          },
        },
        facts: undefined,
      },
      opts,
    );
    this.hostName = name;
    this.placementArgs = placement;
  }

  /** Connection for `@pulumi/command`'s `remote.Command`, secret because it may hold the private key. */
  get connection(): pulumi.Output<CommandConnection> {
    return pulumi.secret(this.access.apply(commandConnection));
  }

  /**
   * A `@pulumi/docker` provider for this host with the same SSH settings. Needs the package `@pulumi/docker` in the
   * program's project (it is an optional peer) and its plugin.
   */
  dockerProvider(opts: pulumi.ResourceOptions = {}): pulumi.ProviderResource {
    const Provider = loadDockerProvider();
    return new Provider(
      `${this.hostName}-docker`,
      {
        host: this.access.apply((access) =>
          access.kind === "local"
            ? `unix://${access.dockerSocket}`
            : `ssh://${access.user}@${access.address}:${access.port}`,
        ),
        sshOpts: this.access.apply(opensshOptions),
      },
      { parent: this, ...opts },
    );
  }
}

type ProviderConstructor = new (
  name: string,
  args: pulumi.Inputs,
  opts: pulumi.ResourceOptions,
) => pulumi.ProviderResource;

function loadDockerProvider(): ProviderConstructor {
  try {
    // From the program's project, where the user installed it; not from this package's folder.
    const load = createRequire(path.join(process.cwd(), "package.json"));
    return (load("@pulumi/docker") as { Provider: ProviderConstructor }).Provider;
  } catch (cause) {
    throw new pulumi.RunError(
      `dockerProvider() needs the package @pulumi/docker in this project: npm install @pulumi/docker (${String(cause)})`,
    );
  }
}

/** @internal The connection as the provider takes it. `what`: the resource, for errors. */
export function accessOf(
  what: string,
  name: string,
  args: DockerHostArgs,
): pulumi.Input<Record<string, unknown>> {
  const shared = {
    name,
    sudo: args.sudo ?? false,
    dockerSocket: args.dockerSocket ?? "/var/run/docker.sock",
    parallelStarts: args.parallelStarts ?? 0,
    whenUnreachable: args.whenUnreachable ?? "fail",
  };
  if (args.connection === "local") return { kind: "local", ...shared };
  if (args.address === undefined) {
    throw new pulumi.RunError(
      `${what}: address: say where the host is, or connection: "local" for this machine`,
    );
  }
  return {
    kind: "ssh",
    ...shared,
    ...endpoint({ ...args, address: args.address }),
    ...(args.jump ? { jump: endpoint(args.jump) } : {}),
  };
}

function endpoint(args: SshArgs): Record<string, unknown> {
  return {
    address: args.address,
    port: args.port ?? 22,
    user: args.user ?? "root",
    key: keyReference(args.key),
    ...(args.hostKey === undefined
      ? {}
      : {
          hostKeys: Array.isArray(args.hostKey)
            ? args.hostKey
            : typeof args.hostKey === "string"
              ? [args.hostKey]
              : pulumi.output(args.hostKey).apply((key) => (Array.isArray(key) ? key : [key])),
        }),
    ...(args.knownHosts === undefined ? {} : { knownHosts: args.knownHosts }),
  };
}

function keyReference(key: SshKeyArgs | undefined): KeyReference {
  if (key?.file) return { kind: "file", path: key.file };
  if (key?.env) return { kind: "env", variable: key.env };
  if (typeof key?.agent === "string") return { kind: "agent", socket: key.agent };
  if (key?.agent || process.env.SSH_AUTH_SOCK) return { kind: "agent" };
  return { kind: "file", path: "~/.ssh/id_ed25519" };
}

function commandConnection(access: HostConnection): CommandConnection {
  if (access.kind === "local") {
    throw new pulumi.RunError(
      `DockerHost ${access.name} is this machine: use @pulumi/command's local.Command`,
    );
  }
  const end = (ssh: SshEndpoint) => ({
    host: ssh.address,
    port: ssh.port,
    user: ssh.user,
    ...privateKey(ssh.key),
    ...(ssh.hostKeys?.[0] ? { hostKey: ssh.hostKeys[0] } : {}),
  });
  return { ...end(access), ...(access.jump ? { proxy: end(access.jump) } : {}) };
}

function privateKey(key: KeyReference): { privateKey?: string; agentSocketPath?: string } {
  switch (key.kind) {
    case "agent": {
      const socket = key.socket ?? process.env.SSH_AUTH_SOCK;
      return socket ? { agentSocketPath: socket } : {};
    }
    case "file":
      return { privateKey: fs.readFileSync(expandHome(key.path), "utf8") };
    case "env":
      return { privateKey: process.env[key.variable] ?? "" };
  }
}
