import { Option, type Command } from "commander";
import { isTrue } from "./environment.js";
import { collect, positiveNumber, type CommonFlags } from "./options.js";

/** The pulumi CLI's flags for operations, as far as the engine has them. */
export interface OperationFlags extends CommonFlags {
  yes?: boolean;
  skipPreview?: boolean;
  previewOnly?: boolean;
  json?: boolean;
  eventLog?: string;
  parallel?: number;
  config?: string[];
  configPath?: boolean;
  debug?: boolean;
  target?: string[];
  targetDependents?: boolean;
  targetReplace?: string[];
  exclude?: string[];
  excludeDependents?: boolean;
  excludeProtected?: boolean;
  ignoreProtect?: boolean;
  replace?: string[];
  continueOnError?: boolean;
  refresh?: string | boolean;
  runProgram?: string | boolean;
  clearPendingCreates?: boolean;
  skipPendingCreates?: boolean;
  skipConfigValidation?: boolean;
  expectNoChanges?: boolean;
  diff?: boolean;
  message?: string;
  suppressOutputs?: boolean;
  suppressProgress?: boolean;
  showConfig?: boolean;
  showReads?: boolean;
  showReplacementSteps?: boolean;
  showSames?: boolean;
  showSecrets?: boolean;
  urns?: boolean;
  policyPack?: string[];
  policyPackConfig?: string[];
  remove?: boolean;
}

const WHAT = "What it works on:";
const SHOWN = "What it shows:";

/** A flag that takes no value, or true or false: `--refresh`, `--refresh=false`. */
export const isOn = (flag: string | boolean | undefined): boolean =>
  flag !== undefined && flag !== false && flag !== "false";

/** What the environment says where the command line does not, in the CLI's variables. */
export function withEnvironment(
  flags: OperationFlags,
  env: Readonly<Record<string, string | undefined>>,
): OperationFlags {
  const { PULUMI_PARALLEL: parallel, PULUMI_RUN_PROGRAM: runProgram } = env;
  const isConfirmed = flags.previewOnly !== true && isTrue(env["PULUMI_SKIP_CONFIRMATIONS"]);
  return {
    ...(parallel === undefined || !/^[1-9]\d*$/.test(parallel)
      ? {}
      : { parallel: Number(parallel) }),
    ...(isTrue(runProgram) ? { runProgram: true } : {}),
    ...(isTrue(env["PULUMI_CONTINUE_ON_ERROR"]) ? { continueOnError: true } : {}),
    ...(isConfirmed ? { yes: true } : {}),
    ...flags,
  };
}

/** What all four operations take. */
export const withOperation = (command: Command): Command =>
  command
    .option("-p, --parallel <n>", "how many resources at once", positiveNumber)
    .option(
      "-c, --config <key=value>",
      "set this in the stack's configuration first; may be repeated",
      collect,
    )
    .option("--config-path", "the keys of --config are paths: outer.inner[0]")
    .option("--config-file <file>", "use this file instead of Pulumi.<stack>.yaml")
    .option(
      "--skip-config-validation",
      "do not check the configuration against the project's types",
    )
    .option("--continue-on-error", "go on with what does not depend on a failure")
    .option("--expect-no-changes", "fail if anything changes")
    .option("-m, --message <text>", "a message for the stack's history")
    .addOption(
      new Option(
        "-t, --target <urn>",
        "only this resource; may be repeated, * and ** are wildcards",
      )
        .argParser(collect)
        .helpGroup(WHAT),
    )
    .addOption(
      new Option("--target-dependents", "with --target: also what depends on it").helpGroup(WHAT),
    )
    .addOption(
      new Option("-x, --exclude <urn>", "all but this resource; may be repeated")
        .argParser(collect)
        .helpGroup(WHAT),
    )
    .addOption(
      new Option("--exclude-dependents", "with --exclude: not what depends on it either").helpGroup(
        WHAT,
      ),
    )
    .addOption(
      new Option("--ignore-protect", "delete and replace protected resources, too").helpGroup(WHAT),
    )
    .addOption(
      new Option(
        "-j, --json",
        "write engine events as JSON; a preview as one JSON object",
      ).helpGroup(SHOWN),
    )
    .addOption(
      new Option(
        "--event-log <file>",
        "also write the engine's events to this file, one JSON object a line",
      ).helpGroup(SHOWN),
    )
    .addOption(new Option("--diff", "every changed property, old and new").helpGroup(SHOWN))
    .addOption(new Option("-d, --debug", "debug messages; they may hold secrets").helpGroup(SHOWN))
    .addOption(new Option("--show-config", "the configuration in use").helpGroup(SHOWN))
    .addOption(new Option("--show-reads", "resources that are read").helpGroup(SHOWN))
    .addOption(
      new Option("--show-replacement-steps", "each step of a replacement").helpGroup(SHOWN),
    )
    .addOption(new Option("--show-sames", "unchanged resources").helpGroup(SHOWN))
    .addOption(new Option("--show-secrets", "secret outputs in the clear").helpGroup(SHOWN))
    .addOption(new Option("--suppress-outputs", "not the stack's outputs").helpGroup(SHOWN))
    .addOption(
      new Option("--suppress-progress", "no signs of life of what takes long").helpGroup(SHOWN),
    )
    .addOption(new Option("--urns", "URNs instead of types and names").helpGroup(SHOWN));

/** What asks before it acts takes these. */
export const withConfirmation = (command: Command, what: string): Command =>
  command
    .option("-y, --yes", `preview, then perform the ${what} without asking`)
    .option("-f, --skip-preview", `perform the ${what} at once, without preview and without asking`)
    .option("--preview-only", "show the preview and stop");

export const withRefresh = (command: Command): Command =>
  command.option("-r, --refresh [bool]", "refresh the state first");

/** What runs the program takes these. */
export const withProgram = (command: Command): Command =>
  withRefresh(command)
    .addOption(
      new Option(
        "--replace <urn>",
        "replace this resource even if nothing changed; may be repeated",
      )
        .argParser(collect)
        .helpGroup(WHAT),
    )
    .addOption(
      new Option("--target-replace <urn>", "short for --target and --replace; may be repeated")
        .argParser(collect)
        .helpGroup(WHAT),
    )
    .option("--policy-pack <dir>", "check with this policy pack; may be repeated", collect)
    .option(
      "--policy-pack-config <file>",
      "the configuration of the policy pack, as JSON; one for each pack",
      collect,
    );

export const withPendingCreates = (command: Command): Command =>
  command
    .option("--clear-pending-creates", "forget creations that were cut short")
    .option("--skip-pending-creates", "keep creations that were cut short (the default)");
