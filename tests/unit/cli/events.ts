import type {
  EngineEvent,
  StepEventMetadata,
  StepEventState,
  StepOp,
} from "../../../engine/events.js";
import { SIGNATURES, SIGNATURE_KEY } from "../../../engine/values/signatures.js";
import type { ScreenOptions } from "../../../cli/display/screen.js";
import { Progress, type ProgressOptions } from "../../../cli/display/progress.js";
import { plainText, type Line } from "../../../cli/display/text.js";

/** Event streams for a stack `dev` of the project `shop`, written short. */
export const ROOT = "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev";

const DYNAMIC = "pulumi-nodejs:dynamic/clocker:";

export const urnOf = (type: string, name: string): string =>
  `urn:pulumi:dev::shop::${type.includes(":") ? type : DYNAMIC + type}::${name}`;

export const secret = (value: unknown): Record<string, unknown> => ({
  [SIGNATURE_KEY]: SIGNATURES.secret,
  value,
});

export interface StepArgs {
  parent?: string;
  old?: Record<string, unknown> | null;
  new?: Record<string, unknown> | null;
  oldOutputs?: Record<string, unknown>;
  newOutputs?: Record<string, unknown>;
  keys?: string[];
  diffs?: string[];
  custom?: boolean;
}

const state = (
  urn: string,
  type: string,
  inputs: Record<string, unknown>,
  outputs: Record<string, unknown>,
  args: StepArgs,
): StepEventState => ({
  type,
  urn,
  custom: args.custom ?? true,
  id: "",
  parent: args.parent ?? (urn === ROOT ? "" : ROOT),
  provider: "",
  inputs,
  outputs,
});

export function step(op: StepOp, urn: string, args: StepArgs = {}): StepEventMetadata {
  const type = urn.split("::")[2] ?? "";
  const hasOld = !["create", "import"].includes(op);
  const hasNew = !["delete", "delete-replaced"].includes(op);
  const side = (
    given: Record<string, unknown> | null | undefined,
    outputs: Record<string, unknown> | undefined,
    isThere: boolean,
  ): StepEventState | null =>
    given === null || (given === undefined && !isThere)
      ? null
      : state(urn, type, given ?? {}, outputs ?? {}, args);
  return {
    op,
    urn,
    type,
    old: side(args.old, args.oldOutputs, hasOld),
    new: side(args.new, args.newOutputs, hasNew),
    ...(args.keys ? { keys: args.keys } : {}),
    ...(args.diffs ? { diffs: args.diffs } : {}),
    detailedDiff: null,
    logical: true,
    provider: "",
  };
}

type Bare = Omit<EngineEvent, "sequence" | "timestamp">;

export const pre = (op: StepOp, urn: string, args?: StepArgs): Bare => ({
  resourcePreEvent: { metadata: step(op, urn, args) },
});
export const done = (op: StepOp, urn: string, args?: StepArgs): Bare => ({
  resOutputsEvent: { metadata: step(op, urn, args) },
});
export const failed = (op: StepOp, urn: string, args?: StepArgs): Bare => ({
  resOpFailedEvent: { metadata: step(op, urn, args), status: 0, steps: 0 },
});
export const both = (op: StepOp, urn: string, args?: StepArgs): Bare[] => [
  pre(op, urn, args),
  done(op, urn, args),
];
export const say = (
  severity: "info" | "info#err" | "warning" | "error" | "debug",
  message: string,
  urn?: string,
  ephemeral = false,
): Bare => ({
  diagnosticEvent: { ...(urn ? { urn } : {}), message, color: "never", severity, ephemeral },
});
export const note = (message: string, urn: string): Bare => say("info", message, urn, true);
export const summary = (changes: Record<string, number>, durationSeconds = 3): Bare => ({
  summaryEvent: {
    maybeCorrupt: false,
    durationSeconds,
    resourceChanges: changes,
    PolicyPacks: {},
    isPreview: false,
    result: "succeeded",
  },
});

/** Milliseconds between two events, unless an entry is a number: then time passes. */
export type Script = (Bare | number)[];

export const stamp = (bare: Bare, sequence = 0): EngineEvent => ({
  sequence,
  timestamp: 1_000,
  ...bare,
});

export const options = (
  overrides: Partial<ProgressOptions & ScreenOptions> = {},
): ProgressOptions & ScreenOptions => ({
  action: "update",
  isPreview: false,
  project: "shop",
  stack: "dev",
  showSames: false,
  showOutputs: true,
  ...overrides,
});

/** Plays a script and gives the progress and the time at its end. */
export function play(
  script: Script,
  settings: ProgressOptions = options(),
): { progress: Progress; now: number } {
  const progress = new Progress(settings);
  let now = 0;
  for (const entry of script) {
    if (typeof entry === "number") now += entry;
    else progress.apply(stamp(entry), now);
  }
  return { progress, now };
}

export const screenText = (lines: readonly Line[]): string => lines.map(plainText).join("\n");
