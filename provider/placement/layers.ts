import type { ConstraintSpec, PlanInput, Preference, StrategySpec } from "./model.js";

/** What the cloud and one application ask of every container of the application. */
export interface MergedLayer {
  readonly id: number;
  readonly constraints: readonly ConstraintSpec[];
  readonly strategies: readonly StrategySpec[];
  readonly preferences: readonly Preference[];
}

/** The cloud's layer with the application's on top, worked out once for each application. */
export class Layers {
  private readonly cloud: MergedLayer;
  private readonly merged = new Map<string, MergedLayer>();

  constructor(private readonly input: PlanInput) {
    const { constraints, strategies, preferences = [] } = input;
    this.cloud = { id: 0, constraints, strategies, preferences };
  }

  of(application: string): MergedLayer {
    const known = this.merged.get(application);
    if (known) return known;
    const { applications = {} } = this.input;
    const layer = Object.hasOwn(applications, application) ? applications[application] : undefined;
    const made = layer
      ? {
          id: this.merged.size + 1,
          constraints: [...this.cloud.constraints, ...(layer.constraints ?? [])],
          strategies: [...this.cloud.strategies, ...(layer.strategies ?? [])],
          preferences: [...this.cloud.preferences, ...(layer.preferences ?? [])],
        }
      : this.cloud;
    this.merged.set(application, made);
    return made;
  }
}
