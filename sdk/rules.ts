import * as pulumi from "@pulumi/pulumi";
import type {
  ConstraintSpec,
  Coordinates,
  HostComparator,
  HostPredicate,
  HostScore,
  Preference as PreferenceSpec,
  Scope,
  SpreadLevel,
  StrategyName,
  StrategySpec,
} from "../provider/placement/model.js";

/** A comparator or score with its function; see `strategy.comparator` and `strategy.score`. */
export type FunctionStrategy =
  | { kind: "comparator"; name: string; args?: unknown; run: HostComparator }
  | { kind: "score"; name: string; args?: unknown; run: HostScore };

/**
 * How acceptable hosts are ordered; the first one left wins. A name (`"binpack"`), `"spread over zone"` (labels, with
 * commas: nested), an object with settings, or what `strategy` builds.
 */
export type Strategy = StrategyName | `spread over ${string}` | StrategySpec | FunctionStrategy;

/** A predicate with its function; see `constraint.predicate`. */
export interface PredicateConstraint {
  kind: "predicate";
  name: string;
  args?: unknown;
  run: HostPredicate;
}

/**
 * What must hold for a host: a label expression (`"zone=eu"`, `"zone in (eu,us)"`, `"ssd exists"`, `"cores >= 8"`), an
 * object for the other kinds, or what `constraint` builds.
 */
export type Constraint = string | ConstraintSpec | PredicateConstraint;

/** A wish: hosts that meet it are better, or worse with a weight below 0. */
export interface Preference {
  /** -100 to 100, not 0. */
  weight: number;
  prefer: Constraint;
}

type Named<T> = T | [name: string, run: T];

/** Builders of constraints, one for each kind. Each gives plain data. */
export const constraint = {
  /** On the host's labels: `zone=eu`, `zone notin (eu,us)`, `ssd exists`, `cores >= 8`, `engine version ">=24"`. */
  label: (expression: string): ConstraintSpec => ({ kind: "label", expression }),
  /** On the host's name: a glob such as `web-*`. */
  hostname: (pattern: string): ConstraintSpec => ({ kind: "hostname", pattern }),
  /** On the host's name: a regular expression that matches all of it. */
  hostnameMatching: (pattern: RegExp): ConstraintSpec => ({
    kind: "hostname",
    pattern: pattern.source,
    syntax: "regexp",
  }),
  /** Exactly this host. */
  host: (host: string): ConstraintSpec => ({ kind: "host", host }),
  /** At most so many containers of clouds on the host. */
  maxContainers: (max: number): ConstraintSpec => ({ kind: "maxContainers", max }),
  /** The host's cores are in use to less than this share, 0 to 1. Asked of new placements only. @default 0.5 */
  maxCpuUsage: (max?: number): ConstraintSpec => ({ kind: "maxCpuUsage", ...given({ max }) }),
  /** The same for memory. @default 0.8 */
  maxMemoryUsage: (max?: number): ConstraintSpec => ({ kind: "maxMemoryUsage", ...given({ max }) }),
  /** The host is in one of these groups; see `group` of DockerHost. */
  hostGroup: (...groups: string[]): ConstraintSpec => ({ kind: "hostGroup", groups }),
  /** Siblings of an application's group together on one host, its other groups elsewhere. */
  group: (settings: { exclusive?: boolean } = {}): ConstraintSpec => ({
    kind: "group",
    ...settings,
  }),
  region: (...regions: string[]): ConstraintSpec => ({ kind: "region", in: regions }),
  zone: (...zones: string[]): ConstraintSpec => ({ kind: "zone", in: zones }),
  /** At most so many kilometres from a place; its name is for the sentences. */
  within: (withinKm: number, from: Coordinates, place?: string): ConstraintSpec => ({
    kind: "distance",
    from,
    withinKm,
    ...given({ place }),
  }),
  /** Countries (`DE`), unions (`EU`) or other jurisdictions: at least one of `allow`, none of `deny`. */
  jurisdiction: (rule: { allow?: string[]; deny?: string[] }): ConstraintSpec => ({
    kind: "jurisdiction",
    ...rule,
  }),
  /** Clocker's affinity rules: `NOT TYPE db`, `APPLICATION`, `SOME TYPE cache`, `EMPTY`. */
  affinity: (...rules: string[]): ConstraintSpec => ({ kind: "affinity", rules }),
  /** At most so many of its type, or of its application, on one host. */
  maxPerHost: (max: number, of?: Scope): ConstraintSpec => ({
    kind: "maxPerHost",
    max,
    ...given({ of }),
  }),
  /** At most `max` (default 1) of its type, or of its application, on all hosts with the same value of a label. */
  distinct: (label: string, settings: { max?: number; of?: Scope } = {}): ConstraintSpec => ({
    kind: "distinct",
    label,
    ...settings,
  }),
  /**
   * A function of yours: true, or a text that says why not. It runs where the provider runs: it may use what it closes
   * over, which is part of the plan's inputs, but no clock, chance, files or network. Named by the function's own
   * name, or `["name", function]`.
   */
  predicate: (run: Named<HostPredicate>, args?: unknown): PredicateConstraint => ({
    kind: "predicate",
    ...nameOf("predicate", run),
    ...given({ args }),
  }),
};

