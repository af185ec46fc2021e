import type { HostState } from "../host-state.js";
import type { ConstraintSpec } from "../model.js";
import { count, hostsThat } from "../words.js";
import type { Constraint } from "./constraint.js";

/** The tightest `maxContainers` of a list of constraints; undefined: none. */
export function tightest(specs: readonly ConstraintSpec[]): number | undefined {
  const limits = specs.flatMap((spec) => (spec.kind === "maxContainers" ? [spec.max] : []));
  return limits.length > 0 ? Math.min(...limits) : undefined;
}

/**
 * At most so many containers of the cloud on a host: the host's own limit, the cloud's, the request's, or that of a
 * container which lies there already. What a request asks for binds its neighbours too, or it would hold only until
 * the next one comes.
 */
export function maxContainersConstraint(max: number | undefined): Constraint {
  const limit = (host: HostState): number => Math.min(max ?? Infinity, host.maxContainers);
  return {
    name: "maxContainers",
    declared: false,
    applies: () => true,
    accepts: (_ask, host) => host.counted < limit(host),
    explain: (_ask, hosts) => {
      const limits = new Set(hosts.map(limit));
      const [only] = limits;
      const what =
        limits.size === 1 && only !== undefined ? `limit of ${count(only, "container")}` : "limit";
      return `${hostsThat(hosts.length, "runs its", "run their")} ${what}`;
    },
    explainOne: (_ask, host) => `runs its limit of ${count(limit(host), "container")}`,
  };
}
