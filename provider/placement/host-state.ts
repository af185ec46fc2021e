import type { Candidate, HostPort } from "./model.js";
import { PortTable } from "./port-table.js";

/** Cores as whole millionths: sums of 0.1 must not drift past a limit of 0.3. */
export function microCores(cpus: number): number {
  return Math.round(cpus * 1e6);
}

/** What a request takes from a host. */
export interface Claim {
  name: string;
  microCpus: number;
  memoryBytes: number;
  ports: readonly HostPort[];
  /** Interned (application, type). */
  typeId: number;
  /** It wants no more than so many containers on its host; Infinity when it does not mind. */
  maxContainers: number;
}

/**
 * A host while a plan is made. Claims are only ever added, so what a host once had no room for it never has room
 * for again: the pickers rely on that.
 */
export class HostState {
  readonly name: string;
  /** All containers there, foreign ones too. */
  containers = 0;
  /** Containers of ours, which maxContainers limits. */
  counted = 0;
  /** Containers of this plan. */
  planned = 0;
  /** The host's own limit of containers, or the lowest that a container there asks for. */
  maxContainers: number;
  freeMicroCpus: number;
  freeBytes: number;
  readonly ports = new PortTable();
  /** Containers of this plan by type. */
  readonly replicas = new Map<number, number>();
  readonly volumes: Set<string>;

  constructor(
    readonly candidate: Candidate,
    /** Position in the plan's order of hosts. */
    readonly rank: number,
  ) {
    this.name = candidate.name;
    this.maxContainers = candidate.maxContainers ?? Infinity;
    this.freeMicroCpus = microCores(candidate.cpus) - microCores(candidate.headroom.cpus);
    this.freeBytes = candidate.memoryBytes - candidate.headroom.memoryBytes;
    this.volumes = new Set(candidate.volumes);
    for (const other of candidate.others) {
      this.containers++;
      if (other.owner !== "") this.counted++;
      this.freeMicroCpus -= microCores(other.cpus);
      this.freeBytes -= other.memoryBytes;
      this.ports.take(other.ports, other.owner === "" ? other.name : other.owner);
    }
  }

  /** Counts a container of this plan. */
  place(claim: Claim): void {
    this.occupy(claim);
    this.planned++;
    this.maxContainers = Math.min(this.maxContainers, claim.maxContainers);
    this.replicas.set(claim.typeId, this.replicasOf(claim.typeId) + 1);
  }

  /** Counts a container that is about to leave: it still holds what it holds while this plan is carried out. */
  occupy(claim: Claim): void {
    this.containers++;
    this.counted++;
    this.freeMicroCpus -= claim.microCpus;
    this.freeBytes -= claim.memoryBytes;
    if (claim.ports.length > 0) this.ports.take(claim.ports, claim.name);
  }

  replicasOf(typeId: number): number {
    return this.replicas.get(typeId) ?? 0;
  }
}
