import type { Registration } from "../deployment/goal.js";
import type { Deployment } from "../deployment/deployment.js";
import type { SnapshotManager } from "../snapshot/manager.js";
import type { ResourceState } from "../state/model.js";
import { isProviderType } from "../urn.js";
import { deepEquals } from "../values/wire.js";
import type { Step, StepOutcome } from "./step.js";

export interface SameOptions {
  registration?: Registration;
  /** Outside the targets and not in the state: not made, not recorded. */
  skippedCreate?: boolean;
  /** Carried over because it is outside the targets: its provider is loaded on demand only. */
  untargeted?: boolean;
}

/** Nothing to do. What the program says about the resource (options, dependencies) is taken over all the same. */
export class SameStep implements Step {
  readonly op = "same" as const;
  readonly logical = true;
  readonly skippedCreate: boolean;
  readonly registration?: Registration;
  readonly #untargeted: boolean;

  constructor(
    readonly old: ResourceState,
    readonly next: ResourceState,
    options: SameOptions = {},
  ) {
    this.skippedCreate = options.skippedCreate ?? false;
    this.#untargeted = options.untargeted ?? false;
    if (options.registration !== undefined) this.registration = options.registration;
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

  async apply(deployment: Deployment): Promise<StepOutcome> {
    if (!this.skippedCreate) {
      if (this.old.id !== undefined) this.next.id = this.old.id;
      this.next.outputs = this.old.outputs ?? {};
      // A provider is configured with what it was found equal to: its old inputs.
      if (isProviderType(this.type) && !this.#untargeted)
        await deployment.providers.same({ ...this.next, inputs: this.old.inputs ?? {} });
    }
    const { registration } = this;
    return {
      status: "ok",
      complete: () =>
        registration?.done({
          state: this.next,
          result: "success",
          ...(this.skippedCreate ? { unknown: true } : {}),
        }),
    };
  }

  record(snapshot: SnapshotManager): { durable: boolean } {
    if (this.skippedCreate) return { durable: false };
    if (this.old.urn !== this.next.urn) snapshot.renamed(this.old.urn, this.next.urn);
    snapshot.record(this.old, this.next, changed(this.old, this.next));
    return { durable: false };
  }
}

const sameList = (a: string[] | undefined, b: string[] | undefined): boolean =>
  (a ?? []).length === (b ?? []).length &&
  [...(a ?? [])].sort().join("\n") === [...(b ?? [])].sort().join("\n");

/** Whether the state file would differ in what matters: not positions in the source, not advisory errors. */
function changed(old: ResourceState, now: ResourceState): boolean {
  return (
    old.urn !== now.urn ||
    old.type !== now.type ||
    old.custom !== now.custom ||
    (old.provider ?? "") !== (now.provider ?? "") ||
    (old.parent ?? "") !== (now.parent ?? "") ||
    (old.deletedWith ?? "") !== (now.deletedWith ?? "") ||
    (old.protect ?? false) !== (now.protect ?? false) ||
    (old.retainOnDelete ?? false) !== (now.retainOnDelete ?? false) ||
    !sameList(old.replaceWith, now.replaceWith) ||
    !sameList(old.dependencies, now.dependencies) ||
    !deepEquals(old.propertyDependencies ?? {}, now.propertyDependencies ?? {}) ||
    !deepEquals(old.customTimeouts ?? {}, now.customTimeouts ?? {}) ||
    !sameList(old.additionalSecretOutputs, now.additionalSecretOutputs) ||
    !sameList(old.ignoreChanges, now.ignoreChanges) ||
    !sameList(old.replaceOnChanges, now.replaceOnChanges) ||
    !deepEquals(old.resourceHooks ?? {}, now.resourceHooks ?? {}) ||
    !deepEquals(old.inputs ?? {}, now.inputs ?? {}) ||
    !deepEquals(old.outputs ?? {}, now.outputs ?? {}) ||
    !deepEquals(old.replacementTrigger, now.replacementTrigger)
  );
}
