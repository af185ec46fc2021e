import type { CompiledRule } from "./affinity/compiled.js";
import { constraintsKey, deviceProblem } from "./asks.js";
import { type Ask, buildConstraints, type Constraint, isDeclared } from "./constraints/index.js";
import { DeclaredHosts } from "./declared-hosts.js";
import { type MergedLayer } from "./layers.js";
import type { ConstraintSpec, Platform } from "./model.js";
import { preferenceStrategy } from "./preferences.js";
import type { Strategy } from "./strategies/strategy.js";
import type { World } from "./world.js";

/** All that equal lists of constraints have in common, worked out once. */
export interface HostClass {
  readonly id: number;
  readonly layer: MergedLayer;
  readonly constraints: readonly Constraint[];
  /** Those whose answer changes while the plan is made. */
  readonly changing: readonly Constraint[];
  /** Affinity rules that its containers bring to their hosts. */
  readonly rules: readonly CompiledRule[];
  /** Wishes as an order of hosts; undefined: none. */
  readonly preferences: Strategy | undefined;
  /** True: a host that was refused may be accepted later. */
  readonly mayRelent: boolean;
  /** True: what lies on other hosts matters. */
  readonly acrossHosts: boolean;
  /** Hosts that pass what the program declares and are ready; shared by classes that differ in other things only. */
  readonly declared: DeclaredHosts;
}

/** Caches classes by all that rules look at; the layers above are the same for all of an application. */
export class HostClasses {
  private readonly classes = new Map<string, HostClass | { error: string }>();
  private readonly declared = new Map<string, DeclaredHosts>();

  constructor(private readonly world: World) {}

  /** The class of a request, or why its constraints cannot be read. */
  of(ask: Ask): HostClass | { error: string } {
    const layer = this.world.layers.of(ask.request.application);
    const { constraints, platforms = [], preferences, devices } = ask.request;
    let key = `${layer.id} ${constraintsKey(constraints)}${platformsKey(platforms)}`;
    if (preferences && preferences.length > 0) key += `?${JSON.stringify(preferences)}`;
    if (devices && devices.length > 0) key += `+${JSON.stringify(devices)}`;
    if (this.world.rules.byType) key += ` ${ask.typeId} ${ask.groupId}`;
    if (this.world.rules.byName) key += ` ${ask.name}`;
    const known = this.classes.get(key);
    if (known) return known;
    const made = this.make(ask, layer);
    this.classes.set(key, made);
    return made;
  }

  private make(ask: Ask, layer: MergedLayer): HostClass | { error: string } {
    const problem = deviceProblem(ask.request);
    if (problem !== undefined) return { error: problem };
    const specs = [...layer.constraints, ...ask.request.constraints];
    const built = buildConstraints(specs, ask, this.world);
    if ("error" in built) return built;
    const wishes = [...layer.preferences, ...(ask.request.preferences ?? [])];
    const preferences = preferenceStrategy(wishes, ask, this.world);
    if (preferences && "error" in preferences) return preferences;
    const { constraints, rules } = built;
    return {
      id: this.classes.size,
      layer,
      constraints,
      changing: constraints.filter((constraint) => !constraint.declared),
      rules,
      preferences,
      mayRelent: constraints.some(({ mayRelent }) => mayRelent === true),
      acrossHosts: constraints.some(({ acrossHosts }) => acrossHosts === true),
      declared: this.declaredHosts(ask, specs, constraints),
    };
  }

  private declaredHosts(
    ask: Ask,
    specs: readonly ConstraintSpec[],
    constraints: readonly Constraint[],
  ): DeclaredHosts {
    const key =
      constraintsKey(specs.filter(isDeclared)) + platformsKey(ask.request.platforms ?? []);
    const known = this.declared.get(key);
    if (known) return known;
    const declared = constraints.filter((rule) => rule.declared && rule.name !== "ready");
    const made = new DeclaredHosts(this.world.hosts, declared, ask);
    this.declared.set(key, made);
    return made;
  }
}

function platformsKey(platforms: readonly Platform[]): string {
  return platforms.length > 0 ? JSON.stringify(platforms) : "";
}

/** Those of the rules that have something to say about a request. */
export function applying(constraints: readonly Constraint[], ask: Ask): Constraint[] {
  return constraints.filter((constraint) => constraint.applies(ask));
}
