import type { EngineSnapshot, HostSnapshot } from "../../host/observe.js";
import type { Machine } from "../../host/observe-script.js";
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

/** Shares in whole percent: two hosts that differ by less are equally busy, and the next strategy decides. */
function usageOf(
  { capacity }: PlanHost,
  { machine, engine, observedAt }: Extract<HostSnapshot, { reachable: true }>,
): Candidate["usage"] {
  const { usage } = machine;
  if (!usage) return undefined;
  const share = (used: number, all: number | undefined): number | undefined =>
    all ? Math.round(Math.min(1, used / all) * 100) / 100 : undefined;
  const cpu = share(usage.cpus, declared(capacity.cpus) ?? engine?.info.NCPU ?? machine.cpus);
  const memory = share(
    usage.memoryBytes,
    declared(capacity.memoryBytes) ?? engine?.info.MemTotal ?? machine.memoryBytes,
  );
  return {
    ...(cpu === undefined ? {} : { cpu }),
    ...(memory === undefined ? {} : { memory }),
    ageSeconds: Math.max(0, Math.round((Date.now() - (observedAt ?? Date.now())) / 1000)),
  };
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
