import { DEFAULTS } from "./check.js";
import type { DockerHostState, HostFacts } from "./inputs.js";

const NO_FACTS: HostFacts = {
  engineId: "",
  engineVersion: "",
  apiVersion: "",
  cpus: 0,
  memoryBytes: 0,
  arch: "",
  os: "",
  kernel: "",
  hostname: "",
  underlayAddress: "",
  underlayMtu: 1500,
};

/** Reads the state of any released version; what an older one did not have gets its default. */
export function upcast(state: Record<string, unknown>): DockerHostState {
  const raw = state as unknown as DockerHostState;
  return {
    ...raw,
    labels: raw.labels ?? DEFAULTS.labels,
    capacity: raw.capacity ?? DEFAULTS.capacity,
    headroom: raw.headroom ?? DEFAULTS.headroom,
    prepare: { ...DEFAULTS.prepare, ...raw.prepare },
    facts: { ...NO_FACTS, ...raw.facts },
  };
}
