import { tightest } from "./constraints/max-containers.js";
import type { Candidate, PlanInput, Supply, SupplySpec } from "./model.js";
import { microCores } from "./host-state.js";
import { count, points } from "./words.js";

/** Clocker's places on a host where nobody says otherwise. */
const DEFAULT_PLACES = 8;

/** What the numbers are worked out from. */
export interface Demand {
  hosts: number;
  /** Those that are placed, and those that have no place. */
  containers: number;
  /** Places on one host. */
  places: number;
  headroom: { count: number } | { percent: number };
  minHosts?: number;
  maxHosts?: number;
}

/**
 * The supply by places: `desired = clamp(ceil((containers + headroom) / places), min, max)`; for a share, the smallest number
 * of hosts of which that share is free. Never scaled by a ratio, so that it neither overshoots nor waits for ever where
 * headroom exceeds what there is.
 */
export function supplyByPlaces(demand: Demand): Supply {
  const { hosts, containers, places, headroom } = demand;
  const possible = places * hosts;
  const available = possible - containers;
  const spare = "count" in headroom ? headroom.count : Math.ceil(headroom.percent * possible);
  const enough = hostsFor(demand);
  const needs =
    "count" in headroom
      ? `${count(containers, "container")} and a headroom of ${spare} need ${count(containers + spare, "place")}, ${places} on each host`
      : `${count(containers, "container")} and ${points(headroom.percent * 100)} % of free places need ${hostsText(enough)} of ${count(places, "place")}`;
  return finish({
    ...demand,
    possible,
    available,
    spare,
    enough,
    needs,
    step: places,
    ...(places <= 0 && enough > 0
      ? { useless: "a host offers none, since the limit of containers is 0" }
      : {}),
  });
}

/** The fewest hosts that are enough; Infinity when no number is. */
function hostsFor({ containers, places, headroom }: Demand): number {
  if (places <= 0)
    return containers + ("count" in headroom ? headroom.count : 0) > 0 ? Infinity : 0;
  if ("count" in headroom) return Math.ceil((containers + headroom.count) / places);
  const { percent } = headroom;
  if (percent >= 1 && containers > 0) return Infinity;
  if (percent >= 1) return 0;
  // Rounding makes the share of n hosts a little larger: the estimate may be one too few.
  let n = Math.max(0, Math.floor(containers / (places * (1 - percent))) - 1);
  while (n * places - containers < Math.ceil(percent * n * places)) n++;
  return n;
}

interface Sum extends Demand {
  possible: number;
  available: number;
  spare: number;
  /** Hosts that are enough. */
  enough: number;
  needs: string;
  /** Places that one host adds. */
  step: number;
  /** Set when another host would bring nothing: why. Then none is asked for. */
  useless?: string;
}

function finish(sum: Sum): Supply {
  const { hosts, containers, possible, available, spare, enough, needs, step } = sum;
  const { minHosts = 0, maxHosts = Infinity, useless } = sum;
  const wanted = useless === undefined ? enough : hosts;
  const clamped = Math.min(Math.max(wanted, minHosts), Math.max(minHosts, maxHosts));
  const desired = Number.isFinite(clamped) ? clamped : hosts;
  const limitedBy =
    desired < wanted ? ("max" as const) : desired > wanted ? ("min" as const) : undefined;
  const needed = spare - available;
  const state = needed > 0 || enough > hosts ? "hot" : available > spare + step ? "cold" : "ok";
  const missing = Math.max(0, desired - hosts);
  return {
    hosts,
    containers,
    possible,
    available,
    headroom: spare,
    needed,
    utilisation: possible > 0 ? containers / possible : 0,
    low: possible > 0 ? Math.max(0, (possible - (spare + step)) / possible) : 0,
    high: possible > 0 ? Math.max(0, (possible - spare) / possible) : 0,
    state,
    desiredHosts: desired,
    neededHosts: missing,
    ...(limitedBy ? { limitedBy } : {}),
    sentence: `${hostsText(desired)} ${desired === 1 ? "is" : "are"} desired, ${compared(desired, hosts)}: ${needs}${limitText(sum, limitedBy)}`,
  };
}

/** What keeps the number from being the one that would do. */
function limitText(
  { enough, useless, minHosts, maxHosts }: Sum,
  limitedBy: Supply["limitedBy"],
): string {
  const bound = limitedBy === "max" ? `the most is ${maxHosts}` : `the least is ${minHosts}`;
  if (useless !== undefined)
    return `; ${useless}: more hosts would not help${limitedBy ? `; ${bound}` : ""}`;
  if (limitedBy === undefined) return "";
  if (!Number.isFinite(enough)) return "; no number of hosts is enough";
  return `; ${hostsText(enough)} would be enough, ${bound}`;
}

function hostsText(hosts: number): string {
  return Number.isFinite(hosts) ? count(hosts, "host") : "more hosts than can be";
}

function compared(desired: number, hosts: number): string {
  if (desired === hosts) return "as many as there are";
  const difference = Math.abs(desired - hosts);
  return desired > hosts
    ? `${difference} more than there are`
    : `${difference} fewer than there are`;
}

