import type { PropertyMap, ResourceState } from "./state/model.js";

/** Engine events in the shape of the CLI's `--json` and `--event-log` (pulumi/pulumi sdk/go/common/apitype/events.go). */
export type StepOp =
  | "same"
  | "create"
  | "update"
  | "delete"
  | "replace"
  | "create-replacement"
  | "delete-replaced"
  | "read"
  | "read-replacement"
  | "refresh"
  | "discard"
  | "discard-replaced"
  | "remove-pending-replace"
  | "import"
  | "import-replacement";

export type Severity = "debug" | "info" | "info#err" | "warning" | "error";

/** What else the state will say of a resource. For listeners in this process: it is not part of an event's JSON. */
export const DETAILS: unique symbol = Symbol("details of the resource");

/** All but what may hold secrets. */
export type ResourceDetails = Omit<ResourceState, "inputs" | "outputs" | "replacementTrigger">;

export interface StepEventState {
  [DETAILS]?: ResourceDetails;
  type: string;
  urn: string;
  custom?: boolean;
  delete?: boolean;
  id: string;
  parent: string;
  provider: string;
  protect?: boolean;
  retainOnDelete?: boolean;
  /** Secrets are `{[sig]: secret, value: "[secret]"}`-masked. */
  inputs: PropertyMap;
  outputs: PropertyMap;
  initErrors?: string[];
}

export interface StepEventMetadata {
  op: StepOp;
  urn: string;
  type: string;
  old: StepEventState | null;
  new: StepEventState | null;
  keys?: string[];
  diffs?: string[];
  detailedDiff?: Record<string, { diffKind: string; inputDiff: boolean }> | null;
  logical?: boolean;
  provider: string;
}

export interface PolicyPackIdentity {
  policyPackName: string;
  policyPackVersion: string;
  policyPackVersionTag: string;
}

/** The policies of a pack that had nothing to object, and those that had. */
export interface PolicySummary extends PolicyPackIdentity {
  passed?: string[];
  failed?: string[];
}

export interface EngineEvent {
  /** From 0. */
  sequence: number;
  /** Unix seconds. */
  timestamp: number;
  cancelEvent?: Record<string, never>;
  stdoutEvent?: { message: string; color: string };
  diagnosticEvent?: {
    urn?: string;
    prefix?: string;
    message: string;
    color: string;
    severity: Severity;
    streamID?: number;
    ephemeral?: boolean;
  };
  preludeEvent?: { config: Record<string, string> };
  summaryEvent?: {
    maybeCorrupt: boolean;
    durationSeconds: number;
    resourceChanges: Record<string, number>;
    /** Versions by name; a local pack is named `name|local|path`. */
    PolicyPacks: Record<string, string>;
    isPreview: boolean;
    result: "succeeded" | "failed";
  };
  resourcePreEvent?: { metadata: StepEventMetadata; planning?: boolean };
  resOutputsEvent?: { metadata: StepEventMetadata; planning?: boolean };
  resOpFailedEvent?: { metadata: StepEventMetadata; status: number; steps: number };
  policyEvent?: {
    resourceUrn?: string;
    message: string;
    color: string;
    policyName: string;
    policyPackName: string;
    policyPackVersion: string;
    policyPackVersionTag: string;
    enforcementLevel: string;
    /** `low`, `medium`, `high` or `critical`. */
    severity?: string;
  };
  policyLoadEvent?: Record<string, never>;
  policyRemediationEvent?: PolicyPackIdentity & {
    resourceUrn?: string;
    color: string;
    policyName: string;
    /** Masked like the inputs of a step. */
    before: PropertyMap;
    after: PropertyMap;
  };
  policyAnalyzeSummaryEvent?: PolicySummary & { resourceUrn: string };
  policyRemediateSummaryEvent?: PolicySummary & { resourceUrn: string };
  policyAnalyzeStackSummaryEvent?: PolicySummary;
  errorEvent?: { error: string };
}
