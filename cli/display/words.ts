import type { StepOp } from "../../engine/events.js";
import type { Style } from "./text.js";

/** How one kind of step is shown: symbol, colour and its words. */
interface OpWords {
  symbol: string;
  style: Style | undefined;
  /** In the Plan column of a preview. */
  plan: string;
  running: string;
  done: string;
  failed: string;
  /** In the summary of a preview: "5 to create". */
  toDo: string;
}

const words = (
  symbol: string,
  style: Style | undefined,
  plan: string,
  running: string,
  done: string,
  failed: string,
  toDo = plan,
): OpWords => ({ symbol, style, plan, running, done, failed, toDo });

export const OPS: Readonly<Record<StepOp, OpWords>> = {
  same: words(" ", "dim", "", "", "", "failed"),
  create: words("+", "green", "create", "creating", "created", "creating failed"),
  update: words("~", "yellow", "update", "updating", "updated", "updating failed"),
  delete: words("-", "red", "delete", "deleting", "deleted", "deleting failed"),
  replace: words("+-", "magenta", "replace", "replacing", "replaced", "replacing failed"),
  "create-replacement": words(
    "++",
    "green",
    "create replacement",
    "creating replacement",
    "created replacement",
    "creating replacement failed",
  ),
  "delete-replaced": words(
    "--",
    "red",
    "delete original",
    "deleting original",
    "deleted original",
    "deleting original failed",
  ),
  read: words(">", "cyan", "read", "reading", "read", "reading failed"),
  "read-replacement": words(
    ">>",
    "cyan",
    "read for replacement",
    "reading for replacement",
    "read for replacement",
    "reading failed",
  ),
  refresh: words("~", "cyan", "refresh", "refreshing", "refreshed", "refreshing failed"),
  discard: words("<", "red", "discard", "discarding", "discarded", "discarding failed"),
  "discard-replaced": words(
    "<<",
    "red",
    "discard original",
    "discarding original",
    "discarded original",
    "discarding failed",
  ),
  "remove-pending-replace": words("~", "dim", "", "", "", "failed"),
  import: words("=", "cyan", "import", "importing", "imported", "importing failed"),
  "import-replacement": words(
    "=>",
    "cyan",
    "import replacement",
    "importing replacement",
    "imported replacement",
    "importing failed",
  ),
};

/** The order in which the closing summary counts. */
export const OP_ORDER = Object.keys(OPS) as StepOp[];

/** The steps that together are one replacement of a resource. */
export const isReplacementPart = (op: StepOp): boolean =>
  op === "create-replacement" || op === "delete-replaced" || op === "discard-replaced";

export type Action = "update" | "refresh" | "destroy";

const TITLES: Readonly<Record<Action, string>> = {
  update: "Updating",
  refresh: "Refreshing",
  destroy: "Destroying",
};

/** The first line of a display: "Previewing update (dev):". */
export const title = (action: Action, isPreview: boolean, stack: string): string =>
  `${isPreview ? `Previewing ${action}` : TITLES[action]} (${stack}):`;

/** Seconds of a running step, in whole seconds so that rows do not flicker. */
export const elapsed = (milliseconds: number): string =>
  duration(Math.max(0, Math.floor(milliseconds / 1000)));

/** Time a finished step took; tenths below ten seconds. */
export const took = (milliseconds: number): string =>
  milliseconds < 9_950
    ? `${(Math.max(0, milliseconds) / 1000).toFixed(1)}s`
    : duration(Math.round(milliseconds / 1000));

/** "3s", "2m5s", "1h0m3s". */
export function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const rest = `${whole % 60}s`;
  if (hours > 0) return `${hours}h${minutes}m${rest}`;
  return minutes > 0 ? `${minutes}m${rest}` : rest;
}

export const count = (amount: number, one: string, many = `${one}s`): string =>
  `${amount} ${amount === 1 ? one : many}`;
