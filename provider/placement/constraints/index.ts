import type { ConstraintSpec } from "../model.js";
import type { Constraint } from "./constraint.js";
import { cpuConstraint } from "./cpu.js";
import { hostnameConstraint } from "./hostname.js";
import { parseLabelExpression } from "./label-expression.js";
import { labelConstraint } from "./label.js";
import { maxContainersConstraint } from "./max-containers.js";
import { memoryConstraint } from "./memory.js";
import { pinnedHostConstraint } from "./pinned-host.js";
import { portsConstraint } from "./ports.js";
import { readyConstraint } from "./ready.js";
import { type VolumeMap, volumesConstraint } from "./volumes.js";

export type { Ask, Constraint } from "./constraint.js";
export { VolumeMap } from "./volumes.js";

/**
 * The rules for a request, in the order in which a host is asked: what the program says of it first (so that a
 * refusal names the user's own wish rather than a circumstance), then whether it is ready, then what is left there.
 * The tightest of several limits of containers counts. An expression that does not parse gives its error.
 */
export function buildConstraints(
  specs: readonly ConstraintSpec[],
  volumes: VolumeMap,
): { constraints: Constraint[] } | { error: string } {
  const pinned: Constraint[] = [];
  const hostnames: Constraint[] = [];
  const labels: Constraint[] = [];
  let max: number | undefined;
  for (const spec of specs) {
    switch (spec.kind) {
      case "host":
        pinned.push(pinnedHostConstraint(spec.host));
        break;
      case "hostname":
        hostnames.push(hostnameConstraint(spec.pattern));
        break;
      case "label": {
        const parsed = parseLabelExpression(spec.expression);
        if (!parsed.ok) return { error: parsed.error };
        labels.push(labelConstraint(parsed.expression));
        break;
      }
      case "maxContainers":
        max = Math.min(max ?? Infinity, spec.max);
        break;
    }
  }
  return {
    constraints: [
      ...pinned,
      ...hostnames,
      ...labels,
      readyConstraint,
      volumesConstraint(volumes),
      maxContainersConstraint(max),
      cpuConstraint,
      memoryConstraint,
      portsConstraint,
    ],
  };
}
