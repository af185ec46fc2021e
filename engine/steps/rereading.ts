import type { Deployment } from "../deployment/deployment.js";
import type { ResourceState } from "../state/model.js";
import type { Progress } from "./progress.js";
import { RefreshInPlaceStep } from "./refresh.js";
import type { Step } from "./step.js";
import { isManaged, newState, type Registered } from "./subject.js";

/** A refresh with the program: each resource is read when it is registered, with the provider as the program configures it. */
export class Rereading {
  readonly #deployment: Deployment;
  readonly #progress: Progress;
  readonly #goOn: (registered: Registered) => void;

  /** `goOn`: takes the registration again, with what is there now as the old resource. */
  constructor(deployment: Deployment, progress: Progress, goOn: (registered: Registered) => void) {
    this.#deployment = deployment;
    this.#progress = progress;
    this.#goOn = goOn;
  }

  /** undefined: there is nothing to read. */
  steps(registered: Registered): Step[] | undefined {
    const { goal, registration, urn, old, state } = registered;
    if (old === undefined || !this.#isConcerned(old)) return undefined;
    this.#progress.refreshes.add(urn);
    const isPreparation = this.#deployment.options.purpose !== "refresh" || !isManaged(goal);
    const basis = isPreparation ? old : withOptions(state, old);
    const asked = { registration, wanted: state, basis, isPreparation };
    const found = (now: ResourceState | null): void => {
      this.#progress.succeed(old, now);
      this.#goOn({
        ...registered,
        old: now ?? undefined,
        state: isManaged(goal) ? newState(goal, urn, now ?? undefined) : state,
      });
    };
    return [new RefreshInPlaceStep(old, found, asked)];
  }

  #isConcerned(old: ResourceState): boolean {
    const { options } = this.#deployment;
    if (!options.refreshesAsRegistered) return false;
    const isTargeted = this.#progress.isTargeted(options, old);
    // In an update this is settled when it is known what is done with it.
    if (options.purpose === "refresh") this.#progress.lead(old, isTargeted);
    return isTargeted;
  }
}

/** As the program says it; but what only an update can change is as it was. */
function withOptions(state: ResourceState, old: ResourceState): ResourceState {
  const { external, taint, importID, replacementTrigger } = old;
  return {
    ...state,
    ...(external === undefined ? {} : { external }),
    ...(taint === undefined ? {} : { taint }),
    importID: importID ?? "",
    ...(replacementTrigger === undefined ? {} : { replacementTrigger }),
  };
}
