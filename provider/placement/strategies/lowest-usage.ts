import { MAX_AGE, unknownUse } from "../constraints/usage.js";
import type { HostState } from "../host-state.js";
import { percent } from "../words.js";
import type { Strategy } from "./strategy.js";

/** Sorts after every share of use. */
const UNKNOWN = 1e9;

/** The host that uses least of its cpu or memory now. Hosts whose use is not known come last. */
export function lowestUsage(resource: "cpu" | "memory", maxAgeSeconds = MAX_AGE): Strategy {
  const use = (host: HostState): number | undefined =>
    resource === "cpu" ? host.cpuUse(maxAgeSeconds) : host.memoryUse(maxAgeSeconds);
  const shown = (host: HostState, where: string): string => {
    const used = use(host);
    return used === undefined
      ? `not known ${where} (${unknownUse(resource, host, maxAgeSeconds)})`
      : `${percent(used)} ${where}`;
  };
  return {
    name: `lowest ${resource} ${maxAgeSeconds}`,
    byType: false,
    changes: "rises",
    live: true,
    margin: 0,
    key: (_ask, host) => use(host) ?? UNKNOWN,
    score: (_ask, host) => {
      const used = use(host);
      return used === undefined ? 0 : Math.round((1 - used) * 1000) / 1000;
    },
    better: (_ask, winner, next) =>
      `lowest ${resource} use: ${shown(winner, "here")}, ${shown(next, `on ${next.name}`)}`,
    equal: (_ask, winner, next) =>
      use(winner) === undefined
        ? `${resource} use is not known of any host that fits (here: ${unknownUse(resource, winner, maxAgeSeconds)})`
        : `lowest ${resource} use: ${shown(winner, "here")} and on ${next.name}`,
  };
}
