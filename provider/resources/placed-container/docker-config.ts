import type {
  ContainerCreateBody,
  DockerMount,
  EndpointSettings,
  UpdateBody,
} from "../../host/docker-types.js";
import { portsLabel, type HeldPort } from "../../host/held.js";
import { LABELS, ownerOf } from "../../host/ownership.js";
import { macOf } from "../../network/names.js";
import { grantedCapabilities } from "./capabilities.js";
import type { ContainerPlace, ContainerSpec, Mount, PlacedContainerInputs } from "./inputs.js";
import { normalized } from "./mounts.js";
import { specHash } from "./revision.js";

/** What is known only when a container is made. */
export interface Making {
  generation: string;
  /** The host's own resolvers, used after the networks' name servers when the spec names none. */
  resolvers: readonly string[];
  /** Minor number of Docker's API that is spoken. */
  apiMinor: number;
  /** Folder of the secrets' files on the host (see secrets.ts), or undefined when there are none. */
  secretsFolder: string | undefined;
  /** Who the image's process runs as when the spec names nobody: `999`, `redis:redis`, "" for root. */
  imageUser?: string;
}

/** Memory of the scratch folders that a read-only root gets; it counts against the container's limit. */
const SCRATCH_BYTES = 64 * 1024 * 1024;

/** From this API on a container is made with all its networks; before, with one, and attached to the others. */
const ALL_NETWORKS = 44;

/**
 * From this API on (Docker 24) the resolver in the container takes a name server's NXDOMAIN as the end; before, it asked
 * the next one. So plain names are asked for with the networks' domains first: servers refuse what is not theirs.
 */
const ENDS_AT_NXDOMAIN = 43;

/** Body of Docker's "create container" request: a pure function of what was asked for. */
export function createBody(inputs: PlacedContainerInputs, making: Making): ContainerCreateBody {
  const { spec, place } = inputs;
  const [first] = place.networks;
  const attached = making.apiMinor >= ALL_NETWORKS ? place.networks : place.networks.slice(0, 1);
  return {
    Image: spec.image,
    ...(spec.command === undefined ? {} : { Cmd: spec.command }),
    ...(spec.entrypoint === undefined ? {} : { Entrypoint: spec.entrypoint }),
    ...(spec.workingDir === undefined ? {} : { WorkingDir: spec.workingDir }),
    ...(spec.hostname === undefined ? {} : { Hostname: spec.hostname }),
    ...(spec.user === undefined ? {} : { User: spec.user }),
    ...(spec.health === undefined ? {} : { Healthcheck: healthOf(spec.health) }),
    Env: environmentOf(inputs),
    Labels: labelsOf(inputs, making.generation),
    ExposedPorts: Object.fromEntries(
      spec.ports.map(({ containerPort, protocol }) => [`${containerPort}/${protocol}`, {}]),
    ),
    StopTimeout: spec.stopTimeoutSeconds,
    HostConfig: {
      NetworkMode: first?.dockerName ?? "none",
      PortBindings: portBindingsOf(spec),
      Mounts: mountsOf(spec, making.secretsFolder),
      ...tmpfsOf(spec, spec.user ?? making.imageUser ?? ""),
      RestartPolicy: restartOf(spec),
      ...limitsOf(spec),
      Privileged: false,
      CapDrop: ["ALL"],
      CapAdd: grantedCapabilities(spec),
      SecurityOpt: ["no-new-privileges"],
      ReadonlyRootfs: spec.readOnlyRoot || spec.hardened,
      IpcMode: "private",
      Init: spec.init,
      Devices: [...spec.devices, ...plannedFiles(place.devices)].map(deviceOf),
      ...(plannedRequests(place.devices).length > 0
        ? { DeviceRequests: plannedRequests(place.devices) }
        : {}),
      ExtraHosts: Object.entries(spec.extraHosts).map(([name, address]) => `${name}:${address}`),
      Dns: dnsOf(inputs, making.resolvers),
      DnsSearch: [...new Set(place.networks.map(({ domain }) => domain).filter(Boolean))],
      ...(making.apiMinor >= ENDS_AT_NXDOMAIN ? { DnsOptions: ["ndots:1"] } : {}),
      ...(spec.log === undefined
        ? {}
        : { LogConfig: { Type: spec.log.driver, Config: spec.log.options } }),
    },
    NetworkingConfig: {
      EndpointsConfig: Object.fromEntries(
        attached.map((network, index) => [network.dockerName, endpointOf(network, index)]),
      ),
    },
  };
}

