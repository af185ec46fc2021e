import type { Registration } from "../deployment/goal.js";
import type { Deployment } from "../deployment/deployment.js";
import type { SnapshotManager } from "../snapshot/manager.js";
import type { PendingOperationType, ResourceState } from "../state/model.js";
import { UNKNOWN_STRING } from "../values/signatures.js";
import type { Step, StepOutcome } from "./step.js";

/** Reads a resource that is not ours into the state, as external; also in preview. */
export class ReadStep implements Step {
  readonly op: "read" | "read-replacement";
  readonly logical: boolean;

  constructor(
    readonly registration: Registration,
    readonly old: ResourceState | null,
    readonly next: ResourceState,
    readonly replacing: boolean,
  ) {
    this.op = replacing ? "read-replacement" : "read";
    this.logical = !replacing;
  }

  get urn(): string {
    return this.next.urn;
  }

  get type(): string {
    return this.next.type;
  }

  get provider(): string {
    return this.next.provider ?? "";
  }

  get pending(): { state: ResourceState; type: PendingOperationType } {
    return { state: this.next, type: "reading" };
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
      });
      if (read.id === "" || read.outputs === undefined)
        throw new Error(`resource '${id}' does not exist`);
      state.id = read.id;
      state.outputs = read.outputs;
      partial = read.partial;
      if (partial !== undefined) state.initErrors = partial.reasons;
    }
    if (this.replacing && this.old !== null) this.old.delete = true;
    state.created = this.old?.created ?? new Date().toISOString();
    state.modified = this.old?.modified ?? state.created;
    if (partial !== undefined)
      return { status: "partial-failure", error: new Error(partial.message) };
    return { status: "ok", complete: () => this.registration.done({ state, result: "success" }) };
  }

  record(snapshot: SnapshotManager): { durable: boolean } {
    if (this.old !== null && !this.replacing) snapshot.markDone(this.old);
    snapshot.markNew(this.next);
    return { durable: true };
  }
}
