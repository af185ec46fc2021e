import { DETAILS, type StepEventMetadata, type StepEventState, type StepOp } from "../events.js";
import type { Step, StepStatus } from "../steps/step.js";
import { stepResource } from "../steps/step.js";
import type { ResourceState } from "../state/model.js";
import { isDefaultProvider } from "../urn.js";
import { deepEquals, maskSecrets } from "../values/wire.js";
import type { Deployment } from "./deployment.js";

const STATUS: Record<StepStatus, number> = { ok: 0, "partial-failure": 1, unknown: 2 };

/** Turns what happens to steps into events. Default providers and bookkeeping are nobody's business. */
export class StepEvents {
  readonly #deployment: Deployment;
  #steps = 0;

  constructor(deployment: Deployment) {
    this.#deployment = deployment;
  }

  pre(step: Step): void {
    if (isInternal(step) || !this.#deployment.events.observed) return;
    this.#deployment.events.emit({
      resourcePreEvent: {
        metadata: this.#metadata(step, step.op),
        planning: this.#deployment.options.dryRun,
      },
    });
  }

  post(step: Step): void {
    const resource = stepResource(step);
    const { dryRun } = this.#deployment.options;
    if (resource === null || isInternal(step)) return;
    if (resource.custom || dryRun || step.op === "refresh" || step.op === "delete")
      this.outputs(step);
  }

  /** Also for components, when they have registered their outputs. */
  outputs(step: Step): void {
    if (isInternal(step) || !this.#deployment.events.observed) return;
    const op = step.op === "refresh" && step.resultOp !== undefined ? step.resultOp() : step.op;
    this.#deployment.events.emit({
      resOutputsEvent: {
        metadata: this.#metadata(step, op),
        planning: this.#deployment.options.dryRun,
      },
    });
  }

  failed(step: Step, status: StepStatus, error: Error): void {
    const { events } = this.#deployment;
    events.diagnostic("error", error.message, isInternal(step) ? {} : { urn: step.urn });
    if (!events.observed || this.#deployment.options.dryRun) return;
    events.emit({
      resOpFailedEvent: {
        metadata: this.#metadata(step, step.op),
        status: STATUS[status],
        steps: this.#steps,
      },
    });
  }

  /** The op under which a finished step counts, if it counts. */
  countedOp(step: Step): StepOp | undefined {
    if (isInternal(step) || step.isPreparation === true) return undefined;
    let counts = step.logical;
    let { op } = step as { op: StepOp };
    if (op === "refresh" && step.resultOp !== undefined) {
      op = step.resultOp();
      counts = true;
    } else if (op === "read") {
      counts =
        step.old !== null && step.next !== null && !deepEquals(step.old.outputs, step.next.outputs);
    }
    if (!counts) return undefined;
    this.#steps++;
    return op;
  }

  #metadata(step: Step, op: StepOp): StepEventMetadata {
    return {
      op,
      urn: step.urn,
      type: step.type,
      old: eventState(step.old),
      new: eventState(step.next),
      ...(step.keys === undefined || step.keys.length === 0 ? {} : { keys: step.keys }),
      ...(step.diffs === undefined || step.diffs.length === 0 ? {} : { diffs: step.diffs }),
      detailedDiff: step.detailedDiff ?? null,
      ...(step.logical ? { logical: true } : {}),
      provider: step.provider,
    };
  }
}

function isInternal(step: Step): boolean {
  return isDefaultProvider(step.urn);
}

function eventState(state: ResourceState | null): StepEventState | null {
  if (state === null) return null;
  const { inputs, outputs, replacementTrigger: _, ...details } = state;
  return {
    [DETAILS]: details,
    type: state.type,
    urn: state.urn,
    ...(state.custom ? { custom: true } : {}),
    ...(state.delete === true ? { delete: true } : {}),
    id: state.id ?? "",
    parent: state.parent ?? "",
    provider: state.provider ?? "",
    ...(state.protect === true ? { protect: true } : {}),
    ...(state.retainOnDelete === true ? { retainOnDelete: true } : {}),
    inputs: maskSecrets(inputs ?? {}),
    outputs: maskSecrets(outputs ?? {}),
    ...(state.initErrors === undefined || state.initErrors.length === 0
      ? {}
      : { initErrors: state.initErrors }),
  };
}
