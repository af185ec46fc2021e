import { CloudError, isNotFound } from "../errors.js";
import { dockerFor } from "../host/docker.js";
import { faultPoint } from "../host/faults.js";
import { installIdle, installPackages, packageSystemOf } from "../host/packages.js";
import {
  ensureDockerNetwork,
  findOurs,
  poolTaken,
  refuseInUse,
  removeDockerNetwork,
} from "./docker-network.js";
import type { DriverContext, DriverPlan, HostPart, NetworkDriver } from "./driver.js";
import { dockerNetworkName } from "./names.js";
import { attachWaiting, type WaitingEndpoint } from "./endpoints.js";
import { observePart } from "./observe-part.js";
import {
  COMMON_PROGRAMS,
  commonPrograms,
  missingPrograms,
  packagesOf,
  requirePrograms,
} from "./requirements.js";
import { applyPart, forgetEndpoints, handOver, runProgram } from "./run-program.js";
import { dropRecord, observeRecord, putRecord } from "./run-record.js";
import { SERVING, zonePrograms } from "./zone/zone.js";

const RECORD_FAULTS = {
  names: "names-added",
  policy: "policy-set",
  ports: "ports-open",
} as const;

/**
 * A driver whose network is a Docker network on each host, over links that the program on the host makes. Docker
 * attaches containers again by itself after a restart, so nothing of ours has to run for that.
 */
export function programDriver(
  plan: DriverPlan,
  programs: Readonly<Record<string, string>>,
): NetworkDriver {
  const driver: NetworkDriver = {
    name: plan.name,
    plan,
    programs,

    async prepare(context, { machine = false, settings }) {
      if (!machine) await requirePrograms(context, plan.name, COMMON_PROGRAMS);
      const wanted = machine
        ? { ...withoutCommon(programs), ...commonPrograms(true) }
        : { ...programs, ...zonePrograms(settings) };
      const missing = await missingPrograms(context, wanted);
      if (missing.length === 0) return;
      const { transport } = context;
      const system = await packageSystemOf(transport);
      const servers = missing.filter((name) => Object.hasOwn(SERVING, name));
      await installIdle(transport, system, packagesOf(SERVING, servers), servers);
      const others = missing.filter((name) => !servers.includes(name));
      await installPackages(transport, system, packagesOf(wanted, others));
      await requirePrograms(context, plan.name, wanted);
    },

    async join(context, part, first = false) {
      if (part.machine) {
        const { changed } = await applyPart(context, part);
        await faultPoint("network-joined", part.host);
        return { dockerId: "", changed };
      }
      const docker = dockerFor(context.transport);
      const body = plan.dockerBody(part);
      // Refuse what is in the way before anything is touched.
      const found = findOurs(await docker.listNetworks(), part);
      const before = await applyPart(context, part);
      const isNew = !found && before.waiting.length === 0;
      const network = await ensureDockerNetwork(context, found, part, body).catch(
        async (error: unknown) => {
          if (isNew && before.changed.length > 0)
            await runProgram(context, "leave", part, first ? ["ending"] : []).catch(() => []);
          throw poolTaken(error, part);
        },
      );
      const changed = [...before.changed, ...network.changed];
      let { waiting } = before;
      if (found && network.changed.length > 0) {
        // Docker may have taken links away with the network that it replaced.
        const after = await applyPart(context, part);
        changed.push(...after.changed);
        waiting = after.waiting;
      }
      await bringBack(context, part, network.dockerId, waiting);
      await faultPoint("network-joined", part.host);
      return { dockerId: network.dockerId, changed };
    },

    async rename(context, part) {
      await runProgram(context, "names", part).catch(async (error: unknown) => {
        // Not there as it should be: the whole of it is made, or refused for a reason.
        if (!(error instanceof CloudError) || error.code !== "command") throw error;
        await driver.join(context, part);
      });
    },

    handOver,

    async putRecord(context, record) {
      await putRecord(context, record);
      await faultPoint(RECORD_FAULTS[record.kind], record.host);
    },

    dropRecord,
    observeRecord,

    async attach({ transport }, part, endpoint) {
      const docker = dockerFor(transport);
      const name = dockerNetworkName(part.networkId, part.vni);
      const now = await docker.inspectContainer(endpoint.container);
      if (now.NetworkSettings.Networks?.[name]?.IPAMConfig?.IPv4Address === endpoint.address)
        return;
      if (now.NetworkSettings.Networks?.[name])
        await docker.disconnectNetwork(name, endpoint.container, true);
      await docker.connectNetwork(name, endpoint.container, {
        IPAMConfig: { IPv4Address: endpoint.address },
        ...(endpoint.aliases ? { Aliases: endpoint.aliases } : {}),
      });
    },

    async detach({ transport }, part, endpoint) {
      const docker = dockerFor(transport);
      const name = dockerNetworkName(part.networkId, part.vni);
      try {
        const now = await docker.inspectContainer(endpoint.container);
        if (!now.NetworkSettings.Networks?.[name]) return;
        await docker.disconnectNetwork(name, endpoint.container, true);
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    },

    async refuseInUse({ transport }, part) {
      if (part.machine) return;
      await refuseInUse(dockerFor(transport), part);
    },

    async leave(context, part, ending) {
      if (!part.machine) await removeDockerNetwork(dockerFor(context.transport), part);
      await runProgram(context, "leave", part, ending ? ["ending"] : []);
    },

    observe: (context, part) => observePart(context, part, plan.dockerBody(part)),
  };
  return driver;
}

/** What the driver needs beside that which every driver does. */
function withoutCommon(programs: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(programs).filter(([name]) => !Object.hasOwn(COMMON_PROGRAMS, name)),
  );
}

/** Attaches the containers that were taken off the network, by us or by somebody who was interrupted. */
export async function bringBack(
  context: DriverContext,
  part: HostPart,
  dockerId: string,
  waiting: readonly WaitingEndpoint[],
): Promise<void> {
  if (waiting.length === 0) return;
  const network = { id: dockerId, name: dockerNetworkName(part.networkId, part.vni) };
  await attachWaiting(dockerFor(context.transport), part, network, waiting);
  await forgetEndpoints(context, part);
}
