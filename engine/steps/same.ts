import { isDeepStrictEqual } from "node:util";
import type { Registration } from "../deployment/goal.js";
import type { Deployment } from "../deployment/deployment.js";
import type { SnapshotManager } from "../snapshot/manager.js";
import type { ResourceState } from "../state/model.js";
import { RESOURCE_FIELDS } from "../state/resource-codec.js";
import { isProviderType } from "../urn.js";
import { deepEquals } from "../values/wire.js";
import { ResourceStep } from "./resource-step.js";
import type { Step, StepOutcome } from "./step.js";

export interface SameOptions {
  registration?: Registration;
  /** Outside the targets and not in the state: not made, not recorded. */
  skippedCreate?: boolean;
  /** Carried over because it is outside the targets: its provider is loaded on demand only. */
  untargeted?: boolean;
}

/** Nothing to do. What the program says about the resource (options, dependencies) is taken over all the same. */
export class SameStep extends ResourceStep implements Step {
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
    super(next);
    this.skippedCreate = options.skippedCreate ?? false;
    this.#untargeted = options.untargeted ?? false;
    if (options.registration !== undefined) this.registration = options.registration;
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
    if (this.registration === undefined && this.#untargeted) snapshot.carry(this.old, this.next);
    else snapshot.record(this.old, this.next, changed(this.old, this.next));
    return { durable: false };
  }
}

/** What may differ without a reason to write: when and from where the program spoke. */
const ADVISORY = new Set<keyof ResourceState>([
  "created",
  "modified",
  "sourcePosition",
  "stackTrace",
]);
const COMPARED = RESOURCE_FIELDS.filter((field) => !ADVISORY.has(field));

/** Whether the state file would differ in what matters. What is empty is not written, and so as good as absent. */
function changed(old: ResourceState, now: ResourceState): boolean {
  return COMPARED.some((field) => {
    const [before, after] = [old[field], now[field]];
    if (before === after || (isEmpty(before) && isEmpty(after))) return false;
    if (field === "dependencies" || field === "replaceWith")
      return !deepEquals(sorted(before), sorted(after));
    // Also where the same content is described in other words.
    return !isDeepStrictEqual(before, after);
  });
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === "") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

const sorted = (list: unknown): unknown => [...((list ?? []) as string[])].sort();
