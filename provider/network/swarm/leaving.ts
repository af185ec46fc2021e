import { CloudError } from "../../errors.js";
import { dockerFor } from "../../host/docker.js";
import type { SwarmInfo, SwarmNode } from "../../host/docker-types.js";
import { Serial } from "../../host/limiter.js";
import { warn } from "../../progress.js";
import type { DriverContext, HostPart } from "../driver.js";
import {
  ANSWER_WITHIN,
  askSwarm,
  changeRole,
  findManager,
  isBrought,
  isKnownOver,
  needLedManager,
  needManager,
  noteOver,
  swarmOf,
  waitUntil,
} from "./managers.js";
import { dropMark, isOfMembership, isUnfinishedFor, type Mark, readMark, tidyUp } from "./mark.js";

/** Managers of one swarm go one after another: two that hand over to each other would end it. */
const leaving = new Serial();

/** Takes the host out of the swarm that we brought it into, once no network of ours there needs it. */
export async function leaveSwarmIfOurs(
  context: DriverContext,
  part: HostPart,
  ending: boolean,
): Promise<void> {
  const mark = await readMark(context);
  if (!mark || mark.needed) return;
  const docker = dockerFor(context.transport);
  const now = await swarmOf(docker);
  if (now.LocalNodeState === "inactive") return tidyUp(context);
  if (!(await isOurs(context, part, mark, now))) return dropMark(context);
  if (ending && mark.made && (await isOver(context, part, now))) {
    await leaveByForce(context, part);
    return tidyUp(context);
  }
  const left = now.ControlAvailable
    ? await leaving.run(mark.cluster ?? "", () => leaveAsManager(context, part, mark, now, ending))
    : await leaveAsWorker(context, part, now);
  await (left ? tidyUp(context) : dropMark(context));
}

/**
 * Out of a swarm that is over; the host may be out of it already. Docker gives its own part in it 15 seconds to stop, says
 * "context deadline exceeded" on a busy host, and is out once it is asked again.
 */
async function leaveByForce({ transport, signal }: DriverContext, part: HostPart): Promise<void> {
  const docker = dockerFor(transport);
  await waitUntil("the host could not leave its swarm", part.host, signal, async () => {
    try {
      await docker.leaveSwarm(true);
      return true;
    } catch (error) {
      if (/not part of a swarm/.test(String(error))) return true;
      if (/context deadline exceeded/.test(String(error))) return false;
      throw error;
    }
  });
}

/** Whether the membership that the host has now is the one that the mark is of. */
async function isOurs(
  context: DriverContext,
  part: HostPart,
  mark: Mark,
  now: SwarmInfo,
): Promise<boolean> {
  if (now.NodeID === "")
    throw new CloudError(
      "conflict",
      `cannot tell which swarm the host is in: its part in it is in state ${now.LocalNodeState}`,
      {
        host: part.host,
        resource: part.networkId,
        ...(now.Error === "" ? {} : { reasons: [now.Error] }),
        hint: "Put it right there, or take the host out (docker swarm leave --force), and run again.",
      },
    );
  if (mark.node !== undefined) return isOfMembership(mark, now);
  const manager = await needLedManager(context, part);
  const nodes = await manager.docker.listNodes();
  if (!nodes.some(({ ID }) => ID === now.NodeID)) return false;
  if (mark.cluster !== undefined) return isUnfinishedFor(mark, manager.swarm);
  // An older version did not say which swarm it meant: it is left only if nobody else can need it.
  return nodes.every((node) => isOfNetwork(node, part)) && (await manager.docker.countHeld()) === 0;
}

/**
 * The swarm carries nothing but ours, so it ends with our last network: no services, secrets or configs, no nodes beyond the
 * network's hosts and others that we brought in, no other networks. Another network of ours may be on its way out at the same time; that is waited for.
 * Where another host saw it to be over, it is not asked: a manager whose others have left answers after 20 seconds, each time.
 */
async function isOver(context: DriverContext, part: HostPart, now: SwarmInfo): Promise<boolean> {
  if (isKnownOver(now)) return !(await runsTasks(context));
  const within = { timeoutMs: ANSWER_WITHIN };
  for (let attempt = 1; ; attempt++) {
    const found = await askSwarm(context, part, async () => {
      const { docker } = await needManager(context, part).catch((error: unknown) => {
        throw asSilence(error);
      });
      const [networks, nodes, held] = await Promise.all([
        docker.listNetworks({}, within),
        docker.listNodes(within),
        docker.countHeld(within),
      ]);
      return { networks, nodes, held };
    });
    if (!found) return !(await runsTasks(context));
    const isAlone = found.nodes.every((node) => isBrought(node) || isOfNetwork(node, part));
    if (found.held > 0 || !isAlone) return false;
    if (found.networks.every(({ Scope, Name }) => Scope !== "swarm" || Name === "ingress")) {
      noteOver(found.nodes);
      return true;
    }
    if (attempt === 20 || context.signal?.aborted) return false;
    await new Promise((done) => setTimeout(done, 250));
  }
}

