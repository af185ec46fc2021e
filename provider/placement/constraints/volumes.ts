import type { HostState } from "../host-state.js";
import type { PlanInput } from "../model.js";
import { hostsThat, listing } from "../words.js";
import type { Ask, Constraint } from "./constraint.js";

/** Data on a host that cannot be seen. */
export interface OutOfSight {
  /** `volume data`, `folder /srv/data`. */
  readonly data: string;
  readonly on: string;
  /** `cannot be reached`, `is no longer a host of the cloud`. */
  readonly why: string;
  /** How to go on without that host. */
  readonly way: string;
}

export const GONE = "is no longer a host of the cloud";

/**
 * Where each named volume is, or will be when what was placed already has been made. A host that cannot be seen, and
 * one that the program does not have any more, still holds the volumes of what was given to it: an empty volume
 * elsewhere would not be what the container left.
 */
export class VolumeMap {
  private readonly holders = new Map<string, Set<HostState>>();
  /** Volume -> the host that was taken out of the program with it. */
  private readonly gone = new Map<string, string>();

  constructor(
    hosts: readonly HostState[],
    byName: ReadonlyMap<string, HostState>,
    { requests, previous }: Pick<PlanInput, "requests" | "previous">,
  ) {
    for (const host of hosts) for (const volume of host.volumes) this.add(volume, host);
    const { assignments, volumes: mounted = {} } = previous;
    for (const { name, volumes } of requests) {
      if (volumes.length === 0 || !Object.hasOwn(assignments, name)) continue;
      const on = assignments[name]?.host ?? "";
      const before = Object.hasOwn(mounted, name) ? mounted[name] : undefined;
      const left = before ? volumes.filter((volume) => before.includes(volume)) : volumes;
      for (const volume of left) this.addUnseen(volume, on, byName.get(on));
    }
  }

  private addUnseen(volume: string, on: string, host: HostState | undefined): void {
    if (!host) this.gone.set(volume, on);
    else if (isUnseen(host)) this.add(volume, host);
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

  /** The names of the hosts without which there is no such volume; undefined when this host will do. */
  whereElse(volume: string, host: HostState): string | undefined {
    const holders = this.holders.get(volume);
    if (!holders) return this.gone.get(volume);
    if (holders.has(host)) return undefined;
    return listing([...holders].sort((a, b) => a.rank - b.rank).map(({ name }) => name));
  }

  /** The first of these volumes that nobody can see now. */
  outOfSight(volumes: readonly string[]): OutOfSight | undefined {
    const way = "bring the volume to another host first";
    for (const volume of volumes) {
      const holders = [...(this.holders.get(volume) ?? [])];
      const [first] = holders;
      const gone = this.gone.get(volume);
      if (!first && gone !== undefined)
        return { data: `volume ${volume}`, on: gone, why: GONE, way };
      if (first?.notReady !== undefined && holders.every((host) => host.notReady !== undefined))
        return { data: `volume ${volume}`, on: first.name, why: first.notReady, way };
    }
    return undefined;
  }
}

function isUnseen({ notReady, candidate: { pending, volumesUnknown } }: HostState): boolean {
  return notReady !== undefined || pending === true || volumesUnknown === true;
}

/** A container follows its volume: once a volume is somewhere, only that host will do. */
export function volumesConstraint(volumes: VolumeMap): Constraint {
  const missing = (ask: Ask, host: HostState): { volume: string; on: string } | undefined => {
    for (const volume of ask.request.volumes) {
      const on = volumes.whereElse(volume, host);
      if (on !== undefined) return { volume, on };
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
