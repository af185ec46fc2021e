import type { Registration } from "../deployment/goal.js";
import type { Deployment } from "../deployment/deployment.js";
import type { StepOp } from "../events.js";
import type { SnapshotManager } from "../snapshot/manager.js";
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
  readonly #wanted: ResourceState;
  readonly #basis: ResourceState;

  /**
   * `wanted`: as the program wants it, where one runs; its name is used, and its provider asked. `basis`: what is laid under
   * what is read.
   */
  constructor(
    readonly old: ResourceState,
    { wanted = old, basis = old }: { wanted?: ResourceState; basis?: ResourceState } = {},
  ) {
    super(wanted);
    this.next = old;
    this.#wanted = wanted;
    this.#basis = basis;
  }

  resultOp(): StepOp {
    return this.#result;
  }

  async apply(deployment: Deployment): Promise<StepOutcome> {
    const { old, urn } = this;
    if (!old.custom || isProviderType(old.type) || old.pendingReplacement === true)
      return { status: "ok" };
    const provider = await deployment.providers.forResource(this.#wanted);
    const read = await provider.read({
      urn,
      id: old.id ?? "",
      inputs: old.inputs,
      state: old.outputs,
      timeout: old.customTimeouts?.read ?? 0,
    });
    if (read.partial !== undefined) {
      deployment.events.diagnostic(
        "warning",
        `Refreshed resource is in an unhealthy state:\n* ${read.partial.reasons.join("\n* ")}`,
        { urn },
      );
    }
    if (read.id === "" || read.outputs === undefined) {
      this.next = null;
      this.#result = "delete";
      return { status: "ok" };
    }
    const state: ResourceState = {
      ...this.#basis,
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
      urn,
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

  record(_snapshot: SnapshotManager): { durable: boolean } {
    return { durable: false };
  }
}

/** The same in the midst of an operation, when the program registers the resource or has left it out. */
export class RefreshInPlaceStep extends RefreshStep {
  readonly registration?: Registration;
  readonly isPreparation: boolean;
  readonly #found: (state: ResourceState | null) => void;

  /** `found`: takes what is there now (null: nothing), once the state holds it. */
  constructor(
    old: ResourceState,
    found: (state: ResourceState | null) => void,
    asked?: {
      registration: Registration;
      wanted: ResourceState;
      basis: ResourceState;
      isPreparation: boolean;
    },
  ) {
    super(old, asked);
    this.#found = found;
    this.isPreparation = asked?.isPreparation ?? false;
    if (asked !== undefined) this.registration = asked.registration;
  }

  override async apply(deployment: Deployment): Promise<StepOutcome> {
    const outcome = await super.apply(deployment);
    // Also what is not read goes on as another object: the operation has come to it.
    if (this.next === this.old) this.next = { ...this.old };
    return { ...outcome, complete: () => this.#found(this.next) };
  }

  override record(snapshot: SnapshotManager): { durable: boolean } {
    snapshot.reread(this.old, this.next);
    return { durable: false };
  }
}
