import { Company } from "./affinity/company.js";
import type { Ask, Constraint } from "./constraints/index.js";
import type { Departure, Decision } from "./decisions.js";
import { applying, type HostClass } from "./host-classes.js";
import type { HostState } from "./host-state.js";
import { microCores } from "./host-state.js";
import { crowdedOut } from "./crowding.js";
import { evacuation, stuckOf, whatHolds } from "./evacuation.js";
import type { Assignment, Stuck } from "./model.js";
import type { Prepared } from "./prepare.js";
import type { World } from "./world.js";

/** What stays, and what leaves its host and why. */
export interface Keeping {
  /** By the position of the request. */
  readonly kept: (Decision | undefined)[];
  readonly departures: Map<string, Departure>;
  readonly stuck: Stuck[];
  /** Containers that were kept and cannot be, and why: to be left out of another try. */
  readonly out: ReadonlyMap<string, string>;
}

/**
 * Keeps every request on its host, in program order, as long as it meets every rule. `banned` are not kept. A host
 * that cannot be seen now keeps what is there if the program's own words allow it; what is left of its capacity is not
 * asked, since nothing known speaks against it.
 */
export function keepAll(prepared: Prepared, banned: ReadonlyMap<string, string>): Keeping {
  const { world, asks, classes } = prepared;
  const strays = observe(world);
  const company = companyOf(prepared, strays, banned);
  const keeper = new Keeper(world, asks.length, strays, company);
  asks.forEach((ask, i) => {
    const hostClass = classes[i];
    if (!hostClass || "error" in hostClass) return;
    const why = banned.get(ask.name);
    if (why === undefined) keeper.keep(ask, hostClass);
    else keeper.leave(ask, why);
  });
  const { kept, departures, stuck } = keeper;
  countLeaving(world, asks, kept);
  const lonely = company ? lonelyOf(prepared, kept, company) : undefined;
  return { kept, departures, stuck, out: lonely?.size ? lonely : crowdedOut(world, asks, kept) };
}

/** Where a container runs although no plan says so. */
export const FOUND = { reason: "its container already runs here", score: 0 };

const NOWHERE: readonly HostState[] = [];

/** Asks one container after the other whether it may stay. */
class Keeper {
  readonly kept: (Decision | undefined)[];
  readonly departures = new Map<string, Departure>();
  readonly stuck: Stuck[] = [];
  /** By the shape of asks: what a host that is seen and meets all that is declared is asked before one stays. */
  private readonly rulesToStay: (readonly Constraint[])[] = [];

  constructor(
    private readonly world: World,
    requests: number,
    private readonly strays: Strays,
    private readonly company: Company | undefined,
  ) {
    this.kept = new Array<Decision | undefined>(requests).fill(undefined);
  }

  /** The host it was given before, or one where its container was seen; else its departure is noted. */
  keep(ask: Ask, hostClass: HostClass): void {
    const { world } = this;
    const previous = previousOf(world, ask.name);
    const before = previous && world.byName.get(previous.host);
    if (before && !evacuation(world, before) && this.mayStay(hostClass, ask, before)) {
      this.stay(ask, before, previous, previous);
      return;
    }
    const seen = this.strays.get(ask.name) ?? NOWHERE;
    const home = before ?? seen[0];
    const leaving = home && evacuation(world, home);
    if (leaving) {
      const tie = whatHolds(ask, home, leaving);
      if (tie !== undefined) {
        this.stay(ask, home, previous, previous ?? FOUND);
        this.stuck.push(stuckOf(ask.name, home.name, leaving.cause, tie));
        return;
      }
    }
    const found = seen.find(
      (host) => !evacuation(world, host) && this.mayStay(hostClass, ask, host),
    );
    if (found) this.stay(ask, found, previous, FOUND);
    if (found && found === home) return;
    const from = previous?.host ?? home?.name;
    if (from === undefined) return;
    this.departures.set(ask.name, {
      from,
      ...(leaving ?? { cause: "rule", why: this.whyNot(hostClass, ask, home, from) }),
    });
  }

  /** It was to stay in an earlier try. */
  leave({ name }: Ask, reason: string): void {
    const from = previousOf(this.world, name)?.host ?? this.strays.get(name)?.[0]?.name;
    if (from === undefined) return;
    const why = this.world.byName.has(from) ? reason : goneFrom(from);
    this.departures.set(name, { from, cause: "rule", why });
  }

  private stay(
    ask: Ask,
    host: HostState,
    previous: Assignment | undefined,
    as: Pick<Assignment, "reason" | "score">,
  ): void {
    const wanted =
      ask.devices.length > 0
        ? (previous?.devices ?? host.candidate.own[ask.name]?.devices)
        : undefined;
    const devices = this.world.place(ask, host, false, wanted);
    const { reason, score } = as;
    this.kept[ask.index] =
      as === previous && previous.host === host.name && !devices && !previous.devices
        ? previous
        : { host: host.name, score, reason, ...(devices ? { devices } : {}) };
  }

  private mayStay(hostClass: HostClass, ask: Ask, host: HostState): boolean {
    return this.objection(hostClass, ask, host, this.company) === undefined;
  }