/**
 * How a container is attached to its networks, the `index`th one here. The MAC counts from API 1.44 on, where the
 * container is made with the network; before that Docker derives the same one from the address by itself. One that is
 * attached later has a MAC of Docker's choice from Docker 28 on, which announces it. The first network has the default route: from API 1.48 on
 * by this priority; older daemons leave it unread and take the first by name.
 */
export function endpointOf(
  {
    address,
    address6,
    ownMac = false,
    aliases,
  }: Pick<ContainerPlace["networks"][number], "address" | "address6" | "ownMac" | "aliases">,
  index: number,
): EndpointSettings {
  return {
    IPAMConfig: {
      IPv4Address: address,
      ...(address6 === undefined ? {} : { IPv6Address: address6 }),
    },
    ...(ownMac ? {} : { MacAddress: macOf(address) }),
    ...(aliases === undefined ? {} : { Aliases: aliases }),
    ...(index === 0 ? {} : { GwPriority: -index }),
  };
}

/** Limits and restart policy: what Docker changes in place. Swap is not granted on top of memory. */
export function updateBody(spec: ContainerSpec): UpdateBody {
  return { ...limitsOf(spec), RestartPolicy: restartOf(spec) };
}

/**
 * Name server of each network, then the asked-for or the host's resolvers; unknown names go from one to the next. weaveDNS
 * answers of every name that there is none, or what the host's resolvers say, so it is asked after those that refuse.
 */
export function dnsOf(
  { spec, place }: PlacedContainerInputs,
  resolvers: readonly string[],
): string[] {
  const { networks } = place;
  const gateways = [
    ...networks.filter(({ names }) => names !== "weave"),
    ...networks.filter(({ names }) => names === "weave"),
  ]
    .map(({ gateway }) => gateway)
    .filter((gateway) => gateway !== "");
  return [...new Set([...gateways, ...(spec.dns.length > 0 ? spec.dns : resolvers)])];
}

/** Labels of ours beside the user's. They never change, so they hold what is fixed when the container is made. */
export function labelsOf(
  inputs: PlacedContainerInputs,
  generation: string,
): Record<string, string> {
  const { meta, cloud, spec, place } = inputs;
  const ports = portsLabel(publishedPorts(spec));
  const devices = (place.devices ?? []).join(" ");
  return {
    ...spec.labels,
    [LABELS.owner]: ownerOf(meta),
    [LABELS.cloud]: cloud,
    [LABELS.generation]: generation,
    [LABELS.spec]: specHash(inputs, generation),
    [LABELS.cpus]: String(spec.cpus),
    [LABELS.memory]: String(spec.memoryBytes),
    [LABELS.application]: spec.application,
    ...(place.type === undefined ? {} : { [LABELS.type]: place.type }),
    ...(place.group === undefined ? {} : { [LABELS.group]: place.group }),
    ...(ports === "" ? {} : { [LABELS.ports]: ports }),
    ...(devices === "" ? {} : { [LABELS.devices]: devices }),
  };
}

/** Ports of the host that it takes. */
export function publishedPorts({ ports }: Pick<ContainerSpec, "ports">): HeldPort[] {
  return ports
    .filter(({ hostPort }) => hostPort > 0)
    .map(({ hostPort, protocol, hostAddress }) => ({ hostPort, protocol, hostAddress }));
}

/** Devices of the plan that are files of the host. */
function plannedFiles(devices: readonly string[] = []): string[] {
  return devices.filter((id) => id.startsWith("/"));
}

/** Devices of the plan that a driver hands in: `nvidia:0` by NVIDIA's own, `vendor.com/class=name` by CDI. */
function plannedRequests(devices: readonly string[] = []) {
  const nvidia = devices.flatMap((id) => (id.startsWith("nvidia:") ? [id.slice(7)] : []));
  const cdi = devices.filter((id) => /^[^/:]+\/[^=]+=/.test(id));
  return [
    ...(nvidia.length > 0
      ? [{ Driver: "nvidia", DeviceIDs: nvidia, Capabilities: [["gpu"]] }]
      : []),
    ...(cdi.length > 0 ? [{ Driver: "cdi", DeviceIDs: cdi }] : []),
  ];
}

function limitsOf({ cpus, memoryBytes, pids }: ContainerSpec) {
  return {
    NanoCpus: Math.round(cpus * 1e9),
    Memory: memoryBytes,
    MemorySwap: memoryBytes,
    PidsLimit: pids,
  };
}

function restartOf({ restart }: ContainerSpec) {
  return {
    Name: restart.policy,
    MaximumRetryCount: restart.policy === "on-failure" ? restart.retries : 0,
  };
}

