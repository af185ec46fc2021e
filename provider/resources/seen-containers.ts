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

/** By owner: on all hosts of the cloud that answered. */
const seen = new Map<string, readonly SeenContainer[]>();

/**
 * All containers of an owner that are on the hosts now. There should be one, and two while it is replaced: what is beside them was
 * dropped by the engine without being deleted. Holds for this process, which serves one run.
 */
export function noteSeenContainers(owner: string, containers: readonly SeenContainer[]): void {
  seen.set(owner, containers);
}

/** See noteSeenContainers. Undefined: no plan of this run has looked for them. */
export function seenContainers(owner: string): readonly SeenContainer[] | undefined {
  return seen.get(owner);
}

/** Tests start anew. */
export function forgetSeenContainers(): void {
  seen.clear();
}
