import type { Deployment } from "../deployment/deployment.js";
import { edgesOf } from "../graph/edges.js";
import type { Progress } from "./progress.js";
import { SameStep } from "./same.js";
import type { Step } from "./step.js";
import { isManaged, type Registered } from "./subject.js";

/**
 * What becomes of a registration when the program runs for a destroy or a refresh: no resource is made, changed or replaced,
 * while its options count. Providers and components are nothing outside the state: with them all goes as in an update, so that
 * providers have the configuration of now.
 */
export class WithoutEffect {
  readonly #deployment: Deployment;
  readonly #progress: Progress;

  constructor(deployment: Deployment, progress: Progress) {
    this.#deployment = deployment;
    this.#progress = progress;
  }

  /** undefined: as in an update. */
  steps(registered: Registered): Step[] | undefined {
    switch (this.#deployment.options.purpose) {
      case "update":
        return undefined;
      case "destroy":
        return this.#forDestroy(registered);
      case "refresh":
        return this.#forRefresh(registered);
    }
  }

  #forDestroy(registered: Registered): Step[] | undefined {
    const { goal, registration, urn, old, state } = registered;
    if (this.#needsWhatIsLeftOut(registered)) {
      // What exists is deleted as the state has it.
      if (old?.outputs !== undefined) state.outputs = old.outputs;
      return this.#leaveOut(registered);
    }
    if (isManaged(goal) && old === undefined) return this.#leaveOut(registered);
    this.#progress.condemned.push(state);
    if (!isManaged(goal) || old === undefined) return undefined;
    this.#progress.sames.add(urn);
    // The provider deletes what there is, not what the program would make of it.
    if (old.inputs !== undefined) state.inputs = old.inputs;
    const { external, pendingReplacement, taint, initErrors, replacementTrigger } = old;
    // Should it be left over, an update is still to replace it, or to import another.
    state.importID = old.importID ?? "";
    if (replacementTrigger !== undefined) state.replacementTrigger = replacementTrigger;
    if (external === true) state.external = true;
    if (pendingReplacement === true) state.pendingReplacement = true;
    if (taint === true) state.taint = true;
    if (initErrors !== undefined) state.initErrors = initErrors;
    return [new SameStep(old, state, { registration })];
  }

  #forRefresh(registered: Registered): Step[] | undefined {
    const { goal, registration, urn, old } = registered;
    if (!isManaged(goal) && !this.#needsWhatIsLeftOut(registered)) return undefined;
    if (old === undefined) {
      this.#progress.sames.add(urn);
      return this.#leaveOut(registered);
    }
    registration.done({ state: old, result: "success" });
    return [];
  }

  #leaveOut({ registration, urn, state }: Registered): Step[] {
    this.#progress.skippedCreates.add(urn);
    return [new SameStep(state, state, { registration, skippedCreate: true })];
  }

  #needsWhatIsLeftOut({ state }: Registered): boolean {
    return edgesOf(state).some(({ urn }) => this.#progress.skippedCreates.has(urn));
  }
}
