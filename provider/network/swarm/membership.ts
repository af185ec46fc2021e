import { CloudError } from "../../errors.js";
import { dockerFor } from "../../host/docker.js";
import type { SwarmInfo } from "../../host/docker-types.js";
import { LABELS } from "../../host/ownership.js";
import type { DriverContext, HostPart } from "../driver.js";
import {
  askLivingSwarm,
  changeRole,
  findManager,
  labelNode,
  type LedManager,
  needLedManager,
  swarmOf,
} from "./managers.js";
import {
  isMadeByUs,
  isOfMembership,
  isUnfinishedFor,
  type Mark,
  NEW_CLUSTER,
  readMark,
  writeMark,
} from "./mark.js";

/** The first host makes the swarm, unless it or another host of the network is in one already. */
export async function ensureSwarm(context: DriverContext, part: HostPart): Promise<void> {
  const docker = dockerFor(context.transport);
  const { LocalNodeState, Error: reason } = await swarmOf(docker);
  if (LocalNodeState === "active" || LocalNodeState === "pending") return;
  if (LocalNodeState !== "inactive") throw broken(part, LocalNodeState, reason);
  if (await findManager(context, part, part.host)) return;
  await writeMark(context, { made: true, cluster: NEW_CLUSTER });
  await docker.initSwarm(part.underlay, { [LABELS.swarm]: "made" });
}

/**
 * Brings the host into the swarm of the others. Managers are made in a swarm that we made, of hosts that we brought in;
 * into a swarm that was there already hosts come as workers, so that its majority does not depend on us.
 */
export async function ensureMember(context: DriverContext, part: HostPart): Promise<void> {
  const docker = dockerFor(context.transport);
  const now = await swarmOf(docker);
  if (now.LocalNodeState === "error" || now.LocalNodeState === "locked")
    throw broken(part, now.LocalNodeState, now.Error);
  const manager = await askLivingSwarm(context, part, () => needLedManager(context, part));
  const made = isMadeByUs(manager.swarm);
  const isToManage = made && part.settings["role"] === "manager";
  if (now.LocalNodeState === "inactive") {
    const tokens = await askLivingSwarm(context, part, () => manager.docker.joinTokens());
    await writeMark(context, { made, cluster: manager.swarm.Cluster.ID });
    const token = isToManage ? tokens.Manager : tokens.Worker;
    await docker.joinSwarm(part.underlay, [`${manager.underlay}:2377`], token);
    const { NodeID } = await swarmOf(docker);
    await finishMark(context, part, manager, NodeID);
    return;
  }
  const nodes = await askLivingSwarm(context, part, () => manager.docker.listNodes());
  const node = nodes.find(({ ID }) => ID === now.NodeID);
  if (!node)
    throw new CloudError(
      "conflict",
      `cannot make network ${part.networkId}: the host is in another swarm than the network's other hosts`,
      {
        host: part.host,
        resource: part.networkId,
        hint: "Take it out there (docker swarm leave), or give the network another driver.",
      },
    );
  const isOurs = await isBroughtIn(context, part, manager, now);
  if (isOurs && isToManage && node.Spec.Role !== "manager")
    await askLivingSwarm(context, part, () => changeRole(manager.docker, node.ID, "manager"));
}

/** Whether we brought the host into the swarm. A mark that an interrupted run left is finished. */
async function isBroughtIn(
  context: DriverContext,
  part: HostPart,
  manager: LedManager,
  now: SwarmInfo,
): Promise<boolean> {
  const mark: Mark | undefined = await readMark(context);
  if (isOfMembership(mark, now)) return true;
  if (!isUnfinishedFor(mark, manager.swarm)) return false;
  await finishMark(context, part, manager, now.NodeID);
  return true;
}

/** Notes on the host which swarm it is in because of us, and as which of its nodes; and in the swarm that we brought it. */
async function finishMark(
  context: DriverContext,
  part: HostPart,
  manager: LedManager,
  node: string,
): Promise<void> {
  const made = isMadeByUs(manager.swarm);
  await askLivingSwarm(context, part, () => labelNode(manager.docker, node));
  await writeMark(context, { made, cluster: manager.swarm.Cluster.ID, node });
}

function broken(part: HostPart, state: string, reason: string): CloudError {
  return new CloudError(
    "conflict",
    `cannot make network ${part.networkId}: the host's swarm is in state ${state}`,
    {
      host: part.host,
      resource: part.networkId,
      ...(reason === "" ? {} : { reasons: [reason] }),
      hint: "Put it right there, or take the host out: docker swarm leave --force",
    },
  );
}
