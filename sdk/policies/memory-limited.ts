import { containerPolicy } from "./container.js";

export interface MemoryLimitedConfig {
  /** The largest limit a container may have, MiB. */
  maximumMiB: number;
}

const MIB = 2 ** 20;

/** Every container has a memory limit, and with `maximumMiB` none above it: one leak must not take a host down. */
export const memoryLimited = containerPolicy<MemoryLimitedConfig>(
  {
    name: "clocker-memory-limited",
    description: "Containers have a memory limit, none above the configured maximum.",
    enforcementLevel: "mandatory",
    configSchema: { properties: { maximumMiB: { type: "number", minimum: 6 } } },
  },
  ({ memoryBytes }, { maximumMiB }) => {
    if (typeof memoryBytes !== "number" || memoryBytes <= 0) {
      return ["has no memory limit; give it memory, or its cloud containers.memory"];
    }
    if (maximumMiB !== undefined && memoryBytes > maximumMiB * MIB) {
      return [
        `may use ${Math.ceil(memoryBytes / MIB)} MiB of memory; ${maximumMiB} MiB are allowed`,
      ];
    }
    return [];
  },
);
