import type { Ask } from "./constraints/constraint.js";
import type { ConstraintSpec, Layer, PlacementRequest, PlanInput } from "./model.js";

/** A limit of containers that count together, on one host or on all hosts with one value of a label. */
export interface ScopeLimit {
  readonly scope: number;
  /** `web`, `application shop`: whom the limit is for. */
  readonly of: string;
  readonly max: number;
  /** Absent: on one host. */
  readonly label?: string;
}

type Limiting = Extract<ConstraintSpec, { kind: "maxPerHost" | "distinct" }>;

/**
 * What the constraints of a plan need of it as a whole. A limit that one container asks for binds its siblings too: it
 * would not hold otherwise once the next one comes.
 */
export class ScopeRules {
  /** Whether containers are counted by application, and by group. */
  readonly byApplication: boolean;
  readonly byGroup: boolean;
  /** Whether rules tell containers of different types apart. */
  readonly byType: boolean;
  readonly hasAffinity: boolean;
  /** Whether a rule is about the very container that is placed. */
  readonly byName: boolean;
  private readonly limits = new Map<number, ScopeLimit[]>();

  /** `shapes` has one request of each shape. */
  constructor(input: PlanInput, shapes: readonly PlacementRequest[]) {
    const kinds = new Set<ConstraintSpec["kind"]>();
    const rules = input.candidates.flatMap(({ affinity }) => affinity ?? []);
    let ofApplication = false;
    visitSpecs(input, shapes, (spec) => {
      kinds.add(spec.kind);
      if (spec.kind === "affinity") rules.push(...[spec.rules].flat());
      else if (isLimiting(spec) && spec.of === "application") ofApplication = true;
    });
    this.byGroup = kinds.has("group");
    this.byApplication = ofApplication || this.byGroup;
    this.hasAffinity = rules.length > 0 || kinds.has("affinity");
    this.byName = rules.some((rule) => /\bid\s*(?:[,\n]|$)/i.test(rule));
    this.byType =
      this.hasAffinity ||
      this.byGroup ||
      kinds.has("maxPerHost") ||
      kinds.has("distinct") ||
      kinds.has("predicate");
  }

  /** Takes down the limits that a request asks for, so that they bind its siblings. */
  add(ask: Ask): void {
    for (const spec of ask.request.constraints) {
      if (!isLimiting(spec)) continue;
      const limit = toLimit(spec, ask);
      const others = this.limits.get(limit.scope);
      if (others) others.push(limit);
      else this.limits.set(limit.scope, [limit]);
    }
  }

  /** The limits for a container: by host and by label, the tightest of each. */
  limitsOf(ask: Ask, specs: readonly ConstraintSpec[]): ScopeLimit[] {
    const tightest = new Map<string, ScopeLimit>();
    const all = [
      ...specs.filter(isLimiting).map((spec) => toLimit(spec, ask)),
      ...(this.limits.get(ask.typeId) ?? []),
      ...(this.limits.get(ask.applicationId) ?? []),
    ];
    for (const limit of all) {
      const key = `${limit.scope} ${limit.label ?? ""}`;
      const other = tightest.get(key);
      if (!other || limit.max < other.max) tightest.set(key, limit);
    }
    return [...tightest.values()];
  }
}

function isLimiting(spec: ConstraintSpec): spec is Limiting {
  return spec.kind === "maxPerHost" || spec.kind === "distinct";
}

function toLimit(spec: Limiting, ask: Ask): ScopeLimit {
  const { application, type } = ask.request;
  const whole = spec.of === "application";
  return {
    scope: whole ? ask.applicationId : ask.typeId,
    of: whole ? `application ${application}` : type || "its kind",
    max: spec.max ?? 1,
    ...(spec.kind === "distinct" ? { label: spec.label } : {}),
  };
}

function visitSpecs(
  input: PlanInput,
  shapes: readonly PlacementRequest[],
  visit: (spec: ConstraintSpec) => void,
): void {
  const layers: Layer[] = [input, ...Object.values(input.applications ?? {}), ...shapes];
  for (const { constraints, preferences } of layers) {
    if (constraints) for (const spec of constraints) visit(spec);
    if (preferences) for (const { prefer } of preferences) visit(prefer);
  }
}
