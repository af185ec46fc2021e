import type { HookSubject } from "../callbacks/hooks.js";
import type { Registration } from "../deployment/goal.js";
import type { Deployment } from "../deployment/deployment.js";
import type { SnapshotManager } from "../snapshot/manager.js";
import type { ResourceState } from "../state/model.js";
import type { DetailedDiff } from "../values/diff.js";
import type { CreateRequest, CreateResult, Provider } from "../providers/provider.js";
import { hookSubject, withErrorHooks } from "./hooked.js";
import { messageOf } from "./messages.js";
import { HookedStep, ResourceStep } from "./resource-step.js";
import type { Step, StepOutcome } from "./step.js";

export interface ReplacementDetails {
  old: ResourceState;
  keys: string[];
  diffs: string[];
  detailedDiff?: DetailedDiff;
  /** Create first: the old one is marked and deleted at the end. */
  pendingDelete: boolean;
}

/** Makes a resource, new or in the place of another. */
export class CreateStep extends HookedStep implements Step {
  readonly op: "create" | "create-replacement";
  readonly old: ResourceState | null;
  readonly logical: boolean;
  readonly keys?: string[];
  readonly diffs?: string[];
  readonly detailedDiff?: DetailedDiff;
  readonly #pendingDelete: boolean;

  constructor(registration: Registration, next: ResourceState, replacement?: ReplacementDetails) {
    super(registration, next, "creating");
    this.op = replacement === undefined ? "create" : "create-replacement";
    this.old = replacement?.old ?? null;
    this.logical = replacement === undefined;
    this.#pendingDelete = replacement?.pendingDelete ?? false;
    if (replacement === undefined) return;
    this.keys = replacement.keys;
    this.diffs = replacement.diffs;
    if (replacement.detailedDiff !== undefined) this.detailedDiff = replacement.detailedDiff;
  }

  async apply(deployment: Deployment): Promise<StepOutcome> {
    const state = this.next;
    const { inputs } = state;
    const subject = (): HookSubject => hookSubject(state, { inputs }, undefined);
    await deployment.hooks.run("BeforeCreate", state.resourceHooks, subject());
    let partial;
    if (state.custom) {
      const provider = await deployment.providers.forResource(state);
      const request = {
        urn: state.urn,
        inputs: inputs ?? {},
        timeout: state.customTimeouts?.create ?? 0,
        preview: deployment.options.dryRun,
      };
      const created = await withErrorHooks(
        deployment,
        state,
        "create",
        subject,
        creation(provider, request),
      );
      state.id = created.id;
      state.outputs = created.outputs;
      partial = created.partial;
    } else {
      state.outputs ??= {};
    }
    state.created = state.modified = new Date().toISOString();
    if (this.old !== null && this.#pendingDelete) this.old.delete = true;
    return this.outcomeWithHooks(deployment, partial);
  }

  protected after({ hooks }: Deployment): Promise<void> {
    const state = this.next;
    return hooks.run("AfterCreate", state.resourceHooks, hookSubject(state, state, undefined));
  }

  record(snapshot: SnapshotManager): { durable: boolean } {
    snapshot.markNew(this.next);
    if (this.old?.pendingReplacement === true) snapshot.markDone(this.old);
    if (this.old !== null && this.old.urn !== this.next.urn)
      snapshot.renamed(this.old.urn, this.next.urn);
    return { durable: true };
  }
}

/** One attempt to create; what the attempt before has left, not being well, makes room for it first. */
function creation(provider: Provider, request: CreateRequest): () => Promise<CreateResult> {
  let unwell: CreateResult | undefined;
  return async () => {
    if (unwell !== undefined) {
      const { id, outputs, partial } = unwell;
      const { urn, inputs, timeout } = request;
      try {
        await provider.delete({ urn, id, inputs, outputs, timeout });
      } catch (error) {
        const message = `${id} could not be deleted before it is created again: ${messageOf(error)}`;
        return {
          id,
          outputs,
          partial: { message, reasons: [...(partial?.reasons ?? []), message] },
        };
      }
      unwell = undefined;
    }
    const created = await provider.create(request);
    if (created.partial !== undefined) unwell = created;
    return created;
  };
}

/** The marker between the halves of a replacement; it does nothing and is what the summary counts. */
export class ReplaceStep extends ResourceStep implements Step {
  readonly op = "replace" as const;
  readonly logical = true;
  readonly keys: string[];
  readonly diffs: string[];
  readonly detailedDiff?: DetailedDiff;

  constructor(
    readonly next: ResourceState,
    readonly details: ReplacementDetails,
  ) {
    super(next);
    this.keys = details.keys;
    this.diffs = details.diffs;
    if (details.detailedDiff !== undefined) this.detailedDiff = details.detailedDiff;
  }

  get old(): ResourceState {
    return this.details.old;
  }

  async apply(): Promise<StepOutcome> {
    return { status: "ok" };
  }

  record(): { durable: boolean } {
    return { durable: false };
  }
}
