import { Affinity } from "./affinity/affinity.js";
import { applicationScope, groupScope, typeScope } from "./asks.js";
import type { Ask } from "./constraints/constraint.js";
import { VolumeMap } from "./constraints/volumes.js";
import { HostState } from "./host-state.js";
import { Interner } from "./interner.js";
import { Layers } from "./layers.js";
import type { PlacementRequest, PlanInput } from "./model.js";
import { sortedByName } from "./order.js";
import { ScopeRules } from "./scope-rules.js";
import { Tallies } from "./tally.js";

/** Everything that changes while a plan is made. */
export class World {
  /** In the plan's order. */
  readonly hosts: readonly HostState[];
  readonly byName: ReadonlyMap<string, HostState>;
  readonly volumes: VolumeMap;
  readonly tallies: Tallies;
  readonly scopes = new Interner();
  readonly rules: ScopeRules;
  readonly layers: Layers;
  /** Undefined: no rule of affinity anywhere. */
  readonly affinity: Affinity | undefined;
  /** Where the first container of each group lies, if groups matter. */
  readonly homes = new Map<number, HostState>();
  /** Hosts in the order in which something was placed there: what pickers look at to stay up to date. */
  readonly journal: HostState[] = [];

  /** `shapes` has one request of each shape. */
  constructor(
    readonly input: PlanInput,
    shapes: readonly PlacementRequest[],
  ) {
    this.hosts = sortedByName(input.candidates).map((each, rank) => new HostState(each, rank));
    this.byName = new Map(this.hosts.map((host) => [host.name, host]));
    this.volumes = new VolumeMap(this.hosts, this.byName, input);
    this.tallies = new Tallies(this.hosts);
    this.rules = new ScopeRules(input, shapes);
    this.layers = new Layers(input);
    if (this.rules.hasAffinity) {
      this.affinity = new Affinity(this.hosts, input.functions);
      this.affinity.byName = this.rules.byName;
    }
    for (const host of this.hosts) this.countOthers(host);
  }

  /** Containers of other plans count with those of this one where their application and type are known. */
  private countOthers(host: HostState): void {
    for (const { owner, application, type, group } of host.candidate.others) {
      if (owner === "" || application === "" || type === undefined) continue;
      const scopes = [
        ...(this.rules.byType ? [typeScope(this.scopes, application, type)] : []),
        ...(this.rules.byApplication ? [applicationScope(this.scopes, application)] : []),
      ];
      if (this.rules.byGroup) {
        const groupId = groupScope(this.scopes, application, group ?? type);
        scopes.push(groupId);
        if (!this.homes.has(groupId)) this.homes.set(groupId, host);
      }
      for (const scope of scopes) host.replicas.set(scope, host.replicasOf(scope) + 1);
    }
  }

  /** Puts a container on a host. `fresh`: it was not there before. Gives the ids of its devices. */
  place(
    ask: Ask,
    host: HostState,
    fresh: boolean,
    wanted?: readonly string[],
  ): string[] | undefined {
    const devices = host.place(ask, wanted);
    if (fresh) host.use(ask);
    for (const volume of ask.request.volumes) this.volumes.add(volume, host);
    this.tallies.add(ask.scopes, host, 1);
    this.affinity?.place(ask, host);
    if (this.rules.byGroup) this.placeGroup(ask, host);
    this.journal.push(host);
    return devices;
  }

  private placeGroup(ask: Ask, host: HostState): void {
    if (!this.homes.has(ask.groupId)) this.homes.set(ask.groupId, host);
    const specs = [
      ...this.layers.of(ask.request.application).constraints,
      ...ask.request.constraints,
    ];
    for (const spec of specs) {
      if (spec.kind !== "group") continue;
      (host.groups ??= new Map()).set(ask.applicationId, ask.groupId);
      if (spec.exclusive === true) host.exclusive = ask.groupId;
    }
  }

  /** It will leave the host: it no longer counts for the balance, but holds its capacity until it is gone. */
  depart(ask: Ask, host: HostState): void {
    host.depart(ask);
    this.tallies.add(ask.scopes, host, -1);
  }

  /** Undoes a departure. */
  stay(ask: Ask, host: HostState): void {
    host.stay(ask);
    this.tallies.add(ask.scopes, host, 1);
  }
}
