import type { StackStore, UpdateRecord } from "../backend/backend.js";
import type { RunConfig } from "../context.js";
import type { Deployment } from "../deployment/deployment.js";
import type { EventStream } from "../deployment/diagnostics.js";
import type { OperationResult, OperationSummary } from "../options.js";
import { hasChanges, outputMap } from "../outputs.js";
import type { StepExecutor } from "../steps/executor.js";
import { messageOf } from "../steps/executor.js";
import { engineVersion } from "../state/manifest.js";
import type { PendingOperation, ResourceState } from "../state/model.js";
import { ROOT_STACK_TYPE } from "../urn.js";
import type { OperationRequest } from "./request.js";

/** How the operation ended, as far as its parts know. */
export interface Ending {
  failed: boolean;
  /** Why is told already. */
  isExplained: boolean;
  cancelled: boolean;
}

/** Says how the operation ended: last messages, the summary, the end of the stream. Resolves with what callers get. */
export function conclude(
  deployment: Deployment,
  { counts, maybeCorrupt }: StepExecutor,
  { kind, dryRun, expectNoChanges, message = "" }: OperationRequest,
  ending: Ending,
  started: number,
): OperationResult {
  const { events } = deployment;
  const unexpected = !ending.failed && expectNoChanges === true && hasChanges(counts);
  if (unexpected) events.diagnostic("error", "no changes were expected but changes were proposed");
  const what = dryRun ? "preview" : "update";
  if (ending.failed && !ending.isExplained)
    events.diagnostic("error", `${what} failed`, { urn: null });
  else if (ending.cancelled) events.diagnostic("error", `${what} canceled`, { urn: null });
  const result =
    ending.failed || unexpected ? "failed" : ending.cancelled ? "cancelled" : "succeeded";
  const { durationSeconds } = events;
  events.emit({
    summaryEvent: {
      maybeCorrupt,
      durationSeconds,
      resourceChanges: counts,
      PolicyPacks: deployment.policies?.versions ?? {},
      isPreview: dryRun,
      result: result === "succeeded" ? "succeeded" : "failed",
    },
  });
  // As with the CLI, the last event of every stream.
  events.emit({ cancelEvent: {} });
  return {
    kind,
    result,
    changeSummary: counts,
    summary: {
      kind,
      result,
      message,
      startTime: new Date(started),
      endTime: new Date(),
      resourceChanges: counts,
    },
    durationSeconds,
    errors: events.errors,
    maybeCorrupt,
    outputs: kind === "destroy" ? {} : stackOutputs(deployment),
  };
}

function stackOutputs({ news, base }: Deployment): OperationResult["outputs"] {
  const isRoot = ({ type }: ResourceState): boolean => type === ROOT_STACK_TYPE;
  const root = [...news.values()].find(isRoot) ?? base.resources.find(isRoot);
  return outputMap(root?.outputs ?? {});
}

/** Leaves the operation in the stack's history. That it cannot is no reason for it to fail. */
export async function record(
  store: StackStore,
  events: EventStream,
  config: RunConfig,
  { kind, message, result, startTime, endTime, resourceChanges }: OperationSummary,
): Promise<void> {
  const seconds = (time: Date): number => Math.floor(time.getTime() / 1000);
  const entry: UpdateRecord = {
    kind,
    startTime: seconds(startTime),
    message,
    environment: {
      "pulumi.arch": process.arch,
      "pulumi.os": process.platform,
      "pulumi.version": engineVersion().replace(/^v/, ""),
      "runtime.name": "nodejs",
      "runtime.version": process.version,
    },
    config: config.record,
    version: 0,
    result: result === "succeeded" ? "succeeded" : "failed",
    endTime: seconds(endTime),
    resourceChanges,
  };
  try {
    await store.record(entry);
  } catch (error) {
    events.diagnostic("warning", `the history could not be written: ${messageOf(error)}`);
  }
}

/** What an earlier operation left unfinished, as a warning; undefined when there is nothing. */
export function pendingWarning(operations: readonly PendingOperation[]): string | undefined {
  if (operations.length === 0) return undefined;
  const list = operations
    .map(({ resource, type }) => `  * ${resource.urn}, interrupted while ${type}`)
    .join("\n");
  return (
    `Attempting to deploy or update resources with ${operations.length} pending operations from previous deployment.\n${list}\n` +
    "These resources are in an unknown state because the operation that changed them was interrupted. Confirm that the " +
    "operations listed completed by looking at the resources themselves, then refresh the stack to repair its state."
  );
}
