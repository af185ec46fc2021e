import { isNotRunning } from "../../host/engine-problem.js";
import type { HostSnapshot } from "../../host/observe.js";
import { isUnknown } from "../../unknown.js";
import { isRecord } from "../../validation/problems.js";
import type { PlacementInputs, PlanHost } from "./inputs.js";

/**
 * Takes out of the inputs which hosts their DockerHosts have yet to work on in this up: what is decided and kept is the
 * same with and without it.
 */
export function splitPreparing(given: PlacementInputs): {
  news: PlacementInputs;
  preparing: ReadonlySet<string>;
} {
  const hosts: unknown = given.hosts;
  const preparing = new Set<string>();
  if (!Array.isArray(hosts)) return { news: given, preparing };
  const kept = hosts.map((host: unknown) => {
    if (!isRecord(host) || !("preparing" in host)) return host;
    const { preparing: mark, ...rest } = host;
    if (isUnknown(mark)) preparing.add(String(host["name"]));
    return rest;
  });
  return { news: { ...given, hosts: kept as PlanHost[] }, preparing };
}

/** Its Docker is not running now and will be when up comes here: what it has can be seen only then. */
export function isStartedByUp(snapshot: HostSnapshot, preparing: ReadonlySet<string>): boolean {
  if (!snapshot.reachable || !preparing.has(snapshot.name)) return false;
  return snapshot.engineProblem !== undefined && isNotRunning(snapshot.engineProblem);
}

/** What users are told of such a host. */
export function startedByUp(host: string): string {
  return `host ${host}: Docker is installed but not running; up starts it, and what it takes is decided then`;
}
