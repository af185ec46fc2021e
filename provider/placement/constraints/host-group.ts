import type { Constraint } from "./constraint.js";
import { declaredConstraint } from "./simple.js";

/** The host is in one of these groups of hosts. */
export function hostGroupConstraint(groups: readonly string[]): Constraint {
  const wanted = groups.join(" or ");
  return declaredConstraint("hostGroup", ({ candidate }) =>
    candidate.groups?.some((group) => groups.includes(group)) === true
      ? undefined
      : { one: `is not in group ${wanted}`, many: `are not in group ${wanted}` },
  );
}
