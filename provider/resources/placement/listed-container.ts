import type { ContainerSummary, DockerNetwork } from "../../host/docker-types.js";
import { LABELS } from "../../host/ownership.js";

/** It runs, or will go on by itself. */
export function isAlive({ State }: ContainerSummary): boolean {
  return State === "running" || State === "paused" || State === "restarting";
}

/**
 * As Docker's list says it: `Up 2 minutes (unhealthy)`, `Up 3 seconds (health: starting)`. `Exited (0) 2 hours ago` is a task
 * that has done its work.
 */
export function isReady({ State, Status }: ContainerSummary): boolean {
  if (State === "exited") return Status.startsWith("Exited (0)");
  return State === "running" && !/\((unhealthy|health: starting)\)/.test(Status);
}

/** Docker's names of the plan's own networks, and what the plan calls them. `networks`: owner label -> name in the plan. */
export function planNamesOf(
  listed: readonly DockerNetwork[],
  networks: ReadonlyMap<string, string>,
): Map<string, string> {
  return new Map(
    listed.flatMap(({ Name, Labels }) => {
      const name = networks.get(Labels?.[LABELS.owner] ?? "");
      return name === undefined ? [] : [[Name, name]];
    }),
  );
}

/** By the plan's network names. A container that does not run has the address it will come back with. */
export function addressesOf(
  container: ContainerSummary,
  planNames: ReadonlyMap<string, string>,
): Record<string, string> {
  const addresses: Record<string, string> = {};
  for (const [docker, endpoint] of Object.entries(container.NetworkSettings?.Networks ?? {})) {
    const name = planNames.get(docker);
    const address = endpoint.IPAddress || endpoint.IPAMConfig?.IPv4Address;
    if (name !== undefined && address) addresses[name] = address;
  }
  return addresses;
}
