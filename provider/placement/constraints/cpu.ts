import { cores, hostsThat } from "../words.js";
import type { Constraint } from "./constraint.js";
import { largest } from "./largest.js";

/** The reservation fits into the cores that are neither promised to others nor kept free on purpose. */
export const cpuConstraint: Constraint = {
  name: "cpu",
  declared: false,
  applies: (ask) => ask.microCpus > 0,
  accepts: (ask, host) => ask.microCpus <= host.freeMicroCpus,
  explain: (ask, hosts) => {
    const best = largest(hosts, (host) => host.freeMicroCpus);
    return `${hostsThat(hosts.length, "lacks", "lack")} ${cores(ask.microCpus)} (most free ${cores(best.freeMicroCpus)} on ${best.name})`;
  },
  explainOne: (ask, host) =>
    `lacks ${cores(ask.microCpus)} (${cores(host.freeMicroCpus)} free, ${cores(ask.microCpus - Math.max(0, host.freeMicroCpus))} short)`,
};
