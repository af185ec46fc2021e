import type { Command } from "commander";
import { EXIT } from "../exit-codes.js";
import { finish } from "../program.js";
import { FOREIGN, withForeign, withSecretsProvider } from "./only-pulumi.js";
import {
  type OperationFlags,
  withConfirmation,
  withEnvironment,
  withOperation,
  withPendingCreates,
  withProgram,
  withRefresh,
} from "./operation-flags.js";
import { flagsOf, isInteractive, withStack, type CommonFlags } from "./options.js";
import { refuseUsage } from "./usage.js";

export type Operation = "preview" | "update" | "refresh" | "destroy";

/** Adds `preview`, `up`, `refresh`, `destroy` and `cancel`. */
export function registerOperations(program: Command): void {
  const preview = shared(program.command("preview").alias("pre"))
    .summary("show what `up` would do")
    .description(
      "Runs the program and shows what would change, without changing anything: for every container the host and address it would get, and why.",
    );
  withForeign(withProgram(preview), FOREIGN.programs).action(run("preview"));

  const up = withConfirmation(shared(program.command("up").alias("update")), "update")
    .summary("make the cloud what the program says")
    .description(
      "Shows what would change, asks, and then does just that. The first Ctrl-C lets running steps finish and starts no others; a second one stops at once.",
    );
  withSecretsProvider(withForeign(withProgram(up), FOREIGN.programs)).action(run("update"));

  const refresh = withConfirmation(shared(program.command("refresh")), "refresh")
    .summary("bring the state in line with the hosts")
    .description(
      "Looks at every resource where it runs and writes what was found to the stack's state. Changes nothing on the hosts.",
    );
  withForeign(withPendingCreates(refresh), FOREIGN.refreshes).action(run("refresh"));

  const destroy = withConfirmation(shared(program.command("destroy").alias("down")), "destroy")
    .option("--remove", "remove the stack too, when nothing is left in it")
    .option("--exclude-protected", "keep protected resources and what they depend on")
    .summary("delete everything the stack made")
    .description(
      "Deletes every resource of the stack, in reverse order. The program runs only with --run-program.",
    );
  withForeign(withRefresh(destroy), FOREIGN.operations).action(run("destroy"));

  withStack(program.command("cancel [stack]"))
    .option("-y, --yes", "do not ask")
    .summary("remove the lock of an operation that died")
    .description(
      "Removes the stack's locks. Only for locks whose holder is gone: an operation that still runs would not notice and both would write.",
    )
    .action(async (stack: string | undefined, _options: unknown, command: Command) => {
      const flags = flagsOf<CommonFlags & { yes?: boolean }>(command);
      const { cancelStack } = await import("../run/cancel.js");
      finish(await cancelStack({ ...flags, ...(stack === undefined ? {} : { stack }) }));
    });
}

const shared = (command: Command): Command =>
  withOperation(withStack(command)).option(
    "--run-program [bool]",
    "refresh and destroy: with providers, options and hooks as the program says",
  );

/** Checks the flags that belong together, then loads the engine. */
function run(operation: Operation) {
  return async (_options: unknown, command: Command): Promise<void> => {
    const flags = withEnvironment(flagsOf<OperationFlags>(command), process.env);
    checkTogether(command, flags);
    const mustAsk =
      operation !== "preview" &&
      flags.yes !== true &&
      flags.skipPreview !== true &&
      flags.previewOnly !== true;
    if (mustAsk && (!isInteractive(flags) || flags.json === true)) {
      refuseUsage(
        command,
        "--yes or --skip-preview or --preview-only must be passed in to proceed when running in non-interactive mode",
        // The CLI tells a refresh apart, for no reason it gives.
        operation === "refresh" ? EXIT.error : EXIT.unconfirmed,
      );
    }
    const { operate } = await import("../run/operate.js");
    finish(await operate(operation, flags));
  };
}

function checkTogether(command: Command, flags: OperationFlags): void {
  const exclusive: [string, unknown, string, unknown][] = [
    ["--yes", flags.yes, "--preview-only", flags.previewOnly],
    ["--skip-preview", flags.skipPreview, "--preview-only", flags.previewOnly],
    ["--target", flags.target, "--exclude", flags.exclude],
    ["--target", flags.target, "--exclude-protected", flags.excludeProtected],
    [
      "--skip-pending-creates",
      flags.skipPendingCreates,
      "--clear-pending-creates",
      flags.clearPendingCreates,
    ],
  ];
  for (const [one, isOne, other, isOther] of exclusive) {
    if (isOne !== undefined && isOther !== undefined)
      refuseUsage(command, `${one} and ${other} exclude each other`);
  }
}
