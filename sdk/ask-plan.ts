import {
  explainWhy,
  explainWhyNot,
  survivesAnyLoss,
  whatIf as tryChanges,
  type Change,
  type Explanation,
  type Plan,
  type Survival,
  type WhatIf,
} from "../provider/placement/index.js";
import { CloudError } from "../provider/errors.js";
import { readChanges } from "./changes-text.js";

/** `clocker plan --why web-3`: why it is there, and what speaks for and against each host. Undefined: no such container. */
export function why(plan: Plan, container: string): Explanation | undefined {
  return explainWhy(plan, container);
}

/** `clocker plan --why-not web-3 h2`, in one sentence; also for a container or a host that there is not. */
export function whyNot(plan: Plan, container: string, host: string): string {
  return explainWhyNot(plan, container, host);
}

/**
 * `clocker plan --what-if "remove h2"`: the plan that would follow, and what the changed cloud could then lose.
 *
 * @throws CloudError when the text is no change, or speaks of what there is not
 */
export function whatIf(plan: Plan, changes: string | readonly Change[]): WhatIf {
  const read = typeof changes === "string" ? readChanges(changes) : changes;
  const found = tryChanges(plan, read);
  if (!("error" in found)) return found;
  const text = typeof changes === "string" ? ` "${changes}"` : "";
  throw new CloudError("invalid-input", `what if${text}: ${found.error}`);
}

/** `clocker plan --n-1`: whether everything still has a place when any one host is lost. */
export function survival(plan: Plan): Survival {
  return survivesAnyLoss(plan);
}
