import {
  DETAILS,
  type EngineEvent,
  type StepEventMetadata,
  type StepEventState,
} from "../../engine/events.js";
import { isEmpty, RESOURCE_FIELDS } from "../../engine/state/resource-codec.js";
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

/** A resource as it would stand in the state, with masked secrets. */
type DigestState = Record<string, unknown>;

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
  /** Milliseconds that the preview took. Default: what its summary says, in whole seconds. */
  took?: number;
}

/** Sums up the events of a preview. */
export function digest(events: readonly EngineEvent[], options: DigestOptions): PreviewDigest {
  let config: PreviewDigest["config"];
  const closing: Pick<PreviewDigest, "duration" | "changeSummary" | "maybeCorrupt"> = {};
  const steps: DigestStep[] = [];
  const diagnostics: NonNullable<PreviewDigest["diagnostics"]> = [];
  const firstOps = new Map<string, string>();
  for (const event of events) {
    if (event.preludeEvent) config = event.preludeEvent.config;
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
      const took = options.took ?? event.summaryEvent.durationSeconds * 1000;
      closing.duration = Math.round(took * 1e6);
      closing.changeSummary = event.summaryEvent.resourceChanges;
      if (event.summaryEvent.maybeCorrupt) closing.maybeCorrupt = true;
    }
  }
  return {
    ...(config === undefined ? {} : { config }),
    ...(steps.length > 0 ? { steps } : {}),
    ...(diagnostics.length > 0 ? { diagnostics } : {}),
    ...closing,
  };
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

const ALWAYS = new Set<string>(["urn", "custom", "type"]);

/** The fields in the order of the state's file. */
function digestState(state: StepEventState): DigestState {
  const whole: Record<string, unknown> = {
    ...state,
    ...state[DETAILS],
    custom: state.custom ?? false,
    inputs: massage(state.inputs),
    outputs: massage(state.outputs),
  };
  return Object.fromEntries(
    RESOURCE_FIELDS.filter((name) => ALWAYS.has(name) || !isEmpty(whole[name])).map((name) => [
      name,
      whole[name],
    ]),
  );
}