/** No host of the network is a manager that answers: to a worker that is what a missing leader is to a manager. */
function asSilence(error: unknown): unknown {
  if (!(error instanceof CloudError) || error.code !== "conflict") return error;
  return new CloudError("deadline", "no manager of the swarm answers", { cause: error });
}

/** Tasks of a service run on the host, which would end with its membership. */
async function runsTasks({ transport }: DriverContext): Promise<boolean> {
  const label = ["com.docker.swarm.service.id"];
  return (await dockerFor(transport).listContainers({ label, status: ["running"] })).length > 0;
}

/** Whether a node is one of the network's hosts. (A leader may give 0.0.0.0 as its node's address.) */
function isOfNetwork({ Status, ManagerStatus }: SwarmNode, part: HostPart): boolean {
  const addresses = [Status.Addr, (ManagerStatus?.Addr ?? "").replace(/:\d+$/, "")];
  return [part, ...part.peers].some(({ underlay }) => addresses.includes(underlay));
}

async function leaveAsWorker(
  context: DriverContext,
  part: HostPart,
  { NodeID }: SwarmInfo,
): Promise<boolean> {
  await dockerFor(context.transport).leaveSwarm(false);
  await forgetNode(context, part, NodeID);
  return true;
}

/**
 * Another node is made a manager where this one is the last, and then this one a worker: the swarm keeps its majority. The
 * last node of all leaves only a swarm that holds nothing; else it stays, and the swarm is the user's. Answers whether it
 * left.
 */
async function leaveAsManager(
  context: DriverContext,
  part: HostPart,
  { made }: Mark,
  now: SwarmInfo,
  ending: boolean,
): Promise<boolean> {
  const docker = dockerFor(context.transport);
  const asked = await askSwarm(context, part, async () => {
    const within = { timeoutMs: ANSWER_WITHIN };
    return { nodes: await docker.listNodes(within), held: await docker.countHeld(within) };
  });
  if (!asked) {
    if (!made || (await runsTasks(context))) return stay(part);
    await leaveByForce(context, part);
    return true;
  }
  const nodes = ending ? await withoutOurWorkers(context, part, now.NodeID) : asked.nodes;
  const others = nodes.filter(({ ID, Status }) => ID !== now.NodeID && Status.State === "ready");
  const heir =
    others.find(isManager) ??
    others.find((node) => !isBrought(node) && !isOfNetwork(node, part)) ??
    others[0];
  if (!heir) {
    const foreign = nodes.some((node) => !isBrought(node) && !isOfNetwork(node, part));
    if (asked.held > 0 || foreign) return stay(part);
    await leaveByForce(context, part);
    return true;
  }
  await handOver(context, part, now.NodeID, heir);
  return leaveAsWorker(context, part, now);
}

/** Where all hosts leave, the workers go first; those that do not within 10 seconds are counted on. */
async function withoutOurWorkers(
  { transport, signal }: DriverContext,
  part: HostPart,
  self: string,
): Promise<SwarmNode[]> {
  const end = Date.now() + 10_000;
  for (;;) {
    const nodes = await dockerFor(transport).listNodes();
    const waited = nodes.some(
      (node) =>
        node.ID !== self &&
        node.Status.State === "ready" &&
        node.Spec.Role === "worker" &&
        isOfNetwork(node, part),
    );
    if (!waited || Date.now() > end) return nodes;
    signal?.throwIfAborted();
    await new Promise((done) => setTimeout(done, 250));
  }
}

async function stay(part: HostPart): Promise<false> {
  await warn(
    `host ${part.host} stays in the swarm that carried network ${part.networkId}: it is the last manager, and the swarm ` +
      "has services, secrets, configs or nodes that are not ours. When they are gone: docker swarm leave --force",
  );
  return false;
}

async function handOver(
  context: DriverContext,
  part: HostPart,
  self: string,
  heir: SwarmNode,
): Promise<void> {
  const docker = dockerFor(context.transport);
  if (!isManager(heir)) await changeRole(docker, heir.ID, "manager");
  await waitUntil(
    `no other host of network ${part.networkId} could take the swarm over`,
    part.host,
    context.signal,
    async () => (await docker.listNodes()).some((node) => node.ID === heir.ID && isManager(node)),
  );
  await changeRole(docker, self, "worker");
  await waitUntil(
    "the host could not be made a worker of its swarm",
    part.host,
    context.signal,
    async () => !(await swarmOf(docker)).ControlAvailable,
  );
}

function isManager({ ManagerStatus }: SwarmNode): boolean {
  return ManagerStatus?.Reachability === "reachable";
}

async function forgetNode(context: DriverContext, part: HostPart, node: string): Promise<void> {
  const manager = await findManager(context, part, part.host);
  const known = (await manager?.docker.listNodes())?.some(({ ID }) => ID === node) === true;
  if (known) await manager?.docker.removeNode(node);
}
