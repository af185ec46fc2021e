import { claimAlike, claimKey } from "./asks.js";
import { takesBack } from "./crowding.js";
import type { Ask } from "./constraints/index.js";
import type { Decision, Decisions } from "./decisions.js";
import { FunctionFault } from "./functions.js";
import { applying, type HostClass } from "./host-classes.js";
import { Interner } from "./interner.js";
import { stuckOf } from "./evacuation.js";
import { folderOutOfSight } from "./constraints/folders.js";
import { FOUND, keepAll } from "./keep.js";
import { fastPicker, type MakePicker } from "./make-picker.js";
import type { PlanInput } from "./model.js";
import { Orderings } from "./orderings.js";
import type { Accepts, Picker } from "./pickers/picker.js";
import { type Prepared, prepare } from "./prepare.js";
import { judge } from "./reason.js";
import { rebalance } from "./rebalance.js";
import { outOfSightText, type Reasons, reasonsOf, refusalOf } from "./refuse.js";
import type { Ordering } from "./strategies/index.js";
import { Uncertainty } from "./uncertainty.js";

export type { Decision, Decisions } from "./decisions.js";
export type { MakePicker } from "./make-picker.js";

/** Places all requests: what is placed stays if it may, then the others in program order. */
export function placeAll(input: PlanInput, makePicker: MakePicker = fastPicker): Decisions {
  const banned = new Map<string, string>();
  for (;;) {
    const prepared = prepare(input);
    const { kept, departures, stuck, out } = keepAll(prepared, banned);
    if (out.size > 0) {
      // Rare: who was to be its company has to leave, or who leaves is in the way until the end. Start again without those who cannot stay.
      for (const [name, why] of out) banned.set(name, why);
      continue;
    }
    const decisions: Decisions = {
      placed: kept,
      pending: [],
      refusals: [],
      uncertain: new Set(),
      departures,
      stuck,
    };
    new Placing(prepared, decisions, makePicker).run();
    return decisions;
  }
}

/** Requests that are equal in all that placement looks at. */
interface Group {
  readonly hostClass: HostClass;
  readonly ordering: Ordering;
  readonly accepts: Accepts;
  picker?: Picker;
  /** Requests still to come; at 0 the picker is dropped, so that memory follows what is in use. */
  left: number;
  /** Why the last one was refused, and how much was placed then: it holds while nothing else is. */
  refused?: { reasons: Reasons; at: number };
  /** A function of the program cannot be relied on. */
  fault?: string;
}

/** By the position of the request. */
type GroupOf = (Group | undefined)[];

class Placing {
  private readonly uncertainty: Uncertainty;
  private readonly orderings: Orderings;
  private readonly groups = new Map<string, Group>();
  private readonly orderingIds = new Interner();
  private readonly errors = new Map<Ask, string>();

  constructor(
    private readonly prepared: Prepared,
    private readonly decisions: Decisions,
    private readonly makePicker: MakePicker,
  ) {
    const { world, asks } = prepared;
    this.uncertainty = new Uncertainty(world.hosts);
    if (world.input.undecided?.earlier === true) this.uncertainty.spread(world.hosts);
    this.orderings = new Orderings(world, asks);
  }

  run(): void {
    const { asks, classes, world } = this.prepared;
    const { placed, pending } = this.decisions;
    const open = asks.filter(({ index }) => placed[index] === undefined);
    const groupOf = this.group(open);
    const waiting: Ask[] = [];
    for (const ask of open) {
      if (!classes[ask.index]) {
        pending.push(ask.name);
        this.uncertainty.spread(world.hosts);
        continue;
      }
      const group = groupOf[ask.index];
      if (!group) this.refuse(ask, { why: this.errors.get(ask) ?? "", hosts: [] });
      else if (!this.place(ask, group)) {
        if (group.hostClass.mayRelent && group.fault === undefined) waiting.push(ask);
        else this.refuse(ask, this.reasons(ask, group));
      }
    }
    this.placeWaiting(waiting, groupOf);
    rebalance(this.prepared, this.decisions, this.orderings, this.uncertainty);
    this.decisions.uncertain = this.uncertainty.names();
  }

  /** The group of each request that is open, by position; what cannot be read has no group but an error. */
  private group(open: readonly Ask[]): GroupOf {
    const { asks, classes } = this.prepared;
    const groupOf: GroupOf = new Array<Group | undefined>(asks.length);
    const latest: (Ask | undefined)[] = [];
    for (const ask of open) {
      const like = latest[ask.shape];
      // One without a group has an error, which each of its kind has to say, and a port may be closed to some of them only.
      const isShared = like && classes[like.index] === classes[ask.index] && claimAlike(like, ask);
      const group = (isShared ? groupOf[like.index] : undefined) ?? this.groupFor(ask);
      latest[ask.shape] = ask;
      if (!group) continue;
      group.left++;
      groupOf[ask.index] = group;
    }
    return groupOf;
  }

