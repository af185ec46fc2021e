import { CloudError, isNotFound, messageOf } from "../errors.js";
import type { HostConnection } from "./connection.js";
import { dockerFor, type DockerClient } from "./docker.js";
import type { ContainerSummary, DockerInfo, DockerNetwork, DockerVolume } from "./docker-types.js";
import { duration, withDeadline } from "./deadline.js";
import { OBSERVE_SCRIPT, parseMachine, type Machine } from "./observe-script.js";
import { transportFor } from "./pool.js";
import { parseTakenPorts, TAKEN_PORTS_SCRIPT, type TakenPorts } from "./taken-ports.js";
import type { Transport } from "./transport.js";
import { type MachineUsage, parseUsage, secondsHeld, USAGE_SCRIPT } from "./usage-script.js";

/** The daemon of a host and everything on it, at one moment. */
export interface EngineSnapshot {
  id: string;
  version: string;
  apiVersion: string;
  info: DockerInfo;
  /** All, stopped ones too; with labels, ports, mounts, networks and addresses. */
  containers: ContainerSummary[];
  networks: DockerNetwork[];
  volumes: DockerVolume[];
  /** What the images that were asked about are built for, by reference; absent ones are not on the host. */
  images?: Record<string, { os: string; arch: string; variant?: string }>;
}

/** One host as it was seen once. */
export type HostSnapshot =
  | {
      name: string;
      reachable: true;
      machine: Machine;
      /** Who has ports there beside containers; absent: not asked for. */
      taken?: TakenPorts[];
      /** When it was seen, in milliseconds since 1970; absent: just now. */
      observedAt?: number;
      /** Absent: Docker is not installed or does not answer; `engineProblem` says which. */
      engine?: EngineSnapshot;
      engineProblem?: CloudError;
    }
  | {
      name: string;
      reachable: false;
      /** Why, with how to go on. */
      problem: CloudError;
    };

export interface ObserveOptions {
  /** For connecting and everything asked. Default 10 s. */
  timeoutMs?: number;
  signal?: AbortSignal;
  /**
   * Read how busy each machine is, unless that was read less than so many seconds ago. Absent: nothing needs it, and it
   * may take three seconds.
   */
  usage?: { maxAgeSeconds: number };
  /** Look who has ports beside containers. Default false. */
  ports?: boolean;
  /** Images to look for on the hosts. Default none. */
  images?: readonly string[];
}

/** Looks at one host: one script and a few requests to Docker, at the same time. Throws when it cannot be reached. */
export async function observeHost(
  connection: HostConnection,
  options: ObserveOptions = {},
): Promise<Extract<HostSnapshot, { reachable: true }>> {
  const limit = options.timeoutMs ?? 10_000;
  // One that answers, but too slowly, is not dead: nothing of it is placed elsewhere.
  const late = () =>
    new CloudError(
      transportFor(connection).hasAnswered === false ? "unreachable" : "deadline",
      `cannot be observed: timed out after ${duration(limit)}`,
      { host: connection.name, hint: "Check that the machine is up and not overloaded." },
    );
  return withDeadline(
    limit,
    late,
    (signal) => observe(connection, limit, signal, options),
    options.signal,
  );
}

/** Looks at all hosts at once; those that cannot be reached are values too. Never takes much longer than the time limit. */
export async function observeHosts(
  connections: readonly HostConnection[],
  options: ObserveOptions = {},
): Promise<HostSnapshot[]> {
  return Promise.all(
    connections.map(async (connection): Promise<HostSnapshot> => {
      try {
        return await observeHost(connection, options);
      } catch (error) {
        const problem =
          error instanceof CloudError
            ? error
            : new CloudError("internal", messageOf(error), { host: connection.name, cause: error });
        return { name: connection.name, reachable: false, problem };
      }
    }),
  );
}

