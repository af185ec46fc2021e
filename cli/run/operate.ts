import { resolve } from "node:path";
import type {
  DestroyOptions,
  EngineEvent,
  OperationOptions,
  OperationResult,
  Stack,
  UpOptions,
} from "../../engine/index.js";
import { type OperationFlags, isOn } from "../commands/operation-flags.js";
import type { Operation } from "../commands/operations.js";
import { EXIT } from "../exit-codes.js";
import { writeError } from "../errors.js";
import { folderOf, isColored } from "../commands/options.js";
import { createDisplay, type Display } from "../display/display.js";
import { span } from "../display/text.js";
import { painter } from "../display/paint.js";
import { isStackUrn } from "../display/urn.js";
import type { Action } from "../display/words.js";
import { hasChanges } from "../../engine/outputs.js";
import { EventLog } from "./event-log.js";
import { saveConfig } from "./save-config.js";
import { Interrupts } from "./interrupts.js";
import { openEngineStack } from "./open-stack.js";
import { confirm } from "./prompt.js";
import { quietInput } from "./quiet-input.js";
import { terminalRim } from "./terminal.js";

const ACTIONS: Readonly<Record<Operation, Action>> = {
  preview: "update",
  update: "update",
  refresh: "refresh",
  destroy: "destroy",
};

/** Runs an operation as a command: preview, question, execution. Resolves with the exit code. */
export async function operate(operation: Operation, flags: OperationFlags): Promise<number> {
  await saveConfig(flags);
  const stack = await openEngineStack(flags);
  const isOnlyPreview = operation === "preview" || flags.previewOnly === true;
  // With --json, stdout is one stream of one operation.
  const withPreview = flags.skipPreview !== true && (isOnlyPreview || flags.json !== true);
  if (withPreview || isOnlyPreview) {
    const previewed = await perform(stack, operation, flags, true);
    if (previewed.result.result !== "succeeded") return EXIT.error;
    if (isOnlyPreview) return exitCodeFor(operation, flags, previewed.result);
    if (flags.yes !== true && !(await isConfirmed(operation, flags, previewed.display)))
      return EXIT.error;
  }
  const { result } = await perform(stack, operation, flags, false);
  if (result.result !== "succeeded") return EXIT.error;
  if (operation === "destroy") {
    const { afterDestroy } = await import("./after-destroy.js");
    await afterDestroy(stack.name, flags);
  }
  return exitCodeFor(operation, flags, result);
}

/** As with the CLI, changes that nobody expected have been made when this is said: the preview is the place to look first. */
function exitCodeFor(
  operation: Operation,
  flags: OperationFlags,
  { changeSummary }: OperationResult,
): number {
  if (flags.expectNoChanges !== true || !hasChanges(changeSummary)) return EXIT.ok;
  writeError(`no changes were expected for ${operation} but changes were proposed`);
  return EXIT.changes;
}

async function isConfirmed(
  operation: Operation,
  flags: OperationFlags,
  preview: Display,
): Promise<boolean> {
  const what = ACTIONS[operation];
  const paint = painter(isColored(flags));
  const note =
    operation === "refresh" ? "\nOnly the stack's state will change, nothing on the hosts." : "";
  const answer = await confirm(
    paint([span(`Do you want to perform this ${what}?`, "bold"), span(note)]),
    () => process.stdout.write(`\n${preview.details()}`),
  );
  if (answer === "yes") {
    process.stdout.write("\n");
    return true;
  }
  const verdict = answer === "no" ? "declined" : "cancelled";
  process.stdout.write(`confirmation ${verdict}, not proceeding with the ${what}\n`);
  return false;
}

