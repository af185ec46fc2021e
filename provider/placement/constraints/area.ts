import { labelOf } from "../tally.js";
import type { Constraint } from "./constraint.js";
import { declaredConstraint } from "./simple.js";

/** The host stands in one of these regions, or zones. */
export function areaConstraint(kind: "region" | "zone", wanted: readonly string[]): Constraint {
  const list = wanted.join(" or ");
  return declaredConstraint(kind, (host) => {
    if (host.candidate.labelsUnknown === true) return undefined;
    const area = labelOf(host, kind);
    if (area === undefined) {
      return {
        one: `does not say its ${kind} (${list} is wanted)`,
        many: `do not say their ${kind} (${list} is wanted)`,
      };
    }
    return wanted.includes(area)
      ? undefined
      : { one: `is in ${kind} ${area}, not ${list}`, many: `are in ${kind} ${area}, not ${list}` };
  });
}
