import type { HostState } from "../host-state.js";
import { percent } from "../words.js";
import type { Constraint } from "./constraint.js";
import { byComplaint } from "./simple.js";

/** Samples older than this say nothing of now, in seconds. */
export const MAX_AGE = 120;

const DEFAULT_MAX = { cpu: 0.5, memory: 0.8 };

/** Live use below a share, counting what this plan adds. A host whose use is not known is refused, and says so. */
export function usageConstraint(
  resource: "cpu" | "memory",
  max = DEFAULT_MAX[resource],
  maxAgeSeconds = MAX_AGE,
): Constraint {
  const use = (host: HostState): number | undefined =>
    resource === "cpu" ? host.cpuUse(maxAgeSeconds) : host.memoryUse(maxAgeSeconds);
  return {
    name: resource === "cpu" ? "maxCpuUsage" : "maxMemoryUsage",
    declared: false,
    onlyNew: true,
    applies: () => true,
    accepts: (_ask, host) => {
      const used = use(host);
      return used !== undefined && used < max;
    },
    explain: (_ask, hosts) => {
      const known = hosts.filter((host) => use(host) !== undefined);
      const unknown = hosts.filter((host) => use(host) === undefined);
      const phrases = known.length > 0 ? [aboveLimit(known, use, resource, max)] : [];
      if (unknown.length > 0) {
        phrases.push(
          byComplaint(unknown, (host) => {
            const why = unknownUse(resource, host, maxAgeSeconds);
            const what = `unknown ${resource} use (${why})`;
            return { one: `has ${what}`, many: `have ${what}` };
          }),
        );
      }
      return (unknown.length > known.length ? phrases.reverse() : phrases).join(", ");
    },
    explainOne: (_ask, host) => {
      const used = use(host);
      return used === undefined
        ? `${resource} use is not known: ${unknownUse(resource, host, maxAgeSeconds)}`
        : `uses ${percent(used)} of its ${resource}, the limit is ${percent(max)}`;
    },
  };
}

function aboveLimit(
  hosts: readonly HostState[],
  use: (host: HostState) => number | undefined,
  resource: string,
  max: number,
): string {
  const lowest = hosts.reduce((best, host) => ((use(host) ?? 0) < (use(best) ?? 0) ? host : best));
  const one = hosts.length === 1;
  return `${hosts.length} ${one ? "host uses" : "hosts use"} ${percent(max)} of ${one ? "its" : "their"} ${resource} or more (lowest ${percent(use(lowest) ?? 0)} on ${lowest.name})`;
}

/** Why the use of a host is not known: `sampled 300 s ago, 120 s is the limit`. */
export function unknownUse(
  resource: "cpu" | "memory",
  { candidate }: HostState,
  maxAgeSeconds: number,
): string {
  const { usage } = candidate;
  if (!usage) return "it was not sampled";
  if (usage[resource] === undefined) return usage.missing ?? "it was not sampled";
  return `sampled ${Math.round(usage.ageSeconds)} s ago, ${maxAgeSeconds} s is the limit`;
}
