import { constraintsKey } from "./asks.js";
import {
  type Ask,
  buildConstraints,
  type Constraint,
  type VolumeMap,
} from "./constraints/index.js";
import type { HostState } from "./host-state.js";
import type { ConstraintSpec } from "./model.js";

/** All that equal lists of constraints have in common, worked out once. */
export interface HostClass {
  readonly id: number;
  readonly constraints: readonly Constraint[];
  /** Those whose answer changes while the plan is made. */
  readonly changing: readonly Constraint[];
  /** Hosts that pass what the program declares and are ready, in the plan's order. */
  readonly eligible: readonly HostState[];
  /** The same with hosts that do not exist yet. */
  readonly possible: readonly HostState[];
}

/** Caches classes by the request's own constraints; the cloud's are the same for all. */
export class HostClasses {
  private readonly classes = new Map<string, HostClass | { error: string }>();

  constructor(
    private readonly hosts: readonly HostState[],
    private readonly cloud: readonly ConstraintSpec[],
    private readonly volumes: VolumeMap,
  ) {}

  /** The class of a request, or why its constraints cannot be read. */
  of(ask: Ask): HostClass | { error: string } {
    const key = constraintsKey(ask.request.constraints);
    const known = this.classes.get(key);
    if (known) return known;
    const made = this.make(ask, this.classes.size);
    this.classes.set(key, made);
    return made;
  }

  private make(ask: Ask, id: number): HostClass | { error: string } {
    const built = buildConstraints([...this.cloud, ...ask.request.constraints], this.volumes);
    if ("error" in built) return built;
    const { constraints } = built;
    const declared = constraints.filter((constraint) => constraint.declared);
    const possible = this.hosts.filter(
      (host) =>
        host.candidate.notReady === undefined &&
        declared.every((rule) => rule.name === "ready" || rule.accepts(ask, host)),
    );
    return {
      id,
      constraints,
      changing: constraints.filter((constraint) => !constraint.declared),
      eligible: possible.filter((host) => host.candidate.pending !== true),
      possible,
    };
  }
}

/** Those of the rules that have something to say about a request. */
export function applying(constraints: readonly Constraint[], ask: Ask): Constraint[] {
  return constraints.filter((constraint) => constraint.applies(ask));
}
