import { claimKey, Interner, toAsk } from "./asks.js";
import { type Ask, VolumeMap } from "./constraints/index.js";
import { applying, type HostClass, HostClasses } from "./host-classes.js";
import { HostState, microCores } from "./host-state.js";
import type { PlanInput, Refusal } from "./model.js";
import { compareNames } from "./order.js";
import { HeapPicker } from "./pickers/heap.js";
import type { Accepts, Picker } from "./pickers/picker.js";
import { RingPicker } from "./pickers/ring.js";
import { ScanPicker } from "./pickers/scan.js";
import { judge } from "./reason.js";
import { refuse } from "./refuse.js";
import { keepHost } from "./sticky.js";
import { composeStrategies, type Ordering } from "./strategies/index.js";
import { Uncertainty } from "./uncertainty.js";

/** Where one request goes. */
export interface Decision {
  host: string;
  score: number;
  reason: string;
  /** It was there before. */
  kept: boolean;
}

export interface Decisions {
  placed: Map<string, Decision>;
  pending: string[];
  refusals: Refusal[];
  /** Hosts on which requests that are still pending may come to lie. */
  uncertain: ReadonlySet<string>;
}

/** Chooses how hosts are looked through. The tests pass one that always scans. */
export type MakePicker = (
  hosts: readonly HostState[],
  ordering: Ordering,
  accepts: Accepts,
  ask: Ask,
  equals: number,
) => Picker;

/** A heap or a ring for requests that have equals, else a scan: both cost a look at every host once. */
export const fastPicker: MakePicker = (hosts, ordering, accepts, ask, equals) => {
  if (equals > 1 && ordering.last.kind === "name") {
    return new HeapPicker(hosts, ordering, accepts, ask);
  }
  if (equals > 1 && ordering.last.kind === "random" && ordering.strategies.length === 0) {
    return new RingPicker(hosts, ordering.last.seed, accepts);
  }
  return new ScanPicker(hosts, ordering, accepts);
};

/** Every host as a plan sees it at first, in the plan's order. */
export function hostStates(input: Pick<PlanInput, "candidates">): HostState[] {
  return input.candidates
    .map((candidate) => candidate)
    .sort((a, b) => compareNames(a.name, b.name))
    .map((candidate, rank) => new HostState(candidate, rank));
}

interface Group {
  hostClass: HostClass;
  ordering: Ordering;
  picker?: Picker;
  /** Requests still to come; at 0 the picker is dropped, so that memory follows what is in use. */
  left: number;
}

