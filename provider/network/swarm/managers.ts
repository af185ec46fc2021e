import { CloudError, isNotFound } from "../../errors.js";
import { dockerFor, type DockerClient } from "../../host/docker.js";
import type { SwarmInfo, SwarmNode } from "../../host/docker-types.js";
import { LABELS } from "../../host/ownership.js";
import type { DriverContext, HostPart } from "../driver.js";

/**
 * A daemon's part in a swarm; a daemon that says nothing of it is in none. A manager that has no majority to ask gives a
 * swarm whose id and labels are empty: it does not know which one it is in.
 */
export async function swarmOf(docker: DockerClient): Promise<SwarmInfo> {
  const { Swarm } = await docker.info();
  if (Swarm) return Swarm.Cluster?.ID === "" ? { ...Swarm, Cluster: null } : Swarm;
  return {
    NodeID: "",
    LocalNodeState: "inactive",
    ControlAvailable: false,
    Error: "",
    RemoteManagers: null,
  };
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

/** One that can tell its swarm's id. A manager without a majority, e.g. while a leader is chosen, cannot. */
export type LedManager = Manager & { swarm: { Cluster: NonNullable<SwarmInfo["Cluster"]> } };

export async function needLedManager(context: DriverContext, part: HostPart): Promise<LedManager> {
  const { docker, swarm, underlay } = await needManager(context, part);
  const { Cluster } = swarm;
  if (Cluster) return { docker, swarm: { ...swarm, Cluster }, underlay };
  throw new CloudError("deadline", "the managers of the swarm have no majority", {
    host: part.host,
    resource: part.networkId,
  });
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

/** Gives a node its role. `docker` is a manager's. */
export async function changeRole(
  docker: DockerClient,
  id: string,
  Role: "manager" | "worker",
): Promise<void> {
  await changeNode(docker, id, ({ Spec }) => (Spec.Role === Role ? undefined : { ...Spec, Role }));
}

/** Labels a node as one that we brought in. */
export async function labelNode(docker: DockerClient, id: string): Promise<void> {
  await changeNode(docker, id, (node) =>
    isBrought(node)
      ? undefined
      : { ...node.Spec, Labels: { ...node.Spec.Labels, [LABELS.swarm]: BROUGHT } },
  );
}

const BROUGHT = "brought";

export function isBrought({ Spec }: SwarmNode): boolean {
  return Spec.Labels?.[LABELS.swarm] === BROUGHT;
}

/** Somebody else may change the node at the same time; then it is read again. */
async function changeNode(
  docker: DockerClient,
  id: string,
  change: (node: SwarmNode) => SwarmNode["Spec"] | undefined,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const node = (await docker.listNodes()).find(({ ID }) => ID === id);
    const spec = node && change(node);
    if (!spec) return;
    try {
      return await docker.updateNode(node, spec);
    } catch (error) {
      if (attempt === 5 || !/out of sequence/.test(String(error))) throw error;
    }
  }
}

/** Milliseconds after which a manager without a majority is asked again; Docker itself tries for 20 seconds. */
export const ANSWER_WITHIN = 3000;

/** Milliseconds for a swarm to answer: it may be choosing a leader. */
const PATIENCE = 25_000;

/** Nodes of swarms that were seen to hold nothing and that all of ours are leaving: soon nobody answers for them. */
const over = new Set<string>();

export function noteOver(nodes: readonly SwarmNode[]): void {
  for (const { ID } of nodes) over.add(ID);
}

/** Whether the host's part in its swarm was among them. */
export function isKnownOver({ NodeID }: SwarmInfo): boolean {
  return over.has(NodeID);
}

/**
 * What the swarm answers, or undefined when it is known to have ended for this host: the host is in none, the swarm was seen
 * to be over, or every other manager is a host of the network that says itself that it has left. Silence alone means
 * nothing: it is an error.
 */
export async function askSwarm<T>(
  context: DriverContext,
  part: HostPart,
  ask: () => Promise<T>,
): Promise<T | undefined> {
  const failed = `the swarm of network ${part.networkId} does not answer, so the host stays in it`;
  return untilAnswered(context, part, failed, async () => {
    try {
      return await ask();
    } catch (error) {
      if (isSilence(error) && (await hasEnded(context, part))) return undefined;
      throw error;
    }
  });
}

/** What the swarm answers that the host is to be in. */
export async function askLivingSwarm<T>(
  context: DriverContext,
  part: HostPart,
  ask: () => Promise<T>,
): Promise<T> {
  const failed = `cannot make network ${part.networkId}: its swarm does not answer`;
  return untilAnswered(context, part, failed, ask);
}

async function untilAnswered<T>(
  { signal }: DriverContext,
  part: HostPart,
  failed: string,
  ask: () => Promise<T>,
): Promise<T> {
  const end = Date.now() + PATIENCE;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!isSilence(error)) throw error;
      if (Date.now() > end)
        throw new CloudError("deadline", failed, {
          host: part.host,
          resource: part.networkId,
          hint: "See docker node ls on a manager and run again. If the swarm is lost for good: docker swarm leave --force",
          cause: error,
        });
      signal?.throwIfAborted();
      await new Promise((done) => setTimeout(done, 250));
    }
  }
}

/** Nobody answers for the swarm: the manager asked has no leader to ask, or is none any more. */
function isSilence(error: unknown): boolean {
  if (!(error instanceof CloudError)) return false;
  if (error.code === "deadline") return true;
  return /not a swarm manager|not part of a swarm|does not have a leader|lost the quorum|code = Unavailable/.test(
    error.message,
  );
}

/** Seen before, or positively: the managers that this host knows are hosts of the network, and each says that it is not that node any more. */
async function hasEnded(context: DriverContext, part: HostPart): Promise<boolean> {
  const now = await swarmOf(dockerFor(context.transport));
  if (now.LocalNodeState === "inactive" || isKnownOver(now)) return true;
  const others = (now.RemoteManagers ?? []).filter(({ NodeID }) => NodeID !== now.NodeID);
  if (others.length === 0) return false;
  const gone = await Promise.all(
    others.map(async ({ NodeID, Addr }) => {
      const peer = part.peers.find(({ underlay }) => Addr === `${underlay}:2377`);
      if (!peer) return false;
      try {
        const there = await swarmOf(dockerFor(context.to(peer.host)));
        return there.NodeID !== NodeID && there.LocalNodeState === "inactive";
      } catch {
        return false;
      }
    }),
  );
  return gone.every(Boolean);
}
