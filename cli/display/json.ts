import type { EngineEvent, StepEventMetadata, StepEventState } from "../../engine/events.js";
import { SIGNATURES, SIGNATURE_KEY } from "../../engine/values/signatures.js";
import { sanitize } from "./text.js";
import { isStackUrn } from "./urn.js";
import { isRecord, isSecret } from "./values.js";
import { isReplacementPart } from "./words.js";

const MASK = "[secret]";

/** Blinds what secrets carry, in the shape of the CLI's events: `{<signature>: <secret>, ciphertext: "[secret]"}`. */
function blind(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(blind);
  if (!isRecord(value)) return value;
  if (isSecret(value)) return { [SIGNATURE_KEY]: SIGNATURES.secret, ciphertext: MASK };
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, blind(entry)]));
}

/** One event as one line of JSON, as `--json` and `--event-log` write it. */
export const jsonLine = (event: EngineEvent): string => `${JSON.stringify(blind(event))}\n`;

interface DigestState {
  urn: string;
  custom: boolean;
  id?: string;
  type: string;
  inputs?: unknown;
  outputs?: unknown;
  parent?: string;
  protect?: boolean;
  provider?: string;
  initErrors?: string[];
}

interface DigestStep {
  op: string;
  urn: string;
  provider?: string;
  oldState?: DigestState;
  newState?: DigestState;
  diffReasons?: string[];
  replaceReasons?: string[];
  detailedDiff: Record<string, { kind: string; inputDiff: boolean }> | null;
}

/** What `preview --json` prints (pulumi/pulumi pkg/display/json.go). */
export interface PreviewDigest {
  config?: Record<string, string>;
  steps?: DigestStep[];
  diagnostics?: { urn?: string; message: string; severity: string }[];
  /** Nanoseconds. */
  duration?: number;
  changeSummary?: Record<string, number>;
  maybeCorrupt?: boolean;
}

export interface DigestOptions {
  showSames: boolean;
}

/** Sums up the events of a preview. */
export function digest(events: readonly EngineEvent[], options: DigestOptions): PreviewDigest {
  const result: PreviewDigest = {};
  const steps: DigestStep[] = [];
  const diagnostics: NonNullable<PreviewDigest["diagnostics"]> = [];
  const firstOps = new Map<string, string>();
  for (const event of events) {
    if (event.preludeEvent) result.config = event.preludeEvent.config;
    if (event.diagnosticEvent) {
      const { urn, prefix = "", message, severity, ephemeral } = event.diagnosticEvent;
      if (ephemeral === true || severity === "debug") continue;
      diagnostics.push({
        ...(urn === undefined || urn === "" ? {} : { urn }),
        message: sanitize(severity.startsWith("info") ? message : prefix + message),
        severity,
      });
    }
    if (event.stdoutEvent) {
      diagnostics.push({ message: sanitize(event.stdoutEvent.message), severity: "info" });
    }
    const before = event.resourcePreEvent?.metadata;
    if (before && isListed(before, options)) {
      firstOps.set(before.urn, before.op);
      steps.push(digestStep(before));
    }
    const after = event.resOutputsEvent?.metadata;
    // A refresh is announced as such and turns out to be an update or a delete.
    if (after && firstOps.get(after.urn) === "refresh" && after.op !== "refresh") {
      const at = steps.findIndex((step) => step.urn === after.urn);
      if (at >= 0) steps[at] = digestStep(after);
    }
    if (event.summaryEvent) {
      result.duration = Math.round(event.summaryEvent.durationSeconds * 1e9);
      result.changeSummary = event.summaryEvent.resourceChanges;
      if (event.summaryEvent.maybeCorrupt) result.maybeCorrupt = true;
    }
  }
  if (steps.length > 0) result.steps = steps;
  if (diagnostics.length > 0) result.diagnostics = diagnostics;
  return result;
}

function isListed(step: StepEventMetadata, options: DigestOptions): boolean {
  if (isStackUrn(step.urn)) return true;
  if (step.op === "same") {
    return options.showSames || (step.old?.protect ?? false) !== (step.new?.protect ?? false);
  }
  return step.logical === true || !isReplacementPart(step.op);
}

function digestStep(step: StepEventMetadata): DigestStep {
  const detailed = step.detailedDiff ?? null;
  return {
    op: step.op,
    urn: step.urn,
    ...(step.provider === "" ? {} : { provider: step.provider }),
    ...(step.old === null ? {} : { oldState: digestState(step.old) }),
    ...(step.new === null ? {} : { newState: digestState(step.new) }),
    ...(step.diffs && step.diffs.length > 0 ? { diffReasons: step.diffs } : {}),
    ...(step.keys && step.keys.length > 0 ? { replaceReasons: step.keys } : {}),
    detailedDiff:
      detailed === null
        ? null
        : Object.fromEntries(
            Object.entries(detailed).map(([path, { diffKind, inputDiff }]) => [
              path,
              { kind: diffKind, inputDiff },
            ]),
          ),
  };
}

/** Secrets are the plain word here, without signature, as in the CLI's digest. */
const massage = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(massage);
  if (!isRecord(value)) return value;
  if (isSecret(value)) return MASK;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, massage(entry)]));
};

const digestState = (state: StepEventState): DigestState => ({
  urn: state.urn,
  custom: state.custom ?? false,
  ...(state.id === "" ? {} : { id: state.id }),
  type: state.type,
  ...(Object.keys(state.inputs).length === 0 ? {} : { inputs: massage(state.inputs) }),
  ...(Object.keys(state.outputs).length === 0 ? {} : { outputs: massage(state.outputs) }),
  ...(state.parent === "" ? {} : { parent: state.parent }),
  ...(state.protect === true ? { protect: true } : {}),
  ...(state.provider === "" ? {} : { provider: state.provider }),
  ...(state.initErrors && state.initErrors.length > 0 ? { initErrors: state.initErrors } : {}),
});
