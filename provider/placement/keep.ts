import { Company } from "./affinity/company.js";
import type { Ask, Constraint } from "./constraints/index.js";
import type { Departure, Decision } from "./decisions.js";
import type { HostClass } from "./host-classes.js";
import type { HostState } from "./host-state.js";
import { microCores } from "./host-state.js";
import { evacuation, stuckOf, whatHolds } from "./evacuation.js";
import type { Assignment, Stuck } from "./model.js";
import type { Prepared } from "./prepare.js";
import type { World } from "./world.js";

/** What stays, and what leaves its host and why. */
export interface Keeping {
  readonly kept: Map<string, Decision>;
  readonly departures: Map<string, Departure>;
  readonly stuck: Stuck[];
  /** Containers that were kept but have lost the company that a rule wants: to be left out of another try. */
  readonly lonely: readonly string[];
}

/**
 * Keeps every request on its host, in program order, as long as it meets every rule. `banned` are not kept. A host
 * that cannot be seen now keeps what is there if the program's own words allow it; what is left of its capacity is not
 * asked, since nothing known speaks against it.
 */
export function keepAll(prepared: Prepared, banned: ReadonlySet<string>): Keeping {
  const { world, asks, classes } = prepared;
  const keeping = { kept: new Map(), departures: new Map(), stuck: [], lonely: [] } as Keeping;
  const observed = observedHosts(world.hosts);
  holdObservedPorts(world.hosts);
  const company = companyOf(prepared, observed, banned);
  asks.forEach((ask, i) => {
    const hostClass = classes[i];
    if (!hostClass || "error" in hostClass || banned.has(ask.name)) return;
    const previous = previousOf(world, ask.name);
    const seen = observed.get(ask.name) ?? NOWHERE;
    if (!previous && seen.length === 0) return;
    keepOne({ world, ask, hostClass, previous, seen, company, keeping });
  });
  countLeaving(world, asks, keeping.kept);
  const lonely = asks.flatMap((ask) => {
    const host = world.byName.get(keeping.kept.get(ask.name)?.host ?? "");
    return host && company && !company.isKept(ask, host) ? [ask.name] : [];
  });
  return { ...keeping, lonely };
}

const NOWHERE: readonly HostState[] = [];

interface Case {
  world: World;
  ask: Ask;
  hostClass: HostClass;
  previous: Assignment | undefined;
  seen: readonly HostState[];
  company: Company | undefined;
  keeping: Keeping;
}

/** The host it was given before, or one where its container was seen; else its departure is noted. */
function keepOne(one: Case): void {
  const { world, ask, hostClass, previous, seen, company, keeping } = one;
  const before = previous && world.byName.get(previous.host);
  const home = before ?? seen[0];
  const leaving = home && evacuation(world, home);
  if (leaving) {
    const tie = whatHolds(ask, home, leaving);
    if (tie !== undefined) {
      stay(one, home, previous ?? FOUND);
      keeping.stuck.push(stuckOf(ask.name, home.name, leaving.cause, tie));
      return;
    }
  } else if (before && mayStay(hostClass, ask, before, company)) {
    stay(one, before, previous);
    return;
  }
  const found = seen.find(
    (host) => host !== before && !evacuation(world, host) && mayStay(hostClass, ask, host, company),
  );
  if (found) stay(one, found, FOUND);
  if (found && found === home) return;
  const from = previous?.host ?? home?.name;
  if (from === undefined) return;
  keeping.departures.set(ask.name, {
    from,
    ...(leaving ?? { cause: "rule", why: whyNot(hostClass, ask, home, from) }),
  });
}

function stay(
  { world, ask, previous, keeping }: Case,
  host: HostState,
  { reason, score }: Pick<Assignment, "reason" | "score">,
): void {
  const wanted = previous?.devices ?? host.candidate.own[ask.name]?.devices;
  const devices = world.place(ask, host, false, wanted);
  const decision: Decision = { host: host.name, score, reason, kept: true };
  if (devices) decision.devices = devices;
  keeping.kept.set(ask.name, decision);
}

/** Where a container runs although no plan says so. */
export const FOUND = { reason: "its container already runs here", score: 0 };

function mayStay(
  hostClass: HostClass,
  ask: Ask,
  host: HostState,
  company: Company | undefined,
): boolean {
  return objectionToStay(hostClass, ask, host, company) === undefined;
}

function objectionToStay(
  { constraints, changing, isPossible }: HostClass,
  ask: Ask,
  host: HostState,
  company?: Company,
): Constraint | undefined {
  const unseen = host.notReady !== undefined || host.candidate.pending === true;
  // What is declared was asked for the whole class, but of hosts that take something new.
  for (const constraint of isPossible[host.rank] === 1 && !unseen ? changing : constraints) {
    if (constraint.name === "ready" || constraint.onlyNew === true) continue;
    if ((unseen && !constraint.declared) || !constraint.applies(ask)) continue;
    if (company && constraint.name === "affinity") {
      if (!company.mayStay(ask, host)) return constraint;
    } else if (!constraint.accepts(ask, host)) return constraint;
  }
  return undefined;
}

function whyNot(hostClass: HostClass, ask: Ask, home: HostState | undefined, from: string): string {
  if (!home || home.name !== from) return `${from} is no longer a host of the cloud`;
  const rule = objectionToStay(hostClass, ask, home);
  return rule
    ? `${from} ${rule.explainOne(ask, home)}`
    : `${from} has lost those it wants to be with`;
}

function previousOf({ input }: World, name: string): Assignment | undefined {
  const { assignments } = input.previous;
  return Object.hasOwn(assignments, name) ? assignments[name] : undefined;
}

/** Who is expected on each host; undefined when no rule asks for company. */
function companyOf(
  { world, asks, classes }: Prepared,
  observed: ReadonlyMap<string, readonly HostState[]>,
  banned: ReadonlySet<string>,
): Company | undefined {
  const { affinity } = world;
  if (!affinity) return undefined;
  const homes = asks.flatMap((ask, i): [Ask, HostState][] => {
    const hostClass = classes[i];
    if (!hostClass || "error" in hostClass || banned.has(ask.name)) return [];
    const previous = world.byName.get(previousOf(world, ask.name)?.host ?? "");
    const home = previous ?? observed.get(ask.name)?.[0];
    return home ? [[ask, home]] : [];
  });
  return new Company(affinity, homes);
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
  { hosts }: World,
  asks: readonly Ask[],
  kept: ReadonlyMap<string, Decision>,
): void {
  let byName: Map<string, Ask> | undefined;
  for (const host of hosts) {
    for (const [name, own] of Object.entries(host.candidate.own)) {
      if (kept.get(name)?.host === host.name) continue;
      byName ??= new Map(asks.map((ask) => [ask.name, ask]));
      const ask = byName.get(name);
      host.occupy({
        name,
        microCpus: own.cpus === undefined ? (ask?.microCpus ?? 0) : microCores(own.cpus),
        memoryBytes: own.memoryBytes ?? ask?.memoryBytes ?? 0,
        ports: own.ports ?? ask?.ports ?? [],
      });
      if (own.devices) host.devices?.hold(own.devices);
    }
  }
}
