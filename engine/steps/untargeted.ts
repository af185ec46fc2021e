import type { Deployment } from "../deployment/deployment.js";
import type { Registration } from "../deployment/goal.js";
import { edgesOf } from "../graph/edges.js";
import type { ResourceState } from "../state/model.js";
import type { Complaints } from "./complaints.js";
import type { Progress } from "./progress.js";
import { SameStep } from "./same.js";
import type { Step } from "./step.js";

/** What targets and excludes leave out. */
export class Untargeted {
  readonly #deployment: Deployment;
  readonly #progress: Progress;
  readonly #complaints: Complaints;

  constructor(deployment: Deployment, progress: Progress, complaints: Complaints) {
    this.#deployment = deployment;
    this.#progress = progress;
    this.#complaints = complaints;
  }

  /** A resource stays as it was, and so does what it depends on, in case nothing else brings that along. */
  carry(old: ResourceState, urn: string, registration: Registration): Step[] {
    this.#progress.sames.add(urn);
    return this.#carry(old, urn, registration);
  }

  #carry(state: ResourceState, urn: string, registration?: Registration): Step[] {
    if (state.delete === true) return [];
    const steps: Step[] = [];
    this.#progress.urns.add(state.urn);
    this.#progress.sames.add(state.urn);
    for (const { kind, urn: dependency } of edgesOf(state)) {
      if (this.#progress.hasStep(dependency)) continue;
      const found = this.#deployment.base.get(dependency);
      if (found !== undefined) steps.push(...this.#carry(found, urn));
      else if (kind !== "provider")
        this.#complaints.refuse(
          urn,
          `${kind} ${dependency} of untargeted resource ${urn} has no old state`,
        );
    }
    const copy = { ...state };
    if (registration === undefined) this.#progress.carried.set(state.urn, copy);
    const answers = registration === undefined ? {} : { registration };
    steps.push(new SameStep(state, copy, { untargeted: true, ...answers }));
    return steps;
  }

  /** Nothing may depend on a new resource that is left out. */
  refuseDependents(steps: readonly Step[]): void {
    const { targets, excludes } = this.#deployment.options;
    if (targets === undefined && excludes === undefined) return;
    for (const step of steps) {
      if (step.next === null || step.skippedCreate === true) continue;
      for (const { urn } of edgesOf(step.next)) {
        if (!this.#progress.skippedCreates.has(urn)) continue;
        this.#complaints.refuseUpdate(
          step.urn,
          `resource ${step.urn} depends on ${urn}, which was not specified in the target list: add it to the targets`,
        );
      }
    }
  }
}
