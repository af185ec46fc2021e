import { type DeviceAsk, DevicePool } from "./device-pool.js";
import type { Candidate, HostPort } from "./model.js";
import { PortTable } from "./port-table.js";

/** Cores as whole millionths: sums of 0.1 must not drift past a limit of 0.3. */
export function microCores(cpus: number): number {
  return Math.round(cpus * 1e6);
}

/** What a request takes from a host. */
export interface Claim {
  readonly name: string;
  readonly microCpus: number;
  readonly memoryBytes: number;
  readonly ports: readonly HostPort[];
  /** Interned (application, type). */
  readonly typeId: number;
  /** Interned circles in which containers count together: its type, and where rules need them application and group. */
  readonly scopes: readonly number[];
  /** It wants no more than so many containers on its host; Infinity when it does not mind. */
  readonly maxContainers: number;
  readonly devices: readonly DeviceAsk[];
  readonly diskBytes: number;
}

/** What a container holds while this plan is carried out. */
export type Held = Pick<Claim, "name" | "microCpus" | "memoryBytes" | "ports">;

/** What a container without a reservation is taken to use, so that a burst of them does not go to one host. */
export const ASSUMED = { microCpus: 100_000, memoryBytes: 200 * 1024 ** 2 };

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
  /** Undefined: not known. */
  freeDisk: number | undefined;
  /** What was newly placed in this plan will use, by reservation or as assumed. */
  addedMicroCpus = 0;
  addedBytes = 0;
  /** What is still taken, but by containers that a rebalance moves away: it does not count for scores. */
  leavingMicroCpus = 0;
  leavingBytes = 0;
  readonly ports = new PortTable();
  readonly devices: DevicePool | undefined;
  /** Containers by scope (see `Claim.scopes`). */
  readonly replicas = new Map<number, number>();
  readonly volumes: Set<string>;
  /** Groups that keep the rest of their application away, by application; see the `group` constraint. */
  groups: Map<number, number> | undefined;
  /** Containers that leave, by request. */
  private leaving: Map<string, Held> | undefined;
  /** The group that wants nothing else here. */
  exclusive: number | undefined;

  constructor(
    readonly candidate: Candidate,
    /** Position in the plan's order of hosts. */
    readonly rank: number,
  ) {
    this.name = candidate.name;
    this.maxContainers = candidate.maxContainers ?? Infinity;
    this.freeMicroCpus = microCores(candidate.cpus) - microCores(candidate.headroom.cpus);
    this.freeBytes = candidate.memoryBytes - candidate.headroom.memoryBytes;
    this.freeDisk = candidate.disk?.freeBytes;
    this.volumes = new Set(candidate.volumes);
    if (candidate.devices) this.devices = new DevicePool(candidate.devices);
    for (const range of candidate.takenPorts ?? []) this.ports.takeRange(range);
    for (const other of candidate.others) {
      this.containers++;
      if (other.owner !== "") this.counted++;
      this.freeMicroCpus -= microCores(other.cpus);
      this.freeBytes -= other.memoryBytes;
      this.ports.take(other.ports, other.owner === "" ? other.name : other.owner);
      if (other.devices) this.devices?.hold(other.devices);
    }
  }

  /** Why nothing new can be placed here now; undefined when it can. */
  get notReady(): string | undefined {
    return this.candidate.notReady ?? (this.candidate.lost === true ? "is lost" : undefined);
  }

  /** Counts a container of this plan and gives it its devices, of `wanted` as many as are free. */
  place(claim: Claim, wanted?: readonly string[]): string[] | undefined {
    this.occupy(claim);
    this.planned++;
    this.maxContainers = Math.min(this.maxContainers, claim.maxContainers);
    for (const scope of claim.scopes) this.replicas.set(scope, this.replicasOf(scope) + 1);
    if (claim.devices.length === 0) return undefined;
    const devices = this.devices?.choose(claim.devices, claim.name, wanted) ?? [];
    this.devices?.hold(devices);
    return devices;
  }

  /** What a container that is new here will use beside its reservation. */
  use(claim: Claim): void {
    this.addedMicroCpus += claim.microCpus || ASSUMED.microCpus;
    this.addedBytes += claim.memoryBytes || ASSUMED.memoryBytes;
    if (this.freeDisk !== undefined) this.freeDisk -= claim.diskBytes;
  }

  /** Counts a container that is about to leave: it still holds what it holds while this plan is carried out. */
  leave(claim: Held): void {
    this.occupy(claim);
    (this.leaving ??= new Map()).set(claim.name, claim);
  }

  /** One that was to leave does not count any more, as it may stay; what it holds. Undefined: nothing was seen of it. */
  release(name: string): Held | undefined {
    const held = this.leaving?.get(name);
    if (!held) return undefined;
    this.leaving?.delete(name);
    this.containers--;
    this.counted--;
    this.freeMicroCpus += held.microCpus;
    this.freeBytes += held.memoryBytes;
    return held;
  }

  private occupy(claim: Held): void {
    this.containers++;
    this.counted++;
    this.freeMicroCpus -= claim.microCpus;
    this.freeBytes -= claim.memoryBytes;
    if (claim.ports.length > 0) this.ports.take(claim.ports, claim.name);
  }

  /** It leaves for another host: it no longer counts for the balance, and holds its capacity until it is gone. */
  depart(claim: Claim): void {
    this.weigh(claim, -1);
  }

  /** Undoes a departure. */
  stay(claim: Claim): void {
    this.weigh(claim, 1);
  }

  private weigh(claim: Claim, change: 1 | -1): void {
    this.containers += change;
    this.planned += change;
    this.leavingMicroCpus -= change * claim.microCpus;
    this.leavingBytes -= change * claim.memoryBytes;
    this.addedMicroCpus += change * (claim.microCpus || ASSUMED.microCpus);
    this.addedBytes += change * (claim.memoryBytes || ASSUMED.memoryBytes);
    for (const scope of claim.scopes) this.replicas.set(scope, this.replicasOf(scope) + change);
  }

  replicasOf(scope: number): number {
    return this.replicas.get(scope) ?? 0;
  }

  /** Share of all cores that is or will be in use; undefined when that is not known. */
  cpuUse(maxAgeSeconds: number): number | undefined {
    const { usage, cpus } = this.candidate;
    if (usage?.cpu === undefined || usage.ageSeconds > maxAgeSeconds) return undefined;
    return usage.cpu + (cpus > 0 ? this.addedMicroCpus / 1e6 / cpus : 0);
  }

  memoryUse(maxAgeSeconds: number): number | undefined {
    const { usage, memoryBytes } = this.candidate;
    if (usage?.memory === undefined || usage.ageSeconds > maxAgeSeconds) return undefined;
    return usage.memory + (memoryBytes > 0 ? this.addedBytes / memoryBytes : 0);
  }
}