/** How many hosts the cloud of a plan should have. */
export function supplyOf(input: PlanInput, spec: SupplySpec): Supply {
  const usable = input.candidates.filter(isUsable);
  const { headroom, minHosts, maxHosts } = spec;
  const bounds = {
    ...(minHosts === undefined ? {} : { minHosts }),
    ...(maxHosts === undefined ? {} : { maxHosts }),
  };
  const others = sum(
    usable.map(({ others: all }) => all.filter(({ owner }) => owner !== "").length),
  );
  const containers = others + input.requests.length;
  const rest = { containers, places: placesOf(input, spec), ...bounds };
  return "count" in headroom || "percent" in headroom
    ? supplyByPlaces({ hosts: usable.length, headroom, ...rest })
    : supplyByResources(input.requests, headroom, spec.hostShape, usable, rest);
}

/**
 * Headroom as cpus and bytes: as many more hosts of the given shape as the scarcer of the two needs, or as many fewer as
 * leave the headroom free when the smallest go first.
 */
function supplyByResources(
  requests: PlanInput["requests"],
  { cpus = 0, memoryBytes = 0 }: { cpus?: number; memoryBytes?: number },
  hostShape: SupplySpec["hostShape"],
  usable: readonly Candidate[],
  rest: Pick<Demand, "containers" | "places" | "minHosts" | "maxHosts">,
): Supply {
  // All requests: what lies on hosts that are not usable has to go somewhere, as has what has no place.
  const taken = [...requests, ...usable.flatMap(({ others }) => others)];
  const offers = usable
    .map(offerOf)
    .sort((a, b) => a.microCores - b.microCores || a.memoryBytes - b.memoryBytes);
  const shape = hostShape
    ? { microCores: microCores(hostShape.cpus), memoryBytes: hostShape.memoryBytes }
    : offers[0];
  const resources: Resource[] = [
    {
      what: "cpus",
      unit: 1e6,
      wanted: microCores(cpus),
      offers: offers.map((each) => each.microCores),
      perHost: shape?.microCores ?? 0,
      taken: sum(taken.map((each) => microCores(each.cpus))),
    },
    {
      what: "GiB",
      unit: 1024 ** 3,
      wanted: memoryBytes,
      offers: offers.map((each) => each.memoryBytes),
      perHost: shape?.memoryBytes ?? 0,
      taken: sum(taken.map((each) => each.memoryBytes)),
    },
  ];
  const scarcest = resources
    .filter((each) => each.wanted > 0 || freeOf(each) < 0)
    .map((each) => ({ ...each, missing: missingHosts(each) }))
    .sort((a, b) => b.missing - a.missing)[0];
  const hosts = usable.length;
  const more = Math.max(0, Math.ceil(scarcest?.missing ?? 0));
  const less = scarcest && more === 0 ? Math.min(...resources.map(sparedOf)) : 0;
  const enough = hosts + more - less;
  const { containers, places } = rest;
  const possible = places * hosts;
  const needs = scarcest
    ? `${points(freeOf(scarcest) / scarcest.unit)} ${scarcest.what} are free, the headroom is ${points(scarcest.wanted / scarcest.unit)}, a host has ${points(scarcest.perHost / scarcest.unit)}`
    : "no headroom is asked for";
  const result = finish({
    ...rest,
    hosts,
    headroom: { count: 0 },
    possible,
    available: possible - containers,
    spare: 0,
    enough,
    needs,
    step: places,
    ...(more === Infinity
      ? {
          useless: shape
            ? "a host offers none"
            : "what a host offers is not known: there is none, and no hostShape",
        }
      : {}),
  });
  return { ...result, state: enough > hosts ? "hot" : enough < hosts ? "cold" : "ok" };
}

/** One of what hosts offer, in its smallest unit. */
interface Resource {
  what: string;
  /** How many of the smallest units are one in a sentence. */
  unit: number;
  /** The headroom. */
  wanted: number;
  /** Of each host, the smallest host first. */
  offers: readonly number[];
  /** Of a host that is added. */
  perHost: number;
  taken: number;
}

function offerOf({ cpus, memoryBytes, headroom }: Candidate) {
  return {
    microCores: microCores(cpus) - microCores(headroom.cpus),
    memoryBytes: memoryBytes - headroom.memoryBytes,
  };
}

function freeOf({ offers, taken }: Resource): number {
  return sum(offers) - taken;
}

/** How many hosts would offer what is missing; below 0: nothing is. */
function missingHosts(resource: Resource): number {
  const missing = resource.wanted - freeOf(resource);
  if (resource.perHost > 0) return missing / resource.perHost;
  return missing > 0 ? Infinity : 0;
}

/** How many hosts could go so that the headroom stays free. */
function sparedOf(resource: Resource): number {
  let spare = freeOf(resource) - resource.wanted;
  let gone = 0;
  for (const offer of resource.offers) {
    spare -= offer;
    if (!(spare >= 0)) break; // also where what a host offers is not known yet, which counts as without end
    gone++;
  }
  return gone;
}

/** One rule for placement and supply alike: the supply's own limit, else the cloud's lowest, else Clocker's. */
function placesOf(input: PlanInput, { maxContainers }: SupplySpec): number {
  return maxContainers ?? tightest(input.constraints) ?? DEFAULT_PLACES;
}

function isUsable({ notReady, lost, drain }: Candidate): boolean {
  return notReady === undefined && lost !== true && drain !== true;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
