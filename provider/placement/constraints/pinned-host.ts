import { hostsThat } from "../words.js";
import type { Constraint } from "./constraint.js";

/** Exactly this host. */
export function pinnedHostConstraint(pinned: string): Constraint {
  return {
    name: "host",
    declared: true,
    applies: () => true,
    accepts: (_ask, host) => host.name === pinned,
    explain: (_ask, hosts) =>
      `${hostsThat(hosts.length, "is", "are")} not ${pinned}, to which it is pinned`,
    explainOne: () => `is not ${pinned}, to which it is pinned`,
  };
}
