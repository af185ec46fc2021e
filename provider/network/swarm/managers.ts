import { CloudError, isNotFound } from "../../errors.js";
import { dockerFor, type DockerClient } from "../../host/docker.js";
import type { SwarmInfo } from "../../host/docker-types.js";
import type { DriverContext, HostPart } from "../driver.js";

/** A daemon's part in a swarm; a daemon that says nothing of it is in none. */
export async function swarmOf(docker: DockerClient): Promise<SwarmInfo> {
  const { Swarm } = await docker.info();
  return (
    Swarm ?? {
      NodeID: "",
      LocalNodeState: "inactive",
      ControlAvailable: false,
      Error: "",
      RemoteManagers: null,
    }
  );
}

/** A host that answers for the swarm. */
export interface Manager {
  docker: DockerClient;
  swarm: SwarmInfo;
  underlay: string;
}

/** The first of this host and its peers that is a manager. Hosts that cannot be asked are passed over. */
export async function findManager(
  context: DriverContext,
  part: HostPart,
  except?: string,
): Promise<Manager | undefined> {
  const hosts = [{ host: part.host, underlay: part.underlay }, ...part.peers].filter(
    ({ host }) => host !== except,
  );
  const looked = await Promise.all(
    hosts.map(async ({ host, underlay }): Promise<Manager[]> => {
      try {
        const docker = dockerFor(host === part.host ? context.transport : context.to(host));
        const swarm = await swarmOf(docker);
        return swarm.ControlAvailable ? [{ docker, swarm, underlay }] : [];
      } catch (error) {
        if (host === part.host) throw error;
        return [];
      }
    }),
  );
  return looked.flat()[0];
}

/** As `findManager`, and a refusal when there is none. */
export async function needManager(context: DriverContext, part: HostPart): Promise<Manager> {
  const found = await findManager(context, part);
  if (found) return found;
  throw new CloudError(
    "conflict",
    `cannot make network ${part.networkId}: no host of it is a manager of its swarm that answers`,
    {
      host: part.host,
      resource: part.networkId,
      hint: "See docker node ls on a manager. Where most managers are lost: docker swarm init --force-new-cluster on one that is left.",
    },
  );
}

/** The overlay in the swarm, or undefined. */
export async function findOverlay(manager: Manager, name: string) {
  try {
    return await manager.docker.inspectNetwork(name);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** Waits until it is so, at most half a minute. */
export async function waitUntil(
  what: string,
  host: string,
  signal: AbortSignal | undefined,
  body: () => Promise<boolean>,
): Promise<void> {
  const end = Date.now() + 30_000;
  while (!(await body())) {
    signal?.throwIfAborted();
    if (Date.now() > end)
      throw new CloudError("deadline", `${what} within 30 s`, {
        host,
        hint: "Run pulumi up again: what is done is kept.",
      });
    await new Promise((done) => setTimeout(done, 200));
  }
}

/** Milliseconds after which a manager without a majority is not waited for; Docker itself tries for 20 seconds. */
export const ANSWER_WITHIN = 3000;

/** The answer, or undefined where the swarm is not there any more or has no leader. */
export async function ifAnswered<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    const gone = /not part of a swarm|not a swarm manager|does not have a leader|lost the quorum/;
    if (error instanceof CloudError && (error.code === "deadline" || gone.test(error.message)))
      return undefined;
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
