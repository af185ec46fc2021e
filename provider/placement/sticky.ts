import type { Ask } from "./constraints/index.js";
import { applying, type HostClass } from "./host-classes.js";
import type { HostState } from "./host-state.js";
import type { Assignment } from "./model.js";

/**
 * The host where a request stays: the one it was given before, or one where its container was seen, as long as it
 * meets every rule. A host that cannot be seen now keeps what is there if the program's own words allow it; what is
 * left of its capacity is not asked, since nothing known speaks against it.
 */
export function keepHost(
  hostClass: HostClass,
  ask: Ask,
  previous: Assignment | undefined,
  hosts: ReadonlyMap<string, HostState>,
  observed: readonly HostState[],
): { host: HostState; reason: string; score: number } | undefined {
  const before = previous && hosts.get(previous.host);
  if (previous && before && mayStay(hostClass, ask, before)) {
    return { host: before, reason: previous.reason, score: previous.score };
  }
  const found = observed.find((host) => host !== before && mayStay(hostClass, ask, host));
  return found && { host: found, reason: "its container already runs here", score: 0 };
}

function mayStay(hostClass: HostClass, ask: Ask, host: HostState): boolean {
  const unseen = host.candidate.notReady !== undefined || host.candidate.pending === true;
  return applying(hostClass.constraints, ask).every((constraint) => {
    if (constraint.name === "ready") return true;
    if (unseen && !constraint.declared) return true;
    return constraint.accepts(ask, host);
  });
}
