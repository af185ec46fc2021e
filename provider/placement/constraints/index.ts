import type { CompiledRule } from "../affinity/compiled.js";
import type { ConstraintSpec } from "../model.js";
import type { World } from "../world.js";
import { affinityConstraint, affinityWish } from "./affinity.js";
import { areaConstraint } from "./area.js";
import type { Ask, Constraint } from "./constraint.js";
import { cpuConstraint } from "./cpu.js";
import { devicesConstraint } from "./devices.js";
import { diskConstraint } from "./disk.js";
import { distanceConstraint } from "./distance.js";
import { distinctConstraint } from "./distinct.js";
import { drainConstraint } from "./drain.js";
import { foldersConstraint } from "./folders.js";
import { groupConstraint, groupNeighboursConstraint } from "./group.js";
import { hostGroupConstraint } from "./host-group.js";
import { hostnameConstraint } from "./hostname.js";
import { jurisdictionConstraint } from "./jurisdiction.js";
import { parseLabelExpression } from "./label-expression.js";
import { labelConstraint } from "./label.js";
import { maxContainersConstraint, tightest } from "./max-containers.js";
import { maxPerHostConstraint } from "./max-per-host.js";
import { memoryConstraint } from "./memory.js";
import { pinnedHostConstraint } from "./pinned-host.js";
import { platformConstraint } from "./platform.js";
import { portsConstraint } from "./ports.js";
import { predicateConstraint } from "./predicate.js";
import { readyConstraint } from "./ready.js";
import { usageConstraint } from "./usage.js";
import { volumesConstraint } from "./volumes.js";

export type { Ask, Constraint } from "./constraint.js";

/** The rules for a request, and the affinity rules that it brings to its host. */
export interface BuiltConstraints {
  constraints: Constraint[];
  rules: CompiledRule[];
}

/**
 * The rules for a request, in the order in which a host is asked: what the program says of it first (so that a
 * refusal names the user's own wish rather than a circumstance), then whether it is ready, then what is left there.
 * The tightest of several limits counts. What cannot be read gives its error.
 */
export function buildConstraints(
  specs: readonly ConstraintSpec[],
  ask: Ask,
  world: World,
): BuiltConstraints | { error: string } {
  const declared = buildDeclared(specs, ask);
  if ("error" in declared) return declared;
  const affinity = buildAffinity(specs, ask, world);
  if ("error" in affinity) return affinity;
  const live = buildLive(specs, ask, world);
  if ("error" in live) return live;
  return {
    constraints: [
      ...declared,
      readyConstraint,
      drainConstraint,
      volumesConstraint(world.volumes),
      foldersConstraint,
      ...affinity.constraints,
      ...live,
      maxContainersConstraint(tightest(specs)),
      ...specs.flatMap(usageLimit),
      cpuConstraint,
      memoryConstraint,
      diskConstraint,
      portsConstraint,
      devicesConstraint,
    ],
    rules: affinity.rules,
  };
}

/** What the program says of hosts, in the order of `DECLARED`. */
function buildDeclared(
  specs: readonly ConstraintSpec[],
  ask: Ask,
): Constraint[] | { error: string } {
  const built: { order: number; constraint: Constraint }[] = [];
  for (const spec of specs) {
    const constraint = declaredBy(spec);
    if (!constraint) continue;
    if ("error" in constraint) return constraint;
    built.push({ order: DECLARED.indexOf(spec.kind), constraint });
  }
  const platforms = ask.request.platforms ?? [];
  return [
    ...built.sort((a, b) => a.order - b.order).map(({ constraint }) => constraint),
    ...(platforms.length > 0 ? [platformConstraint(platforms)] : []),
  ];
}

const DECLARED: readonly ConstraintSpec["kind"][] = [
  "host",
  "hostname",
  "label",
  "hostGroup",
  "region",
  "zone",
  "distance",
  "jurisdiction",
];

/** Whether a spec asks only what is declared of hosts. */
export function isDeclared({ kind }: ConstraintSpec): boolean {
  return DECLARED.includes(kind);
}

