import { CloudError, isNotFound } from "../../errors.js";
import { dockerFor } from "../../host/docker.js";
import { faultPoint } from "../../host/faults.js";
import {
  ensureDockerNetwork,
  findOurs,
  poolTaken,
  removeDockerNetwork,
} from "../docker-network.js";
import type { NetworkDriver } from "../driver.js";
import { dockerNetworkName, VXLAN_OVERHEAD } from "../names.js";
import { runProgram } from "./commands.js";
import { observePart } from "./observe.js";
import { requirePrograms } from "./requirements.js";

/**
 * Unicast VXLAN under Docker `bridge` networks: kernel and iproute2 only, no process on the data path. Docker attaches
 * containers again by itself after a restart, so nothing of ours has to run.
 */
export const vxlanDriver: NetworkDriver = {
  name: "vxlan",
  overhead: VXLAN_OVERHEAD,

  async prepare(context) {
    await requirePrograms(context);
  },

  async join(context, part) {
    const docker = dockerFor(context.transport);
    // Refuse what is in the way before anything is touched.
    const found = findOurs(await docker.listNetworks(), part);
    const changed = await runProgram(context, "apply", part);
    const network = await ensureDockerNetwork(docker, found, part).catch(async (error: unknown) => {
      if (!found && changed.length > 0) await runProgram(context, "leave", part).catch(() => []);
      throw poolTaken(error, part);
    });
    // Docker may have taken the bridge away with the network that it replaced.
    const after =
      found && network.changed.length > 0 ? await runProgram(context, "apply", part) : [];
    await faultPoint("network-joined", part.host);
    return { dockerId: network.dockerId, changed: [...changed, ...network.changed, ...after] };
  },

  async rename(context, part) {
    await runProgram(context, "names", part).catch(async (error: unknown) => {
      // Not there as it should be: the whole of it is made, or refused for a reason.
      if (!(error instanceof CloudError) || error.code !== "command") throw error;
      await vxlanDriver.join(context, part);
    });
  },

  async attach({ transport }, part, endpoint) {
    const docker = dockerFor(transport);
    const name = dockerNetworkName(part.networkId, part.vni);
    const now = await docker.inspectContainer(endpoint.container);
    if (now.NetworkSettings.Networks?.[name]?.IPAMConfig?.IPv4Address === endpoint.address) return;
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

  async leave(context, part) {
    await removeDockerNetwork(dockerFor(context.transport), part);
    await runProgram(context, "leave", part);
  },

  async destroy() {
    // Every host's part is removed by `leave`; hosts share nothing else.
  },

  observe: observePart,
};
