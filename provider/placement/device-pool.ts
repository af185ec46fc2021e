import { type LabelExpression, matchesLabels } from "./constraints/label-expression.js";
import type { CandidateDevice } from "./model.js";

/** A request for devices whose conditions have been read. */
export interface DeviceAsk {
  readonly kind: string;
  readonly count: number;
  readonly where: readonly LabelExpression[];
}

interface DeviceGroup {
  readonly device: CandidateDevice;
  /** Ids that nobody holds, in the order of the host. */
  free: string[];
  /** Ids by the request whose container was seen with them, and that nobody was given yet. Undefined: none was seen. */
  seen: Map<string, string[]> | undefined;
}

/** The devices of one host while a plan is made. */
export class DevicePool {
  private readonly groups: DeviceGroup[];

  constructor(devices: readonly CandidateDevice[]) {
    this.groups = devices.map((device) => ({ device, free: [...device.ids], seen: undefined }));
  }

  /** Somebody holds these, whoever it is. */
  hold(ids: readonly string[]): void {
    const without = (all: readonly string[]) => all.filter((id) => !ids.includes(id));
    for (const group of this.groups) {
      group.free = without(group.free);
      for (const [name, seen] of group.seen ?? []) group.seen?.set(name, without(seen));
    }
  }

  /**
   * The container of this request was seen with them. It holds them until it is gone, also where its successor gets others: they are
   * its own again, and nobody else's in this plan.
   */
  reserve(ids: readonly string[], name: string): void {
    for (const group of this.groups) {
      const seen = group.free.filter((id) => ids.includes(id));
      if (seen.length === 0) continue;
      const known = group.seen?.get(name) ?? [];
      (group.seen ??= new Map()).set(name, [...known, ...seen]);
      group.free = group.free.filter((id) => !ids.includes(id));
    }
  }

  /**
   * Which ids would serve all asks of a request, in their order; `wanted` ids first. Undefined: some ask cannot be served.
   */
  choose(
    asks: readonly DeviceAsk[],
    name: string,
    wanted: readonly string[] = [],
  ): string[] | undefined {
    return this.chooseFrom(asks, 0, name, new Set(), new Set(wanted));
  }

  /** Tries the groups of each ask in turn: those with the fewest free devices first, so that large ones stay whole. */
  private chooseFrom(
    asks: readonly DeviceAsk[],
    index: number,
    name: string,
    used: ReadonlySet<string>,
    wanted: ReadonlySet<string>,
  ): string[] | undefined {
    const ask = asks[index];
    if (!ask) return [];
    const groups = this.groups
      .filter(({ device }) => matchesDevice(ask, device))
      .map((group) => freeFor(group, name).filter((id) => !used.has(id)))
      .filter((free) => free.length >= ask.count)
      .sort((a, b) => held(b, wanted) - held(a, wanted) || a.length - b.length);
    for (const free of groups) {
      const first = free.filter((id) => wanted.has(id));
      const ids = [...first, ...free.filter((id) => !wanted.has(id))].slice(0, ask.count);
      const rest = this.chooseFrom(asks, index + 1, name, new Set([...used, ...ids]), wanted);
      if (rest) return [...ids, ...rest];
    }
    return undefined;
  }

  /** Whether there is any of the kind, and how many of the best group that meets the conditions exist and are free. */
  count(ask: DeviceAsk, name: string): { any: boolean; matching: number; free: number } {
    const kin = this.groups.filter(({ device }) => isKind(device.kind, ask.kind));
    const fit = kin.filter(({ device }) => matchesDevice(ask, device));
    return {
      free: Math.max(0, ...fit.map((group) => freeFor(group, name).length)),
      any: kin.some(({ device }) => device.ids.length > 0),
      matching: Math.max(0, ...fit.map(({ device }) => device.ids.length)),
    };
  }
}

/** In the order of the host. */
function freeFor({ device, free, seen }: DeviceGroup, name: string): readonly string[] {
  const own = seen?.get(name);
  if (!own || own.length === 0) return free;
  return device.ids.filter((id) => free.includes(id) || own.includes(id));
}

function matchesDevice(ask: DeviceAsk, device: CandidateDevice): boolean {
  return (
    isKind(device.kind, ask.kind) &&
    ask.where.every((expression) => matchesLabels(expression, device.attributes))
  );
}

/** `gpu` is any vendor's; `nvidia/gpu` is one's. */
function isKind(kind: string, wanted: string): boolean {
  return kind === wanted || kind.endsWith(`/${wanted}`);
}

function held(ids: readonly string[], wanted: ReadonlySet<string>): number {
  return ids.filter((id) => wanted.has(id)).length;
}