  private groupFor(ask: Ask): Group | undefined {
    const { classes, world } = this.prepared;
    const hostClass = classes[ask.index];
    if (!hostClass) return undefined;
    const ordering = "error" in hostClass ? hostClass : this.orderings.of(ask, hostClass);
    if ("error" in hostClass || "error" in ordering) {
      this.errors.set(ask, "error" in ordering ? ordering.error : "");
      return undefined;
    }
    const type = ordering.byType || world.rules.byType ? `${ask.typeId} ${ask.groupId}` : "";
    const orderingId = this.orderingIds.id(ordering.id);
    const key = `${hostClass.id} ${orderingId} ${type} ${ask.signature.join(",")} ${claimKey(ask)}`;
    const known = this.groups.get(key);
    if (known) return known;
    const changing = applying(hostClass.changing, ask);
    const accepts: Accepts = (wanted, host) => {
      for (const constraint of changing) if (!constraint.accepts(wanted, host)) return false;
      return true;
    };
    const group = { hostClass, ordering, accepts, left: 0 };
    this.groups.set(key, group);
    return group;
  }

  /** True: it is placed, or has to wait for hosts that do not exist yet. */
  private place(ask: Ask, group: Group): boolean {
    if (group.fault !== undefined) return false;
    try {
      return this.tryToPlace(ask, group);
    } catch (error) {
      if (!(error instanceof FunctionFault)) throw error;
      group.fault = error.message;
      return false;
    }
  }

  private tryToPlace(ask: Ask, group: Group): boolean {
    const { world } = this.prepared;
    const { hostClass, ordering, accepts } = group;
    const { placed, pending } = this.decisions;
    if (this.uncertainty.isOpen(hostClass, ordering, ask, accepts)) {
      pending.push(ask.name);
      return true;
    }
    group.picker ??= this.makePicker({
      hosts: hostClass.declared.eligible,
      ordering,
      accepts,
      ask,
      equals: group.left,
      mayRelent: hostClass.mayRelent,
      journal: world.journal,
    });
    const pick = group.picker.pick(ask);
    if (--group.left === 0) delete group.picker;
    if (!pick) return false;
    const context = { volumes: world.volumes, hosts: hostClass.declared.eligible.length };
    const { reason, score } = judge(ordering, ask, pick, context);
    const devices = world.place(ask, pick.winner, true);
    const decision: Decision = { host: pick.winner.name, score, reason, fresh: true };
    if (devices) decision.devices = devices;
    placed[ask.index] = decision;
    return true;
  }

  /** Rules that ask for company may have come true meanwhile: tries until nothing more can be placed. */
  private placeWaiting(waiting: readonly Ask[], groupOf: GroupOf): void {
    let left = waiting;
    for (;;) {
      const refused = left.filter((ask) => {
        const group = groupOf[ask.index];
        return group && !this.place(ask, group);
      });
      if (refused.length === left.length) break;
      left = refused;
    }
    for (const ask of left) {
      const group = groupOf[ask.index];
      if (group) this.refuse(ask, this.reasons(ask, group));
    }
  }

  private reasons(ask: Ask, group: Group): Reasons {
    if (group.fault !== undefined) return { why: group.fault, hosts: [] };
    const { world } = this.prepared;
    const reasons = this.hostsReasons(ask, group);
    const unseen =
      world.volumes.outOfSight(ask.request.volumes) ??
      folderOutOfSight(ask.folderHome, world.byName);
    if (!unseen) return reasons;
    return { ...reasons, why: outOfSightText(unseen, this.decisions.departures.get(ask.name)) };
  }

  private hostsReasons(ask: Ask, group: Group): Reasons {
    const { world } = this.prepared;
    const at = world.journal.length;
    // Ports and devices that a container holds itself do not count against it: then equal requests may differ.
    const holdsNothing = ask.ports.length === 0 && ask.devices.length === 0;
    if (group.refused?.at === at && holdsNothing) return group.refused.reasons;
    try {
      const reasons = reasonsOf(group.hostClass.constraints, ask, world.hosts);
      group.refused = { reasons, at };
      return reasons;
    } catch (error) {
      if (!(error instanceof FunctionFault)) throw error;
      return { why: error.message, hosts: [] };
    }
  }

  /** It has no host; who was to leave a host that is drained or lost stays there. */
  private refuse(ask: Ask, reasons: Reasons): void {
    const { world } = this.prepared;
    const { departures, placed, stuck, refusals } = this.decisions;
    const departure = departures.get(ask.name);
    const home = world.byName.get(departure?.from ?? "");
    if (!departure || !home || departure.cause === "rule" || departure.cause === "rebalance") {
      refusals.push(refusalOf(ask.name, reasons));
      return;
    }
    if (!takesBack(this.prepared, ask, home)) {
      refusals.push(refusalOf(ask.name, reasons));
      return;
    }
    const previous = world.input.previous.assignments[ask.name];
    const wanted = previous?.devices ?? home.candidate.own[ask.name]?.devices;
    const devices = world.place(ask, home, false, wanted);
    const { score, reason } = previous ?? FOUND;
    const decision: Decision = { host: home.name, score, reason };
    if (devices) decision.devices = devices;
    placed[ask.index] = decision;
    departures.delete(ask.name);
    stuck.push(stuckOf(ask.name, home.name, departure.cause, reasons.why));
  }
}
