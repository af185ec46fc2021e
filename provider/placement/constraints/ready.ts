import { hostsThat, listing } from "../words.js";
import type { Constraint } from "./constraint.js";

/** The host can take something new: it was reached, and it exists. */
export const readyConstraint: Constraint = {
  name: "ready",
  declared: true,
  applies: () => true,
  accepts: (_ask, host) => host.notReady === undefined && host.candidate.pending !== true,
  explain: (_ask, hosts) =>
    `${hostsThat(hosts.length, "is", "are")} not ready (${listing(
      hosts.map((host) => `${host.name} ${reason(host.notReady)}`),
    )})`,
  explainOne: (_ask, host) => reason(host.notReady),
};

function reason(notReady: string | undefined): string {
  return notReady ?? "does not exist yet";
}
