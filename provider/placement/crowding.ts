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
  /** One of the host's places: it is not there, though a plan said so, or may have to go before it is made again. */
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
    place: isMade,
  };
}

/**
 * What leaves a host is there until the end of the up, after everything has claimed its place. Of each host that has too little for all of
 * them one container that was to stay and to claim something of it, and why it cannot: it has to be placed like a new one. The last
 * that makes room by that; where none does, as none claims more than it holds already, the last of all.
 */
export function crowdedOut(
  world: World,
  asks: readonly Ask[],
  kept: readonly (Decision | undefined)[],
): Map<string, string> {
  const crowded = new Set(world.hosts.filter(isCrowded));
  const out = new Map<HostState, string>();
  for (const ask of crowded.size === 0 ? [] : [...asks].reverse()) {
    const decision = kept[ask.index];
    const host = world.byName.get(decision?.host ?? "");
    if (!host || !crowded.has(host)) continue;
    const lacking = lackingOf(world, ask, host, decision?.devices);
    if (lacking.length === 0) continue;
    const makesRoom = lacking.includes("more");
    if (makesRoom) crowded.delete(host);
    if (makesRoom || !out.has(host)) out.set(host, ask.name);
  }
  return new Map(
    [...out].map(([host, name]) => [
      name,
      `what leaves ${host.name} takes its place until the end of the up`,
    ]),
  );
}

/** Of what it claims there and the host has too little of: whether it is more than it holds already, or as much as that again. */
function lackingOf(
  world: World,
  ask: Ask,
  host: HostState,
  devices: readonly string[] | undefined,
): ("more" | "again")[] {
  const claim = claimOnHost(world, ask, host, devices);
  const own = host.candidate.own[ask.name];
  const heldCpus = own?.cpus === undefined ? ask.microCpus : microCores(own.cpus);
  const heldBytes = own?.memoryBytes ?? ask.memoryBytes;
  const lacking: ("more" | "again")[] = [];
  const note = (isMore: boolean) => lacking.push(!own || isMore ? "more" : "again");
  if (claim.cpus && host.freeMicroCpus < 0) note(ask.microCpus > heldCpus);
  if (claim.memory && host.freeBytes < 0) note(ask.memoryBytes > heldBytes);
  if (claim.place && host.counted > placesOf(host)) note(false);
  return lacking;
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