/** Builders of strategies that have settings; the others are used by name. Each gives plain data. */
export const strategy = {
  /** By a draw from this seed and the container's name. @default the stack's name */
  random: (seed?: string): StrategySpec => ({ kind: "random", ...given({ seed }) }),
  /** The fullest host that still has room. */
  binpack: (settings: ResourceSettings = {}): StrategySpec => ({ kind: "binpack", ...settings }),
  /** The emptiest host. */
  spread: (settings: ResourceSettings = {}): StrategySpec => ({ kind: "spread", ...settings }),
  /** Evenly over the values of a label, or by target shares in percent; several labels nest. */
  spreadOver: (...over: (string | SpreadLevel)[]): StrategySpec => ({
    kind: "spreadOver",
    over: over.map((level) => (typeof level === "string" ? { label: level } : level)),
  }),
  /** A function of yours orders hosts: below 0, `a` is better. See `constraint.predicate` for what it may use. */
  comparator: (run: Named<HostComparator>, args?: unknown): FunctionStrategy => ({
    kind: "comparator",
    ...nameOf("comparator", run),
    ...given({ args }),
  }),
  /** A function of yours scores hosts as they fill; higher is better. */
  score: (run: Named<HostScore>, args?: unknown): FunctionStrategy => ({
    kind: "score",
    ...nameOf("score", run),
    ...given({ args }),
  }),
};

/** How `binpack` and `spread` score a host. */
export interface ResourceSettings {
  /** @default "exponential" */
  scoring?: "exponential" | "linear";
  /** Of `linear`. @default { cpu: 1, memory: 1 } */
  weights?: { cpu?: number; memory?: number };
}

/** A wish with a weight of -100 to 100: `prefer(50, "ssd exists")`. */
export function prefer(weight: number, rule: Constraint): Preference {
  return { weight, prefer: rule };
}

/** Called for each function that a rule brings; see user-functions.ts. */
export type Collect = (
  kind: "predicates" | "comparators" | "scores",
  name: string,
  run: HostPredicate | HostComparator | HostScore,
) => void;

/** @internal As the plan takes it: the function is collected, its name stays. */
export function constraintSpec(rule: Constraint, collect: Collect): ConstraintSpec {
  if (typeof rule === "string") return { kind: "label", expression: rule };
  if (!("run" in rule)) return rule;
  const { run, ...spec } = rule;
  collect("predicates", spec.name, run);
  return spec;
}

/** @internal */
export function preferenceSpec({ weight, prefer }: Preference, collect: Collect): PreferenceSpec {
  return { weight, prefer: constraintSpec(prefer, collect) };
}

/** @internal */
export function strategySpec(rule: Strategy, collect: Collect): StrategySpec {
  if (typeof rule === "string") {
    const over = /^spread over (.+)$/.exec(rule)?.[1];
    if (over !== undefined)
      return {
        kind: "spreadOver",
        over: over.split(",").map((label) => ({ label: label.trim() })),
      };
    return { kind: rule as StrategyName };
  }
  if (!("run" in rule)) return rule;
  const { run, ...spec } = rule;
  collect(spec.kind === "score" ? "scores" : "comparators", spec.name, run);
  return spec;
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function given<T extends object>(values: T): Present<T> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined),
  ) as Present<T>;
}

function nameOf<T extends (...args: never[]) => unknown>(
  what: string,
  named: Named<T>,
): { name: string; run: T } {
  if (Array.isArray(named)) return { name: named[0], run: named[1] };
  if (named.name === "") {
    throw new pulumi.RunError(
      `a ${what} needs a name, which its sentences use: give a named function, or ["name", function]`,
    );
  }
  return { name: named.name, run: named };
}
