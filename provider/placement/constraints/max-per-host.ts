import { count, hostsThat } from "../words.js";
import type { Constraint } from "./constraint.js";

/** At most so many containers of one scope on a host. */
export function maxPerHostConstraint(scope: number, max: number, of: string): Constraint {
  const limit = `limit of ${count(max, "container")} of ${of}`;
  return {
    name: "maxPerHost",
    declared: false,
    applies: () => true,
    accepts: (_ask, host) => host.replicasOf(scope) < max,
    explain: (_ask, hosts) => `${hostsThat(hosts.length, "runs its", "run their")} ${limit}`,
    explainOne: () => `runs its ${limit}`,
  };
}
