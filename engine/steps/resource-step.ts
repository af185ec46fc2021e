import type { Deployment } from "../deployment/deployment.js";
import type { Registration } from "../deployment/goal.js";
import type { PartialFailure } from "../providers/provider.js";
import type { PendingOperationType, ResourceState } from "../state/model.js";
import { failureOf } from "./hooked.js";
import type { Step, StepOutcome } from "./step.js";

/** A step by the resource it is about. */
export abstract class ResourceStep {
  readonly #resource: ResourceState;

  protected constructor(resource: ResourceState) {
    this.#resource = resource;
  }

  get urn(): string {
    return this.#resource.urn;
  }

  get type(): string {
    return this.#resource.type;
  }

  get provider(): string {
    return this.#resource.provider ?? "";
  }
}

/** A step with an effect outside, whose result the program waits for. */
export abstract class RegisteredStep extends ResourceStep {
  readonly pending: NonNullable<Step["pending"]>;

  protected constructor(
    readonly registration: Registration,
    readonly next: ResourceState,
    effect: PendingOperationType,
  ) {
    super(next);
    this.pending = { state: next, type: effect };
  }

  /** How it has ended, once `next` is complete: what is not well is in the state, and the program gets no answer. */
  protected outcome(partial: PartialFailure | undefined): StepOutcome {
    const { next: state } = this;
    if (partial === undefined)
      return { status: "ok", complete: () => this.registration.done({ state, result: "success" }) };
    state.initErrors = partial.reasons;
    return { status: "partial-failure", error: new Error(partial.message) };
  }
}

/** A step with hooks after it: for a component, which is complete when its outputs are registered, only then. */
export abstract class HookedStep extends RegisteredStep {
  /** Runs the hooks. */
  protected abstract after(deployment: Deployment): Promise<void>;

  async afterOutputs(deployment: Deployment): Promise<void> {
    if (!this.next.custom) await this.after(deployment);
  }

  protected async outcomeWithHooks(
    deployment: Deployment,
    partial: PartialFailure | undefined,
  ): Promise<StepOutcome> {
    const outcome = this.outcome(partial);
    if (partial !== undefined || !this.next.custom) return outcome;
    return { ...outcome, ...(await failureOf(this.after(deployment))) };
  }
}
