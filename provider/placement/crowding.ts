import { same } from "../canonical.js";
import type { Ask } from "./constraints/index.js";
import type { Decision } from "./decisions.js";
import { applying } from "./host-classes.js";
import { microCores, type HostState } from "./host-state.js";
import type { Prepared } from "./prepare.js";
import type { World } from "./world.js";

/** What a container that stays on its host claims there all the same, from among what it asks for. */
interface NewClaim {
  readonly cpus: boolean;
  readonly memory: boolean;
  /** One of the host's places: it is not there, though a plan said so, or has to go before it is made again. A successor has its place. */
  readonly place: boolean;
}

/**
 * A container that is made again claims all of its capacity, one that grows claims what it grows in, and one that goes on as it is claims
 * nothing. `devices`: those that it gets.
 */
function claimOnHost(
  { input }: World,
  ask: Ask,
  { candidate }: HostState,
  devices: readonly string[] = [],
): NewClaim {
  const own = candidate.own[ask.name];
  const { assignments } = input.previous;
  const previous = Object.hasOwn(assignments, ask.name) ? assignments[ask.name] : undefined;
  const isMade =
    !own || previous?.revision !== ask.request.revision || !same(own.devices ?? [], devices);
  const grows = (wanted: number, had: number | undefined) =>
    wanted > 0 && (isMade || (had !== undefined && wanted > had));
  return {
    cpus: grows(ask.microCpus, own?.cpus === undefined ? undefined : microCores(own.cpus)),
    memory: grows(ask.memoryBytes, own?.memoryBytes),
    place: !own || (isMade && ask.request.stopFirst),
  };
}

/**
 * What leaves a host is there until the end of the up, after everything has claimed its place. Of each host that has too little for all of
 * them the containers that were to stay and to claim something of it, and why they cannot: they have to be placed like new ones. The last
 * ones, as many as make the room; where none makes any, as none claims more than it holds already, the last one.
 */
export function crowdedOut(
  world: World,
  asks: readonly Ask[],
  kept: readonly (Decision | undefined)[],
): Map<string, string> {
  const crowded = new Map(world.hosts.filter(isCrowded).map((host) => [host, roomOn(host)]));
  const out = new Map<HostState, string[]>();
  const last = new Map<HostState, string>();
  for (const ask of crowded.size === 0 ? [] : [...asks].reverse()) {
    const decision = kept[ask.index];
    const host = world.byName.get(decision?.host ?? "");
    const room = host && crowded.get(host);
    if (!room) continue;
    const claim = claimOnHost(world, ask, host, decision?.devices);
    const lacking = PARTS.filter((part) => claim[part] && room[part] < 0);
    if (lacking.length === 0) continue;
    if (!last.has(host)) last.set(host, ask.name);
    const more = beyondHeld(ask, host);
    if (!lacking.some((part) => more[part] > 0)) continue;
    for (const part of PARTS) room[part] += more[part];
    out.set(host, [...(out.get(host) ?? []), ask.name]);
  }
  return new Map(
    [...last].flatMap(([host, name]) =>
      (out.get(host) ?? [name]).map((each): [string, string] => [
        each,
        `what leaves ${host.name} takes its place until the end of the up`,
      ]),
    ),
  );
}

const PARTS = ["cpus", "memory", "place"] as const;
type Room = Record<(typeof PARTS)[number], number>;

/** Millionths of cores, bytes and places that are left; below 0 there is too little. */
function roomOn(host: HostState): Room {
  return {
    cpus: host.freeMicroCpus,
    memory: host.freeBytes,
    place: placesOf(host) - host.counted,
  };
}

/** What is free if it does not stay: the rest it holds until the end of the up. */
function beyondHeld(ask: Ask, { candidate }: HostState): Room {
  const own = candidate.own[ask.name];
  if (!own) return { cpus: ask.microCpus, memory: ask.memoryBytes, place: 1 };
  const { cpus, memoryBytes } = own;
  return {
    cpus: cpus === undefined ? 0 : ask.microCpus - microCores(cpus),
    memory: memoryBytes === undefined ? 0 : ask.memoryBytes - memoryBytes,
    place: 0,
  };
}

/**
 * Whether a container may stay on the host that it was to leave, and then it counts there no more as one that leaves. What it was seen to
 * hold is its own again, and anything more it claims like what is new; on a host that cannot be seen nothing known speaks against it.
 */
export function takesBack(prepared: Prepared, ask: Ask, home: HostState): boolean {
  const held = home.release(ask.name);
  if (home.notReady !== undefined || hasRoom(prepared, ask, home)) return true;
  if (held) home.leave(held);
  return false;
}

function hasRoom({ classes, world }: Prepared, ask: Ask, home: HostState): boolean {
  const hostClass = classes[ask.index];
  if (!hostClass || "error" in hostClass) return true;
  const seen = home.candidate.own[ask.name]?.devices;
  const { cpus, memory, place } = claimOnHost(world, ask, home, seen);
  if (place && home.counted >= placesOf(home)) return false;
  const claimed = new Set([
    ...["ports", "devices"],
    ...(cpus ? ["cpu"] : []),
    ...(memory ? ["memory"] : []),
  ]);
  return applying(hostClass.changing, ask)
    .filter(({ name }) => claimed.has(name))
    .every((rule) => rule.accepts(ask, home));
}

function isCrowded(host: HostState): boolean {
  if (host.notReady !== undefined || host.candidate.pending === true) return false;
  return host.freeMicroCpus < 0 || host.freeBytes < 0 || host.counted > placesOf(host);
}

/** Containers of ours that the host takes. */
function placesOf({ candidate }: HostState): number {
  return candidate.maxContainers ?? Infinity;
}
