import type { StackValidationPolicy } from "@pulumi/policy";
import { containerIn } from "./container.js";

export interface MaxContainersPerHostConfig {
  /** How many containers of the stack one host may run. */
  max: number;
}

const DEFAULT = 50;

/**
 * No host runs more than `max` of the stack's containers. The plan's own limit (`maxContainers` of a host) makes
 * placement look elsewhere; this one stops a program that took that limit out.
 */
export const maxContainersPerHost: StackValidationPolicy = {
  name: "clocker-max-containers-per-host",
  description: "No host runs more containers of the stack than the configured maximum.",
  enforcementLevel: "mandatory",
  configSchema: { properties: { max: { type: "integer", minimum: 1, default: DEFAULT } } },
  validateStack: (args, report) => {
    const max = args.getConfig<Partial<MaxContainersPerHostConfig>>()?.max ?? DEFAULT;
    const names = new Map<string, string[]>();
    for (const resource of args.resources) {
      const host = containerIn(resource)?.place.host;
      // Placed after hosts exist: there is nothing to count yet.
      if (typeof host === "string") names.set(host, [...(names.get(host) ?? []), resource.name]);
    }
    for (const [host, there] of names) {
      if (there.length <= max) continue;
      report(`host ${host} would run ${there.length} containers of this stack; ${max} are allowed`);
    }
  },
};
