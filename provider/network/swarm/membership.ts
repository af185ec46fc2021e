import { CloudError } from "../../errors.js";
import { dockerFor } from "../../host/docker.js";
import type { SwarmNode } from "../../host/docker-types.js";
import type { DriverContext, HostPart } from "../driver.js";
import {
  ANSWER_WITHIN,
  findManager,
  ifAnswered,
  type Manager,
  needManager,
  swarmOf,
  waitUntil,
} from "./managers.js";

/**
 * Our mark that a host is in the swarm because of us, written before it joins: only then does it leave with our last
 * network. Holds whether Docker's bridge for the way out was there before.
 */
const MARK = "/var/lib/clocker/swarm";

const WRITE_MARK = `mkdir -p /var/lib/clocker
[ -e ${MARK} ] && exit 0
if docker network inspect docker_gwbridge >/dev/null 2>&1; then echo "gateway kept" > ${MARK}; else echo "gateway ours" > ${MARK}; fi`;

/** Prints "ours" when we brought the host into the swarm and no network of ours needs it any more. */
const ASK_MARK = `[ -e ${MARK} ] && ! grep -qsx 'driver swarm' /var/lib/clocker/net/*/config && echo ours; true`;

/** After the swarm is left: what it leaves behind goes, if it came with it. */
const TIDY = `if grep -qsx 'gateway ours' ${MARK}; then docker network rm docker_gwbridge >/dev/null 2>&1; fi
rm -f ${MARK}
rmdir /var/lib/clocker 2>/dev/null
true`;

async function script({ transport, signal }: DriverContext, text: string): Promise<string> {
  const result = await transport.script(text, [], signal ? { signal } : {});
  if (result.code === 0) return result.stdout.trim();
  throw new CloudError("command", "could not note the host's part in the swarm", {
    host: transport.connection.name,
    reasons: [result.stderr.trim()].filter((line) => line !== ""),
  });
}

/** The first host makes the swarm, unless it or another host of the network is in one already. */
export async function ensureSwarm(context: DriverContext, part: HostPart): Promise<void> {
  const docker = dockerFor(context.transport);
  const { LocalNodeState, Error: reason } = await swarmOf(docker);
  if (LocalNodeState === "active" || LocalNodeState === "pending") return;
  if (LocalNodeState !== "inactive") throw broken(part, LocalNodeState, reason);
  if (await findManager(context, part, part.host)) return;
  await script(context, WRITE_MARK);
  await docker.initSwarm(part.underlay);
}

/** Brings the host into the swarm of the others, with the role that it is to have. */
export async function ensureMember(context: DriverContext, part: HostPart): Promise<void> {
  const docker = dockerFor(context.transport);
  const now = await swarmOf(docker);
  if (now.LocalNodeState === "error" || now.LocalNodeState === "locked")
    throw broken(part, now.LocalNodeState, now.Error);
  if (now.LocalNodeState === "inactive") {
    const manager = await needManager(context, part);
    const tokens = await manager.docker.joinTokens();
    await script(context, WRITE_MARK);
    const token = part.settings["role"] === "manager" ? tokens.Manager : tokens.Worker;
    await docker.joinSwarm(part.underlay, [`${manager.underlay}:2377`], token);
    return;
  }
  const manager = await needManager(context, part);
  const node = (await manager.docker.listNodes()).find(({ ID }) => ID === now.NodeID);
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
  if (part.settings["role"] === "manager" && node.Spec.Role !== "manager")
    await changeRole(manager, node.ID, "manager");
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

/** Somebody else may change the node at the same time; then it is read again. */
async function changeRole(manager: Manager, id: string, role: "manager" | "worker"): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const node = (await manager.docker.listNodes()).find(({ ID }) => ID === id);
    if (!node || node.Spec.Role === role) return;
    try {
      return await manager.docker.changeRole(node, role);
    } catch (error) {
      if (attempt === 5 || !/out of sequence/.test(String(error))) throw error;
    }
  }
}

/** Takes the host out of the swarm that we brought it into, once no network of ours there needs it. */
export async function leaveSwarmIfOurs(
  context: DriverContext,
  part: HostPart,
  ending: boolean,
): Promise<void> {
  if ((await script(context, ASK_MARK)) !== "ours") return;
  const docker = dockerFor(context.transport);
  if (ending && (await isOver(context))) {
    await ifAnswered(() => docker.leaveSwarm());
  } else {
    const swarm = await swarmOf(docker);
    if (swarm.ControlAvailable) await handOver(context, part);
    if (swarm.LocalNodeState !== "inactive") {
      await docker.leaveSwarm();
      await forgetNode(context, part, swarm.NodeID);
    }
  }
  await script(context, TIDY);
}

/**
 * The swarm carries no network but its own, so it ends with ours; or it has ended, since its other managers are gone.
 * Another network of ours may be on its way out at the same time; that is waited for.
 */
async function isOver({ transport, signal }: DriverContext): Promise<boolean> {
  const docker = dockerFor(transport);
  for (let attempt = 1; ; attempt++) {
    const networks = await ifAnswered(() => docker.listNetworks({}, { timeoutMs: ANSWER_WITHIN }));
    if (!networks) return true;
    if (networks.every(({ Scope, Name }) => Scope !== "swarm" || Name === "ingress")) return true;
    if (attempt === 20 || signal?.aborted) return false;
    await new Promise((done) => setTimeout(done, 250));
  }
}

/** Another host is made a manager where this one is the last, and then this one a worker: the swarm keeps its majority. */
async function handOver(context: DriverContext, part: HostPart): Promise<void> {
  const docker = dockerFor(context.transport);
  const self = (await swarmOf(docker)).NodeID;
  const nodes = await docker.listNodes();
  const others = nodes.filter(({ ID, Status }) => ID !== self && Status.State === "ready");
  const heir = others.find(isManager) ?? others[0];
  if (!heir) return; // nobody is left who could need it
  if (!isManager(heir))
    await changeRole(
      { docker, swarm: await swarmOf(docker), underlay: part.underlay },
      heir.ID,
      "manager",
    );
  await waitUntil(
    `no other host of network ${part.networkId} could take the swarm over`,
    part.host,
    context.signal,
    async () => (await findManager(context, part, part.host)) !== undefined,
  );
  const manager = await findManager(context, part, part.host);
  if (!manager) return;
  await changeRole(manager, self, "worker");
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