/** Places all requests: what is placed stays if it may, then the others in program order. */
export function placeAll(input: PlanInput, makePicker: MakePicker = fastPicker): Decisions {
  const hosts = hostStates(input);
  const volumes = new VolumeMap(hosts);
  const classes = new HostClasses(hosts, input.constraints, volumes);
  const types = new Interner();
  const asks = input.requests.map((request) => toAsk(request, types));
  const unknown = new Set(input.undecided?.requests);
  const decisions: Decisions = {
    placed: new Map(),
    pending: [],
    refusals: [],
    uncertain: new Set(),
  };

  const byName = new Map(hosts.map((host) => [host.name, host]));
  const observed = observedHosts(hosts);
  holdObservedPorts(hosts);
  for (const ask of asks) {
    const hostClass = classes.of(ask);
    if ("error" in hostClass || unknown.has(ask.name)) continue;
    const previous = input.previous.assignments[ask.name];
    const kept = keepHost(hostClass, ask, previous, byName, observed.get(ask.name) ?? []);
    if (!kept) continue;
    kept.host.place(ask);
    for (const volume of ask.request.volumes) volumes.add(volume, kept.host);
    decisions.placed.set(ask.name, {
      host: kept.host.name,
      score: kept.score,
      reason: kept.reason,
      kept: true,
    });
  }
  countLeaving(hosts, asks, decisions.placed);

  const uncertainty = new Uncertainty(hosts);
  if (input.undecided?.earlier === true) uncertainty.spread(hosts);
  const orderings = new Interner();
  const groups = new Map<string, Group>();
  const groupOf = new Map<Ask, Group>();
  for (const ask of asks) {
    if (decisions.placed.has(ask.name) || unknown.has(ask.name)) continue;
    const hostClass = classes.of(ask);
    if ("error" in hostClass) continue;
    const ordering = composeStrategies(
      [...input.strategies, ...ask.request.strategies],
      input.seed,
    );
    const type = ordering.byType ? ask.typeId : "";
    const key = `${hostClass.id} ${orderings.id(ordering.id)} ${type} ${claimKey(ask)}`;
    const group = groups.get(key) ?? { hostClass, ordering, left: 0 };
    group.left++;
    groups.set(key, group);
    groupOf.set(ask, group);
  }

  for (const ask of asks) {
    if (decisions.placed.has(ask.name)) continue;
    if (unknown.has(ask.name)) {
      decisions.pending.push(ask.name);
      uncertainty.spread(hosts);
      continue;
    }
    const group = groupOf.get(ask);
    if (!group) {
      decisions.refusals.push(unreadable(ask, classes));
      continue;
    }
    const { hostClass, ordering } = group;
    const changing = applying(hostClass.changing, ask);
    const accepts: Accepts = (wanted, host) => {
      for (const constraint of changing) if (!constraint.accepts(wanted, host)) return false;
      return true;
    };
    if (uncertainty.isOpen(hostClass, ordering, ask, accepts)) {
      decisions.pending.push(ask.name);
      continue;
    }
    group.picker ??= makePicker(hostClass.eligible, ordering, accepts, ask, group.left);
    const pick = group.picker.pick(ask);
    if (--group.left === 0) delete group.picker;
    if (!pick) {
      decisions.refusals.push(refuse(hostClass.constraints, ask, hosts));
      continue;
    }
    const context = { volumes, hosts: hostClass.eligible.length };
    const { reason, score } = judge(ordering, ask, pick, context);
    pick.winner.place(ask);
    for (const volume of ask.request.volumes) volumes.add(volume, pick.winner);
    decisions.placed.set(ask.name, { host: pick.winner.name, score, reason, kept: false });
  }
  decisions.uncertain = uncertainty.names();
  return decisions;
}

function unreadable(ask: Ask, classes: HostClasses): Refusal {
  const found = classes.of(ask);
  const why = "error" in found ? found.error : "its constraints cannot be read";
  return {
    name: ask.name,
    about: "request",
    sentence: `no host for ${ask.name}: ${why}`,
    hosts: [],
  };
}

/** Where containers of this plan's requests were seen, by request name, in the plan's order. */
function observedHosts(hosts: readonly HostState[]): Map<string, HostState[]> {
  const observed = new Map<string, HostState[]>();
  for (const host of hosts) {
    for (const name of Object.keys(host.candidate.own)) {
      const others = observed.get(name);
      if (others) others.push(host);
      else observed.set(name, [host]);
    }
  }
  return observed;
}

/** A port in use is not handed to another request within one up, even if its holder gives it up in the same one. */
function holdObservedPorts(hosts: readonly HostState[]): void {
  for (const host of hosts) {
    for (const [name, own] of Object.entries(host.candidate.own)) {
      if (own.ports) host.ports.take(own.ports, name);
    }
  }
}

/** Containers that are seen where their request will not be: they go at the end, and until then hold their place. */
function countLeaving(
  hosts: readonly HostState[],
  asks: readonly Ask[],
  placed: ReadonlyMap<string, Decision>,
): void {
  const byName = new Map(asks.map((ask) => [ask.name, ask]));
  for (const host of hosts) {
    for (const [name, own] of Object.entries(host.candidate.own)) {
      if (placed.get(name)?.host === host.name) continue;
      const ask = byName.get(name);
      host.occupy({
        name,
        microCpus: own.cpus === undefined ? (ask?.microCpus ?? 0) : microCores(own.cpus),
        memoryBytes: own.memoryBytes ?? ask?.memoryBytes ?? 0,
        ports: own.ports ?? ask?.ports ?? [],
        typeId: ask?.typeId ?? -1,
        maxContainers: Infinity,
      });
    }
  }
}
