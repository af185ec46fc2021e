import { bytes, hostsThat } from "../words.js";
import type { Constraint } from "./constraint.js";
import { largest } from "./largest.js";

/** Enough free disk for what is newly placed. A host whose disk is not known is refused, and says so. */
export const diskConstraint: Constraint = {
  name: "disk",
  declared: false,
  onlyNew: true,
  applies: (ask) => ask.diskBytes > 0,
  accepts: (ask, host) => host.freeDisk !== undefined && ask.diskBytes <= host.freeDisk,
  explain: (ask, hosts) => {
    const known = hosts.filter((host) => host.freeDisk !== undefined);
    const unknown = hosts.length - known.length;
    const phrases = [];
    if (known.length > 0) {
      const best = largest(known, (host) => host.freeDisk ?? 0);
      phrases.push(
        `${hostsThat(known.length, "lacks", "lack")} ${bytes(ask.diskBytes)} of disk (largest free ${bytes(best.freeDisk ?? 0)} on ${best.name})`,
      );
    }
    if (unknown > 0) phrases.push(`${hostsThat(unknown, "does", "do")} not say its free disk`);
    return (unknown > known.length ? phrases.reverse() : phrases).join(", ");
  },
  explainOne: (ask, { freeDisk }) =>
    freeDisk === undefined
      ? `does not say its free disk (${bytes(ask.diskBytes)} is needed)`
      : `lacks ${bytes(ask.diskBytes)} of disk (${bytes(freeDisk)} free, ${bytes(ask.diskBytes - Math.max(0, freeDisk))} short)`,
};
