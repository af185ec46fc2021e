import type { HookSubject } from "../callbacks/hooks.js";
import type { Registration } from "../deployment/goal.js";
import type { Deployment } from "../deployment/deployment.js";
import type { SnapshotManager } from "../snapshot/manager.js";
import type { ResourceState } from "../state/model.js";
import type { DiffResult } from "../providers/provider.js";
import type { DetailedDiff } from "../values/diff.js";
import { hookSubject, withErrorHooks } from "./hooked.js";
import { HookedStep } from "./resource-step.js";
import type { Step, StepOutcome } from "./step.js";

/** Changes a resource in place. */
export class UpdateStep extends HookedStep implements Step {
  readonly op = "update" as const;
  readonly logical = true;
  readonly diffs: string[];
  readonly detailedDiff?: DetailedDiff;
  #isComplete = true;

  constructor(
    registration: Registration,
    readonly old: ResourceState,
    next: ResourceState,
    diff: DiffResult,
    readonly ignoreChanges: string[],
  ) {
    super(registration, next, "updating");
    this.diffs = diff.changedKeys;
    if (diff.detailedDiff !== undefined) this.detailedDiff = diff.detailedDiff;
  }

  async apply(deployment: Deployment): Promise<StepOutcome> {
    const { old, next: state } = this;
    if (old.id !== undefined) state.id = old.id;
    if (old.created !== undefined) state.created = old.created;
    if (old.modified !== undefined) state.modified = old.modified;
    const now = { inputs: state.inputs };
    const subject = (): HookSubject => hookSubject(state, now, old);
    await deployment.hooks.run("BeforeUpdate", state.resourceHooks, subject());
    let partial;
    if (state.custom) {
      const provider = await deployment.providers.forResource(state);
      const request = {
        urn: state.urn,
        id: old.id ?? "",
        oldInputs: old.inputs ?? {},
        oldOutputs: old.outputs ?? {},
        newInputs: state.inputs ?? {},
        timeout: state.customTimeouts?.update ?? 0,
        ignoreChanges: this.ignoreChanges,
        preview: deployment.options.dryRun,
      };
      const updated = await withErrorHooks(deployment, state, "update", subject, () =>
        provider.update(request),
      );
      state.outputs = updated.outputs;
      state.modified = new Date().toISOString();
      partial = updated.partial;
      this.#isComplete = partial === undefined;
    } else {
      state.outputs ??= {};
    }
    return this.outcomeWithHooks(deployment, partial);
  }

  protected after({ hooks }: Deployment): Promise<void> {
    const { old, next } = this;
    return hooks.run("AfterUpdate", next.resourceHooks, hookSubject(next, next, old));
  }

  record(snapshot: SnapshotManager): { durable: boolean } {
    const { old, next } = this;
    // What exists was not brought to the new inputs: the next run must see a difference. Until here they say what is secret.
    if (!this.#isComplete) next.inputs = old.inputs ?? {};
    if (old.urn !== next.urn) snapshot.renamed(old.urn, next.urn);
    snapshot.succeed(old, next);
    return { durable: true };
  }
}
