import { liveUse, type LiveUse } from "../../host/live-use.js";
import type { EngineSnapshot, HostSnapshot } from "../../host/observe.js";
import type { Machine } from "../../host/observe-script.js";
import type { MachineUsage } from "../../host/usage-script.js";
import { reservationOf, type Reservation } from "../../host/reservations.js";
import { ASSUMED } from "../../placement/index.js";
import type { Candidate, CandidateDevice } from "../../placement/model.js";
import { hasUnknown } from "../../unknown.js";
import type { PlanHost } from "./inputs.js";

/** What is known of a host beyond its capacity: what the program says, else what was found. */
export function factsOf(host: PlanHost, snapshot: HostSnapshot | undefined): Partial<Candidate> {
  const facts: Partial<Candidate> = {};
  const declared = { groups: host.groups, location: host.location, affinity: host.affinity };
  for (const [key, value] of Object.entries(declared))
    if (value !== undefined && !hasUnknown(value)) Object.assign(facts, { [key]: value });
  if (host.drain === true) facts.drain = true;
  if (host.platform && !hasUnknown(host.platform)) facts.platform = host.platform;
  if (host.devices && !hasUnknown(host.devices)) facts.devices = host.devices;
  if (snapshot?.reachable !== true) return facts;

  const { machine, engine } = snapshot;
  if (engine && !facts.platform && engine.info.OSType)
    facts.platform = { os: engine.info.OSType, arch: engine.info.Architecture };
  facts.devices ??= devicesFound(machine, engine);
  if (machine.diskFreeBytes !== undefined) {
    const kept = hasUnknown(host.headroom) ? 0 : (host.headroom.diskBytes ?? 0);
    facts.disk = { freeBytes: Math.max(0, machine.diskFreeBytes - kept) };
  }
  const usage = usageOf(host, snapshot);
  if (usage) facts.usage = usage;
  return facts;
}

/**
 * The machine's last figures. What was started since the last reading is not in them: it counts by its reservation, as
 * what a plan adds does. `before` is what a plan just before this one went by, or the last figures that were others.
 */
function usageOf(
  { capacity }: PlanHost,
  { machine, engine, observedAt }: Extract<HostSnapshot, { reachable: true }>,
): Candidate["usage"] {
  const { usage } = machine;
  if (!usage) return undefined;
  const whole = {
    cpus: declared(capacity.cpus) ?? engine?.info.NCPU ?? machine.cpus,
    memoryBytes: declared(capacity.memoryBytes) ?? engine?.info.MemTotal ?? machine.memoryBytes,
  };
  const figures = liveUse(usage.readings, whole);
  const now = figures.at(-1);
  if (!now) return undefined;
  const started = startedSince(usage, machine, engine);
  const sinceSeen = Math.max(0, (Date.now() - (observedAt ?? Date.now())) / 1000);
  const age = ({ up }: LiveUse) => Math.round(usage.ageSeconds + sinceSeen + now.up - up);
  const before =
    started.cpus > 0
      ? now
      : figures.findLast(({ cpu, memory }) => cpu !== now.cpu || memory !== now.memory);
  return {
    ...(now.cpu === undefined ? {} : { cpu: sum(now.cpu, started.cpus / whole.cpus) }),
    ...(now.memory === undefined
      ? {}
      : { memory: sum(now.memory, started.memoryBytes / whole.memoryBytes) }),
    ageSeconds: age(now),
    ...(before ? { before: { ...sharesOf(before), ageSeconds: age(before) } } : {}),
  };
}

function sharesOf({ cpu, memory }: LiveUse): { cpu?: number; memory?: number } {
  return { ...(cpu === undefined ? {} : { cpu }), ...(memory === undefined ? {} : { memory }) };
}

function sum(share: number, more: number): number {
  return Math.round((share + more) * 100) / 100;
}

/** Seconds by which two readings of one clock may differ because each is in whole seconds. */
const ROUNDING = 2;

/**
 * What the containers reserve that were made after the last reading. One from the future was made before the host's clock
 * was set back, so that the reading has it already. What the future is the host's own clock says: it may have been set
 * forward since the reading.
 */
function startedSince(
  { readings, ageSeconds, clock }: MachineUsage,
  { reservations }: Machine,
  engine: EngineSnapshot | undefined,
): Reservation {
  const total = { cpus: 0, memoryBytes: 0 };
  const from = readings.at(-1)?.at ?? Infinity;
  const now = (clock ?? from + ageSeconds) + ROUNDING;
  for (const container of engine?.containers ?? []) {
    const { Created: created, State } = container;
    if (State !== "running" || created <= from || created > now) continue;
    const { cpus, memoryBytes } = reservationOf(container, reservations);
    total.cpus += cpus || ASSUMED.microCpus / 1e6;
    total.memoryBytes += memoryBytes || ASSUMED.memoryBytes;
  }
  return total;
}

function declared(value: number | undefined): number | undefined {
  return value === undefined || hasUnknown(value) ? undefined : value;
}

/**
 * Accelerators that a container can be given whole. What a CDI specification describes goes by its kind
 * (`nvidia.com/gpu`); NVIDIA's cards are theirs as soon as the daemon has NVIDIA's runtime; other cards are their render
 * nodes, unless the same cards are listed already.
 */
function devicesFound(machine: Machine, engine: EngineSnapshot | undefined): CandidateDevice[] {
  const groups = new Map<string, string[]>();
  const add = (kind: string, id: string) => groups.set(kind, [...(groups.get(kind) ?? []), id]);
  for (const { Source, ID } of engine?.info.DiscoveredDevices ?? []) {
    const [kind = "", name = ""] = ID.split("=");
    if (Source === "cdi" && kind !== "" && name !== "" && name !== "all") add(kind, ID);
  }
  const nvidia = machine.devices.flatMap((file) => /^\/dev\/nvidia(\d+)$/.exec(file)?.[1] ?? []);
  const isServed = engine?.info.Runtimes?.["nvidia"] !== undefined;
  if (isServed && !groups.has("nvidia.com/gpu"))
    for (const number of nvidia) add("nvidia/gpu", `nvidia:${number}`);
  const hasCards = [...groups.keys()].some((kind) => kind.endsWith("/gpu"));
  for (const file of machine.devices) {
    if (file.startsWith("/dev/dri/") && !hasCards && nvidia.length === 0) add("dri/gpu", file);
    if (file.startsWith("/dev/accel/")) add("accel", file);
  }
  return [...groups].map(([kind, ids]) => ({ kind, attributes: {}, ids: ids.sort() }));
}
