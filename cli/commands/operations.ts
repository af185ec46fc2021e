import type { Command } from "commander";
import { finish } from "../program.js";
import {
  collect,
  flagsOf,
  isInteractive,
  positiveNumber,
  refuseUsage,
  withStack,
  type CommonFlags,
} from "./options.js";

/** The pulumi CLI's flags for operations, as far as the engine has them. */
export interface OperationFlags extends CommonFlags {
  yes?: boolean;
  skipPreview?: boolean;
  previewOnly?: boolean;
  json?: boolean;
  eventLog?: string;
  parallel?: number;
  target?: string[];
  targetDependents?: boolean;
  replace?: string[];
  continueOnError?: boolean;
  refresh?: string | boolean;
  expectNoChanges?: boolean;
  diff?: boolean;
  message?: string;
  suppressOutputs?: boolean;
  showSames?: boolean;
  policyPack?: string[];
  policyPackConfig?: string[];
  remove?: boolean;
}

export type Operation = "preview" | "update" | "refresh" | "destroy";

/** Adds `preview`, `up`, `refresh`, `destroy` and `cancel`. */
export function registerOperations(program: Command): void {
  const preview = shared(program.command("preview").alias("pre"))
    .summary("show what `up` would do")
    .description(
      "Runs the program and shows what would change, without changing anything: for every container the host and address it would get, and why.",
    );
  withProgram(preview).action(run("preview"));

  const up = confirmed(shared(program.command("up").alias("update")), "update")
    .summary("make the cloud what the program says")
    .description(
      "Shows what would change, asks, and then does just that. The first Ctrl-C lets running steps finish and starts no others; a second one stops at once.",
    );
  withProgram(up).action(run("update"));

  confirmed(shared(program.command("refresh")), "refresh")
    .summary("bring the state in line with the hosts")
    .description(
      "Looks at every resource where it runs and writes what was found to the stack's state. Changes nothing on the hosts.",
    )
    .action(run("refresh"));

  withRefresh(confirmed(shared(program.command("destroy").alias("down")), "destroy"))
    .option("--remove", "remove the stack too, when nothing is left in it")
    .summary("delete everything the stack made")
    .description("Deletes every resource of the stack, in reverse order. The program is not run.")
    .action(run("destroy"));

  withStack(program.command("cancel [stack]"))
    .option("-y, --yes", "do not ask")
    .summary("remove the lock of an operation that died")
    .description(
      "Removes the stack's locks. Only for locks whose holder is gone: an operation that still runs would not notice and both would write.",
    )
    .action(async (stack: string | undefined, _options: unknown, command: Command) => {
      const flags = flagsOf<CommonFlags & { yes?: boolean }>(command);
      if (flags.yes !== true && !isInteractive(flags)) {
        refuseUsage(
          command,
          "--yes must be passed in to proceed when running in non-interactive mode",
        );
      }
      const { cancelStack } = await import("../run/cancel.js");
      finish(await cancelStack({ ...flags, ...(stack === undefined ? {} : { stack }) }));
    });
}

/** Checks the flags that belong together, then loads the engine. */
function run(operation: Operation) {
  return async (_options: unknown, command: Command): Promise<void> => {
    const flags = flagsOf<OperationFlags>(command);
    const mustAsk =
      operation !== "preview" &&
      flags.yes !== true &&
      flags.skipPreview !== true &&
      flags.previewOnly !== true;
    if (mustAsk && (!isInteractive(flags) || flags.json === true)) {
      refuseUsage(
        command,
        "--yes or --skip-preview must be passed in to proceed when running in non-interactive mode",
      );
    }
    const { operate } = await import("../run/operate.js");
    finish(await operate(operation, flags));
  };
}

/** What all four operations take. */
const shared = (command: Command): Command =>
  withStack(command)
    .option("-j, --json", "write engine events as JSON; a preview as one JSON object")
    .option(
      "--event-log <file>",
      "also write the engine's events to this file, one JSON object a line",
    )
    .option("-p, --parallel <n>", "how many resources at once", positiveNumber)
    .option("-t, --target <urn>", "only this resource; may be repeated", collect)
    .option("--target-dependents", "with --target: also what depends on it")
    .option("--continue-on-error", "go on with what does not depend on a failure")
    .option("--expect-no-changes", "fail if anything would change")
    .option("--diff", "show every changed property, old and new")
    .option("-m, --message <text>", "a message for the stack's history")
    .option("--suppress-outputs", "do not show the stack's outputs")
    .option("--show-sames", "show unchanged resources too");

/** What asks before it acts takes these. */
const confirmed = (command: Command, what: string): Command =>
  command
    .option("-y, --yes", `preview, then perform the ${what} without asking`)
    .option("-f, --skip-preview", `perform the ${what} at once, without preview and without asking`)
    .option("--preview-only", "show the preview and stop");

const withRefresh = (command: Command): Command =>
  command.option("-r, --refresh [bool]", "refresh the state first");

/** What runs the program takes these. */
const withProgram = (command: Command): Command =>
  withRefresh(command)
    .option(
      "--replace <urn>",
      "replace this resource even if nothing changed; may be repeated",
      collect,
    )
    .option("--policy-pack <dir>", "check with this policy pack; may be repeated", collect)
    .option(
      "--policy-pack-config <file>",
      "the configuration of the policy pack, as JSON; one for each pack",
      collect,
    );
