import type { HookSubject } from "../callbacks/hooks.js";
import type { Deployment } from "../deployment/deployment.js";
import type { StepOp } from "../events.js";
import type { SnapshotManager } from "../snapshot/manager.js";
import type { ResourceState } from "../state/model.js";
import { failureOf, hookSubject, withErrorHooks } from "./hooked.js";
import { ResourceStep } from "./resource-step.js";
import { ProtectedError, type Step, type StepOutcome } from "./step.js";

export interface DeleteOptions {
  /** Half of a replacement. */
  replacing: boolean;
  /** Delete before replace: it stays in the state, marked, until its successor exists. */
  pendingReplacement: boolean;
  /** The URNs that go in this operation: what is deleted with them needs no call. */
  deletions: ReadonlySet<string>;
}

/** Deletes a resource, or only forgets it (external, retained, deleted with another). */
export class DeleteStep extends ResourceStep implements Step {
  readonly op: StepOp;
  readonly next = null;
  readonly logical: boolean;
  readonly #options: DeleteOptions;

  constructor(
    readonly old: ResourceState,
    options: DeleteOptions,
  ) {
    super(old);
    this.#options = options;
    this.logical = !options.replacing;
    if (old.external === true) this.op = options.replacing ? "discard-replaced" : "discard";
    else this.op = options.replacing ? "delete-replaced" : "delete";
  }

  get pending(): { state: ResourceState; type: "deleting" } {
    return { state: this.old, type: "deleting" };
  }

  async apply(deployment: Deployment): Promise<StepOutcome> {
    const { old } = this;
    const { hooks } = deployment;
    await hooks.run("BeforeDelete", old.resourceHooks, hookSubject(old, undefined, old));
    if (old.protect === true && !this.#options.replacing && !deployment.options.ignoreProtect) {
      throw new ProtectedError(
        `resource "${old.urn}" cannot be deleted\nbecause it is protected. To unprotect the resource, remove the \`protect\` ` +
          "flag from the resource in your Pulumi program and run `up`",
      );
    }
    const alone =
      old.external !== true &&
      old.retainOnDelete !== true &&
      !this.#options.deletions.has(old.deletedWith ?? "") &&
      old.custom;
    if (!deployment.options.dryRun && alone) {
      const provider = await deployment.providers.forResource(old);
      const request = {
        urn: old.urn,
        id: old.id ?? "",
        inputs: old.inputs ?? {},
        outputs: old.outputs ?? {},
        timeout: old.customTimeouts?.delete ?? 0,
      };
      const subject = (): HookSubject => hookSubject(old, undefined, old);
      await withErrorHooks(deployment, old, "delete", subject, () => provider.delete(request));
    }
    if (this.#options.pendingReplacement) old.pendingReplacement = true;
    const after = hooks.run("AfterDelete", old.resourceHooks, hookSubject(old, undefined, old));
    return { status: "ok", ...(await failureOf(after)) };
  }

  record(snapshot: SnapshotManager): { durable: boolean } {
    if (this.old.pendingReplacement !== true) snapshot.markDone(this.old);
    return { durable: true };
  }
}

/** A resource that was deleted for a replacement that is not wanted any more: only its entry is left. */
export class RemovePendingReplaceStep extends ResourceStep implements Step {
  readonly op = "remove-pending-replace" as const;
  readonly next = null;
  readonly logical = false;

  constructor(readonly old: ResourceState) {
    super(old);
  }

  async apply(): Promise<StepOutcome> {
    return { status: "ok" };
  }

  record(snapshot: SnapshotManager): { durable: boolean } {
    snapshot.markDone(this.old);
    return { durable: true };
  }
}
