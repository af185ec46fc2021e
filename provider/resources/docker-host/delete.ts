import { CloudError, isUnreachable, messageOf } from "../../errors.js";
import { withGiveUpHint } from "../../host/give-up.js";
import { dockerFor } from "../../host/docker.js";
import { faultPoint } from "../../host/faults.js";
import { LABELS } from "../../host/ownership.js";
import { transportFor } from "../../host/pool.js";
import { FORGET_USAGE } from "../../host/usage-script.js";
import { warn } from "../../progress.js";
import type { DockerHostState } from "./inputs.js";
import { SYSCTL_FILE } from "./probe-script.js";

/** Forgets the host. Docker and its settings stay; only our own file goes, when nothing of ours lives there any more. */
export async function remove(_id: string, state: DockerHostState): Promise<void> {
  const { access: connection } = state;
  try {
    await forget(state);
  } catch (error) {
    if (connection.whenUnreachable !== "forget" || !isUnreachable(error))
      throw withGiveUpHint(error);
    await warn(
      `host ${connection.name} is forgotten although it cannot be reached (${messageOf(error).split("\n")[0]}). ` +
        `What remains there: Docker Engine, ${SYSCTL_FILE}, and every container and network labelled ${LABELS.owner}.`,
    );
  }
  await faultPoint("deleted", connection.name);
}

async function forget({ access: connection }: DockerHostState): Promise<void> {
  const docker = dockerFor(connection);
  const filter = { label: [LABELS.owner] };
  let ours: number;
  try {
    const [containers, networks] = await Promise.all([
      docker.listContainers(filter),
      docker.listNetworks(filter),
    ]);
    ours = containers.length + networks.length;
  } catch (error) {
    // A host whose daemon is gone keeps our file: it may be needed when the daemon comes back.
    if (error instanceof CloudError && error.code === "docker") return;
    throw error;
  }
  if (ours > 0) return;
  const transport = transportFor(connection);
  await transport.script(FORGET_USAGE);
  const result = await transport.exec(["rm", "-f", SYSCTL_FILE]);
  if (result.code !== 0)
    throw new CloudError("command", `cannot remove ${SYSCTL_FILE}: ${result.stderr.trim()}`, {
      host: connection.name,
    });
}
