import { dockerFor } from "../host/docker.js";
import { LABELS } from "../host/ownership.js";
import { isCurrent, type DockerNetworkBody } from "./docker-network.js";
import type { DriverContext, HostPart, Observation } from "./driver.js";
import { dockerNetworkName } from "./names.js";
import { runProgram } from "./run-program.js";

/** What the program says where it never was. */
export const NOWHERE = "the network is not on the host";

/** What of the network is on the host, and how it differs from the part. */
export async function observePart(
  context: DriverContext,
  part: HostPart,
  body: DockerNetworkBody,
): Promise<Observation> {
  if (part.machine) {
    const differs = await runProgram(context, "check", part);
    return { absent: differs.length === 1 && differs[0] === NOWHERE, dockerId: "", differs };
  }
  const name = dockerNetworkName(part.networkId, part.vni);
  const [networks, found] = await Promise.all([
    dockerFor(context.transport).listNetworks({ name: [name] }),
    runProgram(context, "check", part),
  ]);
  const docker = networks.find(
    (network) => network.Name === name && network.Labels?.[LABELS.owner] === part.owner,
  );
  const differs = [...found];
  if (!docker) differs.push(`the Docker network ${name} is missing`);
  else if (!isCurrent(docker, body)) differs.push(`the Docker network ${name} has other settings`);
  return {
    absent: !docker && found.length === 1 && found[0] === NOWHERE,
    dockerId: docker?.Id ?? "",
    differs,
  };
}
