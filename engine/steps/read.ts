import type { Registration } from "../deployment/goal.js";
import type { Deployment } from "../deployment/deployment.js";
import type { SnapshotManager } from "../snapshot/manager.js";
import type { ResourceState } from "../state/model.js";
import { UNKNOWN_STRING } from "../values/signatures.js";
import { RegisteredStep } from "./resource-step.js";
import type { Step, StepOutcome } from "./step.js";

/** Reads a resource that is not ours into the state, as external; also in preview. */
export class ReadStep extends RegisteredStep implements Step {
  readonly op: "read" | "read-replacement";
  readonly logical: boolean;

  constructor(
    registration: Registration,
    readonly old: ResourceState | null,
    next: ResourceState,
    readonly replacing: boolean,
  ) {
    super(registration, next, "reading");
    this.op = replacing ? "read-replacement" : "read";
    this.logical = !replacing;
  }

  async apply(deployment: Deployment): Promise<StepOutcome> {
    const state = this.next;
    let partial;
    if (state.id === UNKNOWN_STRING) {
      state.outputs = {};
    } else {
      const provider = await deployment.providers.forResource(state);
      const id = state.id ?? "";
      const read = await provider.read({
        urn: state.urn,
        id,
        inputs: state.inputs,
        state: state.inputs,
        timeout: 0,
      });
      if (read.id === "" || read.outputs === undefined)
        throw new Error(`resource '${id}' does not exist`);
      state.id = read.id;
      state.outputs = read.outputs;
      partial = read.partial;
    }
    if (this.replacing && this.old !== null) this.old.delete = true;
    state.created = this.old?.created ?? new Date().toISOString();
    state.modified = this.old?.modified ?? state.created;
    return this.outcome(partial);
  }

  record(snapshot: SnapshotManager): { durable: boolean } {
    const { old, next } = this;
    if (old !== null && old.urn !== next.urn) snapshot.renamed(old.urn, next.urn);
    if (old !== null && !this.replacing) snapshot.succeed(old, next);
    else snapshot.markNew(next);
    return { durable: true };
  }
}
