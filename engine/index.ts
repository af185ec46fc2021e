/** The embedded deployment engine: runs Pulumi programs without the Pulumi CLI. See README.md here. */
export { Stack } from "./stack.js";
export type {
  ConfigMap,
  ConfigValue,
  DestroyOptions,
  InlineProgram,
  OperationKind,
  OperationOptions,
  OperationResult,
  OperationSummary,
  OutputMap,
  OutputValue,
  PreviewOptions,
  RefreshOptions,
  StackArgs,
  StackExport,
  UpOptions,
} from "./options.js";
export type { EngineEvent, Severity, StepEventMetadata, StepEventState, StepOp } from "./events.js";
export type { Backend, StackStore, UpdateRecord } from "./backend/backend.js";
export { unsettledOperations } from "./state/pending.js";
export type { PendingOperation, PropertyMap, ResourceState, Snapshot } from "./state/model.js";
