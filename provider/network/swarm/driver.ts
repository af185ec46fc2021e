import { CloudError, isNotFound } from "../../errors.js";
import { dockerFor } from "../../host/docker.js";
import { faultPoint } from "../../host/faults.js";
import { LABELS } from "../../host/ownership.js";
import { findOurs, isCurrent, poolTaken } from "../docker-network.js";
import type { DriverContext, HostPart, NetworkDriver, Observation } from "../driver.js";
import { untilLetGo } from "../let-go.js";
import { dockerNetworkName } from "../names.js";
import { NOWHERE } from "../observe-part.js";
import { programDriver } from "../program-driver.js";
import { COMMON_PROGRAMS } from "../requirements.js";
import { applyPart, runProgram } from "../run-program.js";
import { leaveSwarmIfOurs } from "./leaving.js";
import {
  ANSWER_WITHIN,
  askLivingSwarm,
  askSwarm,
  findManager,
  findOverlay,
  type Manager,
  needManager,
  swarmOf,
} from "./managers.js";
import { ensureMember, ensureSwarm } from "./membership.js";
import { swarmPlan } from "./plan.js";

const base = programDriver(swarmPlan, COMMON_PROGRAMS);

/**
 * Docker's own overlay, attachable, in a swarm that we make or that is there already. Docker connects the hosts and their
 * containers; what we add is the host's own end of it on every host, for the name server and the gateway address.
 */
export const swarmDriver: NetworkDriver = {
  ...base,

  async prepare(context, part) {
    await base.prepare(context, part);
    const { LiveRestoreEnabled } = await dockerFor(context.transport).info();
    if (!LiveRestoreEnabled) return;
    throw new CloudError(
      "unsupported",
      "the network driver swarm needs Docker without live-restore, which a swarm excludes",
      {
        host: context.transport.connection.name,
        hint: 'Take "live-restore" out of /etc/docker/daemon.json, or give the network driver vxlan.',
      },
    );
  },

  /** The first host makes the swarm and the network in it; the others are told the network's id. */
  async introduce(context, part) {
    if (part.settings["leader"] !== part.host) return {};
    await ensureSwarm(context, part);
    await ensureMember(context, part);
    const manager = await needManager(context, part);
    return { network: await askLivingSwarm(context, part, () => ensureOverlay(manager, part)) };
  },

  async join(context, part) {
    await ensureMember(context, part);
    const { changed } = await applyPart(context, part);
    await faultPoint("network-joined", part.host);
    return { dockerId: overlayId(part), changed };
  },

  refuseInUse: refuseWhileAttached,

  async leave(context, part, ending) {
    await refuseWhileAttached(context, part);
    await runProgram(context, "leave", part, ending ? ["ending"] : []);
    if (ending) await removeOverlay(context, part);
    await leaveSwarmIfOurs(context, part, ending);
  },

  observe,
};

/** The network's id, which the first host told. */
function overlayId(part: HostPart): string {
  const all = [part.facts, ...part.peers.map(({ facts }) => facts)];
  return all.flatMap((facts) => facts["network"] ?? [])[0] ?? "";
}

async function ensureOverlay(manager: Manager, part: HostPart): Promise<string> {
  const body = swarmPlan.dockerBody(part);
  const found = findOurs(await manager.docker.listNetworks(), part);
  if (found && isCurrent(found, body)) return found.Id;
  if (found)
    throw new CloudError(
      "conflict",
      `cannot make network ${part.networkId}: the overlay ${found.Name} has other settings, and Docker cannot change them`,
      {
        host: part.host,
        resource: part.networkId,
        hint: `Remove it there (docker network rm ${found.Name}) once its containers are gone, and run pulumi up again.`,
      },
    );
  try {
    return (await manager.docker.createNetwork(body)).Id;
  } catch (error) {
    throw poolTaken(error, part);
  }
}

/** Containers that are still attached are named, never detached. */
async function refuseWhileAttached({ transport }: DriverContext, part: HostPart): Promise<void> {
  const network = dockerNetworkName(part.networkId, part.vni);
  const attached = await dockerFor(transport).listContainers({
    network: [network],
    status: ["running"],
  });
  if (attached.length === 0) return;
  const names = attached.map(({ Id, Names }) => Names[0]?.replace(/^\//, "") ?? Id).sort();
  throw new CloudError(
    "conflict",
    `network ${part.networkId} still has containers: ${names.join(", ")}`,
    {
      host: part.host,
      resource: part.networkId,
      hint: "Remove or detach them and run again; nothing of the network was removed there.",
    },
  );
}

/** One of the managers does it; to the others it is gone. A swarm that does not answer is an error. */
async function removeOverlay(context: DriverContext, part: HostPart): Promise<void> {
  const docker = dockerFor(context.transport);
  if (!(await swarmOf(docker)).ControlAvailable) return; // a worker cannot
  const within = { timeoutMs: ANSWER_WITHIN };
  const name = dockerNetworkName(part.networkId, part.vni);
  const found = await askSwarm(context, part, () =>
    unlessGone(docker.inspectNetwork(name, within)),
  );
  if (found?.Labels?.[LABELS.owner] !== part.owner) return;
  await untilLetGo(() =>
    askSwarm(context, part, () => unlessGone(docker.removeNetwork(found.Id, within))),
  );
}

/** Where another manager was faster, Docker says "not found" with the status of a failure. */
async function unlessGone<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isNotFound(error) || /network \S+ not found/.test(String(error))) return undefined;
    throw error;
  }
}

async function self({ transport }: DriverContext) {
  const docker = dockerFor(transport);
  return { docker, swarm: await swarmOf(docker) };
}

async function observe(context: DriverContext, part: HostPart): Promise<Observation> {
  const name = dockerNetworkName(part.networkId, part.vni);
  const [found, { swarm }] = await Promise.all([runProgram(context, "check", part), self(context)]);
  const manager =
    swarm.LocalNodeState === "inactive" ? undefined : await findManager(context, part);
  const overlay = manager && (await findOverlay(manager, name));
  const differs = [...found];
  if (swarm.LocalNodeState === "inactive") differs.push("the host is in no swarm");
  else if (!manager) differs.push("no manager of the swarm answers");
  else if (overlay?.Labels?.[LABELS.owner] !== part.owner)
    differs.push(`the overlay ${name} is missing`);
  else if (!isCurrent(overlay, swarmPlan.dockerBody(part)))
    differs.push(`the overlay ${name} has other settings`);
  return {
    absent: found.length === 1 && found[0] === NOWHERE && !overlay,
    dockerId: overlay?.Id ?? "",
    differs,
  };
}
