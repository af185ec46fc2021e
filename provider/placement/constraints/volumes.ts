import type { HostState } from "../host-state.js";
import { hostsThat, listing } from "../words.js";
import type { Ask, Constraint } from "./constraint.js";

/** Where each named volume is, or will be when what was placed already has been made. */
export class VolumeMap {
  private readonly holders = new Map<string, Set<HostState>>();

  constructor(hosts: readonly HostState[]) {
    for (const host of hosts) for (const volume of host.volumes) this.add(volume, host);
  }

  add(volume: string, host: HostState): void {
    const holders = this.holders.get(volume);
    if (holders) holders.add(host);
    else this.holders.set(volume, new Set([host]));
    host.volumes.add(volume);
  }

  /** Hosts that hold the volume; undefined when it is nowhere yet. */
  holdersOf(volume: string): ReadonlySet<HostState> | undefined {
    return this.holders.get(volume);
  }
}

/** A container follows its volume: once a volume is somewhere, only that host will do. */
export function volumesConstraint(volumes: VolumeMap): Constraint {
  const missing = (ask: Ask, host: HostState): { volume: string; on: string } | undefined => {
    for (const volume of ask.request.volumes) {
      const holders = volumes.holdersOf(volume);
      if (holders && !holders.has(host)) {
        const names = [...holders].sort((a, b) => a.rank - b.rank).map(({ name }) => name);
        return { volume, on: listing(names) };
      }
    }
    return undefined;
  };
  return {
    name: "volumes",
    declared: false,
    applies: (ask) => ask.request.volumes.length > 0,
    accepts: (ask, host) => missing(ask, host) === undefined,
    explain: (ask, hosts) => {
      const wanted = [
        ...new Set(
          hosts.map((host) => {
            const { volume, on } = missing(ask, host) ?? { volume: "", on: "" };
            return `${volume}, which is on ${on}`;
          }),
        ),
      ];
      return `${hostsThat(hosts.length, "does", "do")} not hold volume ${listing(wanted)}`;
    },
    explainOne: (ask, host) => {
      const { volume, on } = missing(ask, host) ?? { volume: "", on: "" };
      return `does not hold volume ${volume}, which is on ${on}`;
    },
  };
}
