import type { Constraint } from "./constraint.js";
import { declaredConstraint } from "./simple.js";

/** Nothing new comes to a host that is being drained, and what is there leaves. */
export const drainConstraint: Constraint = declaredConstraint("drain", ({ candidate }) =>
  candidate.drain === true ? { one: "is being drained", many: "are being drained" } : undefined,
);