/**
 * What was asked for, and who and where it is, so that an application can say so. Neither changes while the container
 * lives: another host or name is another container.
 */
function environmentOf({ meta, place, spec }: PlacedContainerInputs): string[] {
  const self = { CLOCKER_HOST: place.host, CLOCKER_NAME: meta.name };
  return Object.entries({ ...self, ...spec.env, ...spec.secretEnv })
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([name, value]) => `${name}=${value}`);
}

function portBindingsOf({ ports }: ContainerSpec) {
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const { containerPort, hostPort, protocol, hostAddress } of ports) {
    if (hostPort === 0) continue;
    (bindings[`${containerPort}/${protocol}`] ??= []).push({
      HostIp: hostAddress,
      HostPort: String(hostPort),
    });
  }
  return bindings;
}

function healthOf(health: NonNullable<ContainerSpec["health"]>) {
  const form = health.command[0];
  return {
    Test: form === "CMD" || form === "CMD-SHELL" ? health.command : ["CMD", ...health.command],
    Interval: nanoseconds(health.intervalSeconds),
    Timeout: nanoseconds(health.timeoutSeconds),
    Retries: health.retries,
    StartPeriod: nanoseconds(health.startPeriodSeconds),
  };
}

const nanoseconds = (seconds: number) => Math.round(seconds * 1e9);

function mountsOf(spec: ContainerSpec, secretsFolder: string | undefined): DockerMount[] {
  const mounts = spec.mounts.flatMap((mount) => (mount.kind === "tmpfs" ? [] : [mountOf(mount)]));
  if (secretsFolder !== undefined) {
    if (spec.secrets.some(({ path }) => path === undefined)) {
      mounts.push(readOnlyBind(`${secretsFolder}/files`, "/run/secrets"));
    }
    for (const { name, path } of spec.secrets) {
      if (path !== undefined) mounts.push(readOnlyBind(`${secretsFolder}/at/${name}`, path));
    }
  }
  return mounts;
}

function mountOf(mount: Exclude<Mount, { kind: "tmpfs" }>): DockerMount {
  switch (mount.kind) {
    case "volume":
      return { Type: "volume", Source: mount.name, Target: mount.target, ReadOnly: mount.readOnly };
    case "bind":
      return {
        Type: "bind",
        Source: normalized(mount.source),
        Target: mount.target,
        ReadOnly: mount.readOnly,
        BindOptions: { Propagation: "rprivate" },
      };
  }
}

/** Folders in memory: those asked for, and with a read-only root the two in which every program may write. */
function tmpfsOf(spec: ContainerSpec, user: string): { Tmpfs?: Record<string, string> } {
  const folders: Record<string, string> = {};
  for (const mount of spec.mounts) {
    if (mount.kind === "tmpfs") folders[mount.target] = memoryFolder(mount.sizeBytes, user);
  }
  if (spec.readOnlyRoot || spec.hardened) {
    const taken = new Set(spec.mounts.map(({ target }) => normalized(target)));
    for (const folder of ["/run", "/tmp"]) {
      if (!taken.has(folder) && !taken.has(`/var${folder}`)) {
        folders[folder] = memoryFolder(SCRATCH_BYTES, user);
      }
    }
  }
  return Object.keys(folders).length > 0 ? { Tmpfs: folders } : {};
}

/**
 * Options of a tmpfs. runc before 1.2 gives it the mode that the image's folder has there, whatever is asked for, so
 * it is its user who has to own it; a user that only the image knows by name gets by with the mode.
 */
function memoryFolder(sizeBytes: number | undefined, user: string): string {
  const [, uid, gid] = /^(\d+)(?::(\d+))?$/.exec(user) ?? [];
  return [
    "mode=1777",
    ...(sizeBytes === undefined ? [] : [`size=${sizeBytes}`]),
    ...(uid === undefined ? [] : [`uid=${uid}`]),
    ...(gid === undefined ? [] : [`gid=${gid}`]),
  ].join(",");
}

function readOnlyBind(source: string, target: string): DockerMount {
  return {
    Type: "bind",
    Source: source,
    Target: target,
    ReadOnly: true,
    BindOptions: { Propagation: "rprivate" },
  };
}

/** `/dev/a`, `/dev/a:/dev/b`, `/dev/a:rw`, `/dev/a:/dev/b:r`. */
function deviceOf(device: string) {
  const parts = device.split(":");
  const paths = parts.filter((part) => part.startsWith("/"));
  return {
    PathOnHost: paths[0] ?? "",
    PathInContainer: paths[1] ?? paths[0] ?? "",
    CgroupPermissions: parts[paths.length] ?? "rwm",
  };
}
