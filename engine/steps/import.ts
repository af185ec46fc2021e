import type { Registration } from "../deployment/goal.js";
import type { Deployment } from "../deployment/deployment.js";
import type { SnapshotManager } from "../snapshot/manager.js";
import type { ResourceState } from "../state/model.js";
import { packageOfType } from "../urn.js";
import { RegisteredStep } from "./resource-step.js";
import type { Step, StepOutcome } from "./step.js";

/**
 * Takes a resource that exists into the state, as the provider reads it. What the program wants of it is then compared with
 * that, and may lead to an update.
 */
export class ImportStep extends RegisteredStep implements Step {
  readonly op: "import" | "import-replacement";
  readonly logical: boolean;
  readonly #done: (state: ResourceState) => void;

  /** `done` continues the registration, once the state holds what was read. */
  constructor(
    registration: Registration,
    readonly old: ResourceState | null,
    next: ResourceState,
    replacing: boolean,
    done: (state: ResourceState) => void,
  ) {
    super(registration, next, "importing");
    this.op = replacing ? "import-replacement" : "import";
    this.logical = !replacing;
    this.#done = done;
  }

  async apply(deployment: Deployment): Promise<StepOutcome> {
    const state = this.next;
    const id = state.importID ?? "";
    const provider = await deployment.providers.forResource(state);
    const timeout = state.customTimeouts?.read ?? 0;
    const nothing = { inputs: undefined, state: undefined };
    const read = await provider.read({ urn: state.urn, id, ...nothing, timeout });
    if (read.outputs === undefined || read.id === "")
      throw new Error(`resource '${id}' does not exist`);
    if (read.inputs === undefined) {
      throw new Error(
        `provider does not support importing resources; please try updating the '${packageOfType(state.type)}' plugin`,
      );
    }
    state.id = read.id;
    state.inputs = read.inputs;
    state.outputs = read.outputs;
    if (read.partial !== undefined) state.initErrors = read.partial.reasons;
    state.created = state.modified = new Date().toISOString();
    if (this.old !== null) this.old.delete = true;
    return { status: "ok", complete: () => this.#done(state) };
  }

  record(snapshot: SnapshotManager): { durable: boolean } {
    snapshot.markNew(this.next);
    return { durable: true };
  }
}