/** One pass of the engine with its display. */
async function perform(
  stack: Stack,
  operation: Operation,
  flags: OperationFlags,
  isPreview: boolean,
): Promise<{ result: OperationResult; display: Display }> {
  const mode = flags.json === true ? "json" : process.stdout.isTTY ? "live" : "plain";
  const display = createDisplay(
    {
      action: ACTIONS[operation],
      isPreview,
      project: stack.project,
      stack: stack.name,
      mode,
      isColored: isColored(flags),
      showDiff: flags.diff === true,
      showSames: flags.showSames === true,
      showReads: flags.showReads === true,
      showReplacementSteps: flags.showReplacementSteps === true,
      showConfig: flags.showConfig === true,
      showUrns: flags.urns === true,
      showDebug: flags.debug === true,
      hideProgress: flags.suppressProgress === true,
      showOutputs: flags.suppressOutputs !== true,
    },
    terminalRim(),
  );
  const releaseInput = mode === "live" ? quietInput() : () => undefined;
  const log = flags.eventLog === undefined ? undefined : new EventLog(flags.eventLog);
  const interrupts = new Interrupts((sentence) => display.notice(sentence));
  const targets = [...(flags.target ?? []), ...(flags.targetReplace ?? [])];
  const options: OperationOptions = {
    onEvent: (event) => {
      log?.write(event);
      if (!(interrupts.terminate.aborted && isCutOff(event))) display.event(event);
    },
    signal: interrupts.cancel,
    terminate: interrupts.terminate,
    ...(flags.parallel === undefined ? {} : { parallel: flags.parallel }),
    ...(targets.length === 0 ? {} : { target: targets }),
    targetDependents: flags.targetDependents === true,
    ...(flags.exclude === undefined ? {} : { exclude: flags.exclude }),
    excludeDependents: flags.excludeDependents === true,
    ignoreProtect: flags.ignoreProtect === true,
    continueOnError: flags.continueOnError === true,
    skipConfigValidation: flags.skipConfigValidation === true,
    runProgram: isOn(flags.runProgram),
    debug: flags.debug === true,
    ...(flags.message === undefined ? {} : { message: flags.message }),
  };
  try {
    const result = await start(stack, operation, flags, isPreview, options);
    display.finish(flags.showSecrets === true ? openOutputs(result) : undefined);
    if (!interrupts.terminate.aborted) reportRest(result, display);
    return { result, display };
  } catch (error) {
    // Nothing was begun: an empty tree would only stand in the way of the reason.
    display.abandon();
    throw error;
  } finally {
    interrupts.release();
    releaseInput();
    log?.close();
  }
}

/** After a stop at once every running step breaks off: its row says interrupted, which is no failure of its own. */
const isCutOff = ({ resOpFailedEvent, diagnosticEvent }: EngineEvent): boolean =>
  resOpFailedEvent !== undefined ||
  (diagnosticEvent?.severity === "error" &&
    diagnosticEvent.urn !== undefined &&
    !isStackUrn(diagnosticEvent.urn));

const openOutputs = ({ outputs }: OperationResult): Record<string, unknown> =>
  Object.fromEntries(Object.entries(outputs).map(([key, { value }]) => [key, value]));

function start(
  stack: Stack,
  operation: Operation,
  flags: OperationFlags,
  isPreview: boolean,
  shared: OperationOptions,
): Promise<OperationResult> {
  const inFolder = (paths: string[]): string[] =>
    flags.cwd === undefined ? paths : paths.map((path) => resolve(folderOf(flags), path));
  // Left out, it is as the project says.
  const refresh = flags.refresh === undefined ? {} : { refresh: isOn(flags.refresh) };
  const replace = [...(flags.replace ?? []), ...(flags.targetReplace ?? [])];
  switch (operation) {
    case "preview":
    case "update": {
      const options: UpOptions = {
        ...shared,
        ...refresh,
        ...(replace.length === 0 ? {} : { replace }),
        ...(flags.policyPack === undefined ? {} : { policyPacks: inFolder(flags.policyPack) }),
        ...(flags.policyPackConfig === undefined
          ? {}
          : { policyPackConfigs: inFolder(flags.policyPackConfig) }),
      };
      return isPreview ? stack.preview(options) : stack.up(options);
    }
    case "refresh":
      return stack.refresh({
        ...shared,
        preview: isPreview,
        clearPendingCreates: flags.clearPendingCreates === true,
      });
    case "destroy": {
      const options: DestroyOptions = {
        ...shared,
        preview: isPreview,
        excludeProtected: flags.excludeProtected === true,
        ...refresh,
      };
      return stack.destroy(options);
    }
  }
}

/** Errors that no event told of. */
function reportRest(result: OperationResult, display: Display): void {
  const shown = display.failures.join("\n");
  for (const error of result.errors) {
    if (!shown.includes(error.trim())) writeError(error.trimEnd());
  }
}
