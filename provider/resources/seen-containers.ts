import type { HostConnection } from "../host/connection.js";

/** A container of an owner as the plan of this run has seen it. */
export interface SeenContainer {
  /** Logical name of the host. */
  host: string;
  connection: HostConnection;
  /** Docker's id. */
  id: string;
  /** Docker's name, without its slash. */
  name: string;
}

/** By owner, then by the plan's: on all hosts of its cloud that answered. */
const seen = new Map<string, Map<string, readonly SeenContainer[]>>();

/**
 * All containers of an owner that are on the hosts now. There should be one, and two while it is replaced: what is beside them was
 * dropped by the engine without being deleted. Holds for this process, which serves one run.
 */
export function noteSeenContainers(
  owner: string,
  plan: string,
  containers: readonly SeenContainer[],
): void {
  seen.set(
    owner,
    (seen.get(owner) ?? new Map<string, readonly SeenContainer[]>()).set(plan, containers),
  );
}

/**
 * See noteSeenContainers. Undefined: no plan of this run has looked for them; or several have, as two clouds of a stack may
 * each have a container of that name, and nobody can tell which of them is whose.
 */
export function seenContainers(owner: string): readonly SeenContainer[] | undefined {
  const [found, ...others] = seen.get(owner)?.values() ?? [];
  return others.length > 0 ? undefined : found;
}

/** Tests start anew. */
export function forgetSeenContainers(): void {
  seen.clear();
}
