import type { Ask } from "../constraints/constraint.js";
import { type HostState, microCores } from "../host-state.js";
import type { ResourceScoring } from "../model.js";
import { points } from "../words.js";
import { exponentialScore, linearScore, type Share } from "./scores.js";
import type { Strategy } from "./strategy.js";

/** The fullest host that still has room, or the emptiest one, by what is reserved. */
export function resourceStrategy(kind: "binpack" | "spread", spec: ResourceScoring): Strategy {
  const { scoring = "exponential", weights } = spec;
  const score = (ask: Ask, host: HostState): number => {
    const { cpu, memory } = shares(ask, host);
    return scoring === "exponential"
      ? exponentialScore(kind, cpu, memory)
      : linearScore(kind, cpu, memory, weights);
  };
  const most = scoring === "exponential" ? 18 : 100;
  const shown = (ask: Ask, host: HostState): string => points(score(ask, host));
  return {
    name: `${kind} ${JSON.stringify({ scoring, weights })}`,
    byType: false,
    // Every placement makes a host better for binpack. What exceeds a host scores 0 in `linear`, so that it is no order then.
    changes: kind === "spread" && scoring === "exponential" ? "rises" : "freely",
    margin: most / 100,
    key: (ask, host) => 0 - score(ask, host),
    score: (ask, host) => Math.round(score(ask, host) * 1000) / 1000,
    better: (ask, winner, next) =>
      `${kind}: ${shown(ask, winner)} of ${most} here, ${shown(ask, next)} on ${next.name}`,
    equal: (ask, winner, next) =>
      `${kind}: ${shown(ask, winner)} of ${most} here and on ${next.name}`,
  };
}

function shares(ask: Ask, host: HostState): { cpu: Share; memory: Share } {
  const { candidate } = host;
  const cpu = microCores(candidate.cpus) - microCores(candidate.headroom.cpus);
  const memory = candidate.memoryBytes - candidate.headroom.memoryBytes;
  return {
    cpu: { usable: cpu, taken: cpu - host.freeMicroCpus - host.leavingMicroCpus + ask.microCpus },
    memory: {
      usable: memory,
      taken: memory - host.freeBytes - host.leavingBytes + ask.memoryBytes,
    },
  };
}