/** The rule of a spec that asks only what is declared of hosts; undefined for all others. */
function declaredBy(spec: ConstraintSpec): Constraint | { error: string } | undefined {
  switch (spec.kind) {
    case "host":
      return pinnedHostConstraint(spec.host);
    case "hostname":
      return hostnameConstraint(spec.pattern, spec.syntax);
    case "label": {
      const parsed = parseLabelExpression(spec.expression);
      return parsed.ok ? labelConstraint(parsed.expression) : { error: parsed.error };
    }
    case "hostGroup":
      return hostGroupConstraint(spec.groups);
    case "region":
    case "zone":
      return areaConstraint(spec.kind, spec.in);
    case "distance":
      return distanceConstraint(spec);
    case "jurisdiction":
      return jurisdictionConstraint(spec);
    case "maxContainers":
    case "maxCpuUsage":
    case "maxMemoryUsage":
    case "group":
    case "affinity":
    case "maxPerHost":
    case "distinct":
    case "predicate":
      return undefined;
  }
}

function buildAffinity(
  specs: readonly ConstraintSpec[],
  ask: Ask,
  { affinity }: World,
): BuiltConstraints | { error: string } {
  if (!affinity) return { constraints: [], rules: [] };
  const rules: CompiledRule[] = [];
  for (const spec of specs) {
    if (spec.kind !== "affinity") continue;
    const compiled = affinity.compile(spec.rules, ask);
    if ("error" in compiled) return compiled;
    rules.push(...compiled.rules);
  }
  const error = affinity.error ?? affinity.prepare(ask);
  return error === undefined
    ? { constraints: [affinityConstraint(affinity, rules)], rules }
    : { error };
}

/** Limits of containers that count together, groups, and functions of the program. */
function buildLive(
  specs: readonly ConstraintSpec[],
  ask: Ask,
  world: World,
): Constraint[] | { error: string } {
  const built: Constraint[] = [];
  const groups = specs.flatMap((spec) => (spec.kind === "group" ? [spec] : []));
  if (groups.length > 0) {
    const exclusive = groups.some((spec) => spec.exclusive === true);
    built.push(groupConstraint(world.homes, exclusive));
  }
  if (world.rules.byGroup) built.push(groupNeighboursConstraint);
  for (const { scope, max, label, of } of world.rules.limitsOf(ask, specs)) {
    built.push(
      label === undefined
        ? maxPerHostConstraint(scope, max, of)
        : distinctConstraint(label, max, () => world.tallies.of(scope, [label]), of),
    );
  }
  for (const spec of specs) {
    if (spec.kind !== "predicate") continue;
    const predicate = buildPredicate(spec, world);
    if ("error" in predicate) return predicate;
    built.push(predicate);
  }
  return built;
}

function buildPredicate(
  spec: Extract<ConstraintSpec, { kind: "predicate" }>,
  { input }: World,
): Constraint | { error: string } {
  const test = input.functions?.predicates?.[spec.name];
  return test
    ? predicateConstraint(spec.name, test, spec.args)
    : { error: `there is no function ${spec.name} among the cloud's predicates` };
}

function usageLimit(spec: ConstraintSpec): Constraint[] {
  if (spec.kind === "maxCpuUsage") return [usageConstraint("cpu", spec.max, spec.maxAgeSeconds)];
  if (spec.kind === "maxMemoryUsage") {
    return [usageConstraint("memory", spec.max, spec.maxAgeSeconds)];
  }
  return [];
}

/** The one rule of a wish; kinds whose answer says little about a single host are no wishes. */
export function buildWish(
  spec: ConstraintSpec,
  ask: Ask,
  world: World,
): Constraint | { error: string } {
  const declared = declaredBy(spec);
  if (declared) return declared;
  switch (spec.kind) {
    case "maxContainers":
      return maxContainersConstraint(spec.max);
    case "maxCpuUsage":
    case "maxMemoryUsage": {
      const [limit] = usageLimit(spec);
      return limit ?? { error: `${spec.kind} is no wish` };
    }
    case "affinity": {
      const { affinity } = world;
      if (!affinity) return { error: "affinity is no wish here" };
      const compiled = affinity.compile(spec.rules, ask);
      return "error" in compiled ? compiled : affinityWish(affinity, compiled.rules);
    }
    case "predicate":
      return buildPredicate(spec, world);
    case "maxPerHost": {
      const whole = spec.of === "application";
      const scope = whole ? ask.applicationId : ask.typeId;
      return maxPerHostConstraint(scope, spec.max, whole ? "its application" : "its type");
    }
    case "group":
    case "distinct":
      return { error: `a preference cannot be of kind ${spec.kind}; use the strategy spreadOver` };
    case "host":
    case "hostname":
    case "label":
    case "hostGroup":
    case "region":
    case "zone":
    case "distance":
    case "jurisdiction":
      return { error: `${spec.kind} is no wish` };
  }
}
