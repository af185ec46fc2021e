import { createRequire } from "node:module";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { HostConnection } from "../../provider/host/connection.js";
import type { HostFacts } from "../../provider/resources/docker-host/inputs.js";
import type { PlanHost } from "../../provider/resources/placement/inputs.js";
import { accessOf, KNOWN_ACCESS, type HostAccessArgs } from "../host-access.js";
import { placementArgsOf } from "../host-args.js";
import { refuseUnknown, type Known } from "../known-args.js";
import { checkName } from "../names.js";
import { ClockerResource, TYPE_PREFIX } from "../resource.js";
import { bytesOf, type Memory } from "../units.js";
import { commandConnection, type CommandConnection } from "./command-connection.js";
import { opensshOptions } from "./openssh-options.js";

export interface DockerHostArgs extends HostAccessArgs {
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
  /** Install Docker Engine from the packages of the distribution, Debian or Ubuntu, when it is missing. @default true */
  installDocker?: boolean;
  /** Smallest accepted version of Docker Engine. @default "20.10" */
  minimumVersion?: string;
  /** Restart Docker for a settings change even while containers run that are not ours. @default false */
  allowRestart?: boolean;
  /** Rotation of container logs. @default { maxSize: "10 MiB", maxFiles: 3 } */
  log?: { maxSize?: Memory; maxFiles?: number };
  /** Containers started at once on this host. @default as many as it has cpus, at least 2 */
  parallelStarts?: number;
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

/** Compile-time complete. */
const KNOWN: Known<DockerHostArgs> = {
  ...KNOWN_ACCESS,
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
  installDocker: true,
  minimumVersion: true,
  allowRestart: true,
  log: true,
  parallelStarts: true,
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
