import type { Registration } from "../deployment/goal.js";
import type { StepOp } from "../events.js";
import type { PendingOperationType, ResourceState } from "../state/model.js";
import type { DetailedDiff } from "../values/diff.js";
import type { SnapshotManager } from "../snapshot/manager.js";
import type { Deployment } from "../deployment/deployment.js";

/** How sure we are about the real resource after an error. */
export type StepStatus = "ok" | "partial-failure" | "unknown";

export interface StepOutcome {
  status: StepStatus;
  error?: Error;
  /** What failed after the step itself had succeeded (hooks). */
  afterwards?: Error;
  /** Answers the program; called when the state holds the result. */
  complete?: () => void;
}

/** A refusal to delete what is protected: the others go on, so that all are reported. */
export class ProtectedError extends Error {}

/** One thing to do to one resource: what it is for events, how it is done, and what it means for the state. */
export interface Step {
  readonly op: StepOp;
  readonly urn: string;
  readonly type: string;
  readonly provider: string;
  readonly old: ResourceState | null;
  /** As it will be. Refreshes and imports only know it when they are done. */
  readonly next: ResourceState | null;
  /** Counts as one change in the summary. */
  readonly logical: boolean;
  readonly keys?: string[];
  readonly diffs?: string[];
  readonly detailedDiff?: DetailedDiff;
  readonly registration?: Registration;
  /** What is written before it is done; undefined when it has no effect outside. */
  readonly pending?: { state: ResourceState; type: PendingOperationType };
  /** A resource outside the targets that is not made: never in the state. */
  readonly skippedCreate?: boolean;
  apply(deployment: Deployment): Promise<StepOutcome>;
  /** What a success (or a partial failure) changes in the snapshot. */
  record(snapshot: SnapshotManager): { durable: boolean };
  /** What remains to be done for a component once its outputs are there: its hooks. */
  afterOutputs?(deployment: Deployment): Promise<void>;
  /** The op that counts, once it is known (refreshes). */
  resultOp?(): StepOp;
  /** A refresh on the way to something else, which is what counts. */
  readonly isPreparation?: boolean;
}

/** The resource a step is about: as it will be, or was. */
export function stepResource(step: Step): ResourceState | null {
  return step.next ?? step.old;
}

export function answer(step: Step, result: "fail" | "skip"): void {
  const state = stepResource(step);
  if (state !== null) step.registration?.done({ state, result });
}
