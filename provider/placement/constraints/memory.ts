import { bytes, hostsThat } from "../words.js";
import type { Constraint } from "./constraint.js";
import { largest } from "./largest.js";

/** The reservation fits into what is neither promised to others nor kept free on purpose. */
export const memoryConstraint: Constraint = {
  name: "memory",
  declared: false,
  applies: (ask) => ask.memoryBytes > 0,
  accepts: (ask, host) => ask.memoryBytes <= host.freeBytes,
  explain: (ask, hosts) => {
    const best = largest(hosts, (host) => host.freeBytes);
    return `${hostsThat(hosts.length, "lacks", "lack")} ${bytes(ask.memoryBytes)} of memory (largest free ${bytes(best.freeBytes)} on ${best.name})`;
  },
  explainOne: (ask, host) =>
    `lacks ${bytes(ask.memoryBytes)} of memory (${bytes(host.freeBytes)} free, ${bytes(ask.memoryBytes - Math.max(0, host.freeBytes))} short)`,
};