  /** The first rule that drives it away. */
  private objection(
    hostClass: HostClass,
    ask: Ask,
    host: HostState,
    company?: Company,
  ): Constraint | undefined {
    for (const rule of this.rulesFor(hostClass, ask, host)) {
      const accepts =
        company && rule.name === "affinity" ? company.mayStay(ask, host) : rule.accepts(ask, host);
      if (!accepts) return rule;
    }
    return undefined;
  }

  /** What is declared was asked for the whole class, but of hosts that take something new. */
  private rulesFor(hostClass: HostClass, ask: Ask, host: HostState): readonly Constraint[] {
    const unseen = host.notReady !== undefined || host.candidate.pending === true;
    if (unseen) {
      return toStay(hostClass.constraints, ask).filter((rule) => rule.declared);
    }
    if (!hostClass.declared.passes(host)) return toStay(hostClass.constraints, ask);
    return (this.rulesToStay[ask.shape] ??= toStay(hostClass.changing, ask));
  }

  private whyNot(
    hostClass: HostClass,
    ask: Ask,
    home: HostState | undefined,
    from: string,
  ): string {
    if (!home || home.name !== from) return goneFrom(from);
    const rule = this.objection(hostClass, ask, home);
    return rule ? `${from} ${rule.explainOne(ask, home)}` : lonelyOn(from);
  }
}

function goneFrom(host: string): string {
  return `${host} is no longer a host of the cloud`;
}

function lonelyOn(host: string): string {
  return `${host} has lost those it wants to be with`;
}

/** Those of the rules that can drive a container away from where it is. */
function toStay(constraints: readonly Constraint[], ask: Ask): Constraint[] {
  return applying(constraints, ask).filter(
    ({ name, onlyNew }) => name !== "ready" && onlyNew !== true,
  );
}

function previousOf({ input }: World, name: string): Assignment | undefined {
  const { assignments } = input.previous;
  return Object.hasOwn(assignments, name) ? assignments[name] : undefined;
}

/** Who is expected on each host; undefined when no rule asks for company. */
function companyOf(
  { world, asks, classes }: Prepared,
  strays: Strays,
  banned: ReadonlyMap<string, string>,
): Company | undefined {
  const { affinity } = world;
  if (!affinity?.asksForCompany) return undefined;
  const homes = asks.flatMap((ask, i): [Ask, HostState][] => {
    const hostClass = classes[i];
    if (!hostClass || "error" in hostClass || banned.has(ask.name)) return [];
    const previous = world.byName.get(previousOf(world, ask.name)?.host ?? "");
    const home = previous ?? strays.get(ask.name)?.[0];
    return home ? [[ask, home]] : [];
  });
  return new Company(affinity, homes);
}

/** Those they want to be with leave, and so must they. */
function lonelyOf(
  { world, asks }: Prepared,
  kept: Keeping["kept"],
  company: Company,
): Map<string, string> {
  return new Map(
    asks.flatMap((ask): [string, string][] => {
      const host = world.byName.get(kept[ask.index]?.host ?? "");
      return host && !company.isKept(ask, host) ? [[ask.name, lonelyOn(host.name)]] : [];
    }),
  );
}

/** By request, in the plan's order: hosts where its container was seen, but for the one that the previous plan gave it. */
type Strays = ReadonlyMap<string, readonly HostState[]>;

/**
 * Looks at what was seen on the hosts. A port or a device in use is not handed to another request within one up, even if its holder
 * gives it up in the same one: the old container goes at the end.
 */
function observe(world: World): Strays {
  const strays = new Map<string, HostState[]>();
  for (const host of world.hosts) {
    const { own } = host.candidate;
    for (const name of Object.keys(own)) {
      const seen = own[name];
      for (const held of [seen, seen?.older]) {
        if (held?.ports) host.ports.take(held.ports, name);
        if (held?.devices) host.devices?.reserve(held.devices, name);
      }
      if (previousOf(world, name)?.host === host.name) continue;
      const others = strays.get(name);
      if (others) others.push(host);
      else strays.set(name, [host]);
    }
  }
  return strays;
}

/** Containers that are seen where their request will not be: they go at the end, and until then hold their place. */
function countLeaving({ hosts }: World, asks: readonly Ask[], kept: Keeping["kept"]): void {
  const isObserved = hosts.some((host) => Object.keys(host.candidate.own).length > 0);
  if (!isObserved) return;
  const byName = new Map(asks.map((ask) => [ask.name, ask]));
  for (const host of hosts) {
    for (const name of Object.keys(host.candidate.own)) {
      const own = host.candidate.own[name];
      const ask = byName.get(name);
      if (!own || (ask && kept[ask.index]?.host === host.name)) continue;
      host.leave({
        name,
        microCpus: own.cpus === undefined ? (ask?.microCpus ?? 0) : microCores(own.cpus),
        memoryBytes: own.memoryBytes ?? ask?.memoryBytes ?? 0,
        ports: own.ports ?? ask?.ports ?? [],
      });
    }
  }
}
