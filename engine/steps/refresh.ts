import type { Deployment } from "../deployment/deployment.js";
import type { StepOp } from "../events.js";
import { diffResource } from "./diff.js";
import { sealOutputs } from "./seal.js";
import type { ResourceState } from "../state/model.js";
import { isProviderType } from "../urn.js";
import { type DetailedDiff, invertDetailed } from "../values/diff.js";
import { deepEquals } from "../values/wire.js";
import { ResourceStep } from "./resource-step.js";
import type { Step, StepOutcome } from "./step.js";

/** Reads what is really there. The base state is rebuilt from all of these at once, so nothing is recorded here. */
export class RefreshStep extends ResourceStep implements Step {
  readonly op = "refresh" as const;
  readonly logical = false;
  next: ResourceState | null;
  diffs?: string[];
  detailedDiff?: DetailedDiff;
  #result: StepOp = "same";

  constructor(readonly old: ResourceState) {
    super(old);
    this.next = old;
  }

  resultOp(): StepOp {
    return this.#result;
  }

  async apply(deployment: Deployment): Promise<StepOutcome> {
    const { old } = this;
    if (!old.custom || isProviderType(old.type) || old.pendingReplacement === true)
      return { status: "ok" };
    const provider = await deployment.providers.forResource(old);
    const read = await provider.read({
      urn: old.urn,
      id: old.id ?? "",
      inputs: old.inputs,
      state: old.outputs,
      timeout: old.customTimeouts?.read ?? 0,
    });
    if (read.partial !== undefined) {
      deployment.events.diagnostic(
        "warning",
        `Refreshed resource is in an unhealthy state:\n* ${read.partial.reasons.join("\n* ")}`,
        { urn: old.urn },
      );
    }
    if (read.id === "" || read.outputs === undefined) {
      this.next = null;
      this.#result = "delete";
      return { status: "ok" };
    }
    const state: ResourceState = {
      ...old,
      id: read.id,
      inputs: read.inputs ?? old.inputs ?? {},
      outputs: read.outputs,
    };
    delete state.initErrors;
    if (read.partial !== undefined) state.initErrors = read.partial.reasons;
    sealOutputs(state);
    this.next = state;
    if (!deepEquals(state.inputs, old.inputs) || !deepEquals(state.outputs, old.outputs))
      state.modified = new Date().toISOString();
    if (old.external === true) {
      this.#result = deepEquals(state.outputs, old.outputs) ? "same" : "update";
      return { status: "ok" };
    }
    // What an `up` of an unchanged program would do next, seen from the other side.
    const diff = await diffResource(provider, {
      urn: old.urn,
      id: state.id ?? "",
      oldInputs: state.inputs ?? {},
      oldOutputs: state.outputs ?? {},
      newInputs: old.inputs ?? {},
      allowUnknowns: deployment.options.dryRun,
      ignoreChanges: old.ignoreChanges ?? [],
    });
    this.diffs = diff.changedKeys;
    if (diff.detailedDiff !== undefined) this.detailedDiff = invertDetailed(diff.detailedDiff);
    this.#result = diff.changes === "none" ? "same" : "update";
    return { status: "ok" };
  }

  record(): { durable: boolean } {
    return { durable: false };
  }
}
