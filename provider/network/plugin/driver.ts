import { CloudError } from "../../errors.js";
import { dockerFor } from "../../host/docker.js";
import { faultPoint } from "../../host/faults.js";
import {
  ensureDockerNetwork,
  findOurs,
  poolTaken,
  removeDockerNetwork,
} from "../docker-network.js";
import type { DriverPlan, HostPart, NetworkDriver } from "../driver.js";
import { bringBack, programDriver } from "../program-driver.js";
import { COMMON_PROGRAMS } from "../requirements.js";
import { applyPart } from "../run-program.js";
import { pluginPlan } from "./plan.js";

/**
 * A network of a Docker network plugin that is on the hosts already. Docker asks the plugin for every container, also
 * after its restart; how packets travel is the plugin's matter. We decide addresses and add names.
 */
export function networkOfPlugin(
  plan: DriverPlan,
  programs: Readonly<Record<string, string>>,
): NetworkDriver {
  return {
    ...programDriver(plan, programs),

    // The plugin makes its link when Docker asks it for the network, so Docker comes first.
    async join(context, part) {
      const docker = dockerFor(context.transport);
      const found = findOurs(await docker.listNetworks(), part);
      const body = plan.dockerBody(part);
      const network = await ensureDockerNetwork(context, found, part, body).catch(
        (error: unknown) => {
          throw missingPlugin(poolTaken(error, part), part);
        },
      );
      try {
        const { changed, waiting } = await applyPart(context, part);
        await bringBack(context, part, network.dockerId, waiting);
        await faultPoint("network-joined", part.host);
        return { dockerId: network.dockerId, changed: [...network.changed, ...changed] };
      } catch (error) {
        if (!found) await removeDockerNetwork(docker, part).catch(() => false);
        throw error;
      }
    },
  };
}

export const pluginDriver = networkOfPlugin(pluginPlan, COMMON_PROGRAMS);

/** Docker's words for a plugin that is not there, in ours. */
function missingPlugin(error: unknown, part: HostPart): unknown {
  if (!/plugin .*not found|legacy plugin|could not find plugin/i.test(String(error))) return error;
  const plugin = part.settings["plugin"] ?? "";
  return new CloudError("unsupported", `Docker has no network plugin ${plugin}`, {
    host: part.host,
    resource: part.networkId,
    hint: `Start it there: Docker looks for /run/docker/plugins/${plugin}.sock and for plugins that docker plugin ls shows.`,
    cause: error,
  });
}