async function observe(
  connection: HostConnection,
  timeoutMs: number,
  signal: AbortSignal,
  { usage, ports = false, images = [] }: ObserveOptions,
) {
  const transport = transportFor(connection);
  const [script, busy, taken, engine] = await Promise.all([
    // The login user can read all of it; SSH_CONNECTION does not survive sudo.
    transport.script(OBSERVE_SCRIPT, [], { timeoutMs, signal, asUser: true }),
    usage && observeUsage(transport, usage, timeoutMs, signal),
    ports ? observePorts(transport, timeoutMs, signal) : undefined,
    observeEngine(connection, timeoutMs, signal, images),
  ]);
  if (script.code !== 0)
    throw new CloudError("command", `cannot be observed (exit code ${script.code})`, {
      host: connection.name,
      reasons: [script.stderr.trim().slice(0, 500) || "no reason given"],
      hint: "The login must be able to run sh, uname and ip there.",
    });
  const machine = parseMachine(script.stdout, connection.kind);
  const observedAt = Date.now();
  if (busy?.usage) {
    // The host's Docker may have taken longer to answer.
    machine.usage = later(busy.usage, (observedAt - busy.readAt) / 1000);
  }
  return {
    ...{ name: connection.name, reachable: true as const, machine, observedAt },
    ...(taken ? { taken } : {}),
    ...engine,
  };
}

function later(usage: MachineUsage, seconds: number): MachineUsage {
  const { ageSeconds, clock } = usage;
  return {
    ...usage,
    ageSeconds: ageSeconds + seconds,
    ...(clock === undefined ? {} : { clock: clock + seconds }),
  };
}

async function observeUsage(
  transport: Transport,
  { maxAgeSeconds }: NonNullable<ObserveOptions["usage"]>,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<{ usage: MachineUsage | undefined; readAt: number }> {
  const argv = [String(secondsHeld(maxAgeSeconds, timeoutMs)), windowOf(timeoutMs)];
  const { stdout } = await transport.script(USAGE_SCRIPT, argv, { timeoutMs, signal });
  return { usage: parseUsage(stdout), readAt: Date.now() };
}

/** As root: who listens, and how the firewall translates, is not for everybody to see. */
async function observePorts(
  transport: Transport,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<TakenPorts[]> {
  const { stdout } = await transport.script(TAKEN_PORTS_SCRIPT, [], { timeoutMs, signal });
  return parseTakenPorts(stdout);
}

/** Seconds of a machine's first two readings: three, if there is time. */
function windowOf(timeoutMs: number): string {
  return String(Math.min(3, Math.max(1, Math.floor(timeoutMs / 3000))));
}

async function observeEngine(
  connection: HostConnection,
  timeoutMs: number,
  signal: AbortSignal,
  images: readonly string[],
): Promise<{ engine?: EngineSnapshot; engineProblem?: CloudError }> {
  const docker = dockerFor(connection);
  const options = { timeoutMs, signal };
  try {
    const [version, info, containers, networks, volumes, platforms] = await Promise.all([
      docker.version(options),
      docker.info(options),
      docker.listContainers({}, options),
      docker.listNetworks({}, options),
      docker.listVolumes({}, options),
      platformsOf(docker, images, options),
    ]);
    return {
      engine: {
        id: info.ID,
        version: version.Version,
        apiVersion: version.ApiVersion,
        info,
        containers,
        networks,
        volumes,
        ...(images.length > 0 ? { images: platforms } : {}),
      },
    };
  } catch (error) {
    if (error instanceof CloudError && (error.code === "docker" || error.code === "unsupported"))
      return { engineProblem: error };
    throw error;
  }
}

/** One request for each image, at the same time as all others; one that is not there is left out. */
async function platformsOf(
  docker: DockerClient,
  images: readonly string[],
  options: { timeoutMs: number; signal: AbortSignal },
): Promise<NonNullable<EngineSnapshot["images"]>> {
  const found: NonNullable<EngineSnapshot["images"]> = {};
  await Promise.all(
    images.map(async (image) => {
      try {
        const { Os, Architecture, Variant } = await docker.inspectImage(image, options);
        found[image] = { os: Os, arch: Architecture, ...(Variant ? { variant: Variant } : {}) };
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    }),
  );
  return found;
}
