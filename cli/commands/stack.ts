import { Option, type Command } from "commander";
import { EXIT } from "../exit-codes.js";
import { finish } from "../program.js";
import { FOREIGN, withForeign, withForeignCommands, withSecretsProvider } from "./only-pulumi.js";
import { flagsOf, isInteractive, positiveNumber, withStack, type CommonFlags } from "./options.js";
import { refuseUsage } from "./usage.js";

/** Flags of the stack commands. */
export interface StackFlags extends CommonFlags {
  all?: boolean;
  copyConfigFrom?: string;
  fullDates?: boolean;
  output?: string;
  project?: string;
  removeBackups?: boolean;
  file?: string;
  force?: boolean;
  json?: boolean;
  page?: number;
  pageSize?: number;
  preserveConfig?: boolean;
  select?: boolean;
  shell?: boolean;
  showIds?: boolean;
  showName?: boolean;
  showSecrets?: boolean;
  showUrns?: boolean;
  yes?: boolean;
}

const load = (): Promise<typeof import("../run/stacks.js")> => import("../run/stacks.js");

/** Adds `stack` and its subcommands. */
export function registerStack(program: Command): void {
  const stack = withStack(program.command("stack"))
    .summary("make, choose, look at and remove stacks")
    .description("Without a subcommand: shows the current stack, its resources and outputs.")
    .option("-i, --show-ids", "show each resource's id")
    .option("-u, --show-urns", "show each resource's URN")
    .addOption(withFormat())
    .option("--show-name", "show only the stack's name")
    .option("--show-secrets", "show secret outputs in the clear")
    .enablePositionalOptions()
    .action(async (_options: unknown, command: Command) =>
      (await load()).showStack(flagsOf<StackFlags>(command)),
    );

  const add = (signature: string, summary: string): Command =>
    withStack(stack.command(signature))
      .summary(summary)
      .description(`${capital(summary)}.`);

  const init = withSecretsProvider(add("init [name]", "make an empty stack and select it"));
  withForeign(init, FOREIGN.stackInit)
    .alias("new")
    .option("--no-select", "leave the selection as it is")
    .option("--copy-config-from <stack>", "with a copy of this stack's configuration")
    .addOption(new Option("-y, --yes").hideHelp())
    .action(async (name: string | undefined, _options: unknown, command: Command) => {
      const flags = flagsOf<StackFlags>(command);
      const wanted = name ?? flags.stack;
      if (wanted === undefined) refuseUsage(command, "name the stack: clocker stack init <name>");
      await (await load()).initStack(wanted, flags);
    });

  withForeign(add("ls", "list the project's stacks"), FOREIGN.stackList)
    .alias("list")
    .option("-a, --all", "the stacks of all projects")
    .option("-p, --project <name>", "the stacks of this project")
    .addOption(withFormat())
    .option("-j, --json", "answer as JSON")
    .action(async (_options: unknown, command: Command) =>
      (await load()).listStacks(flagsOf<StackFlags>(command)),
    );

  withSecretsProvider(add("select [name]", "choose the stack that commands work on"))
    .option("-c, --create", "make it if it does not exist")
    .action(async (name: string | undefined, _options: unknown, command: Command) => {
      const flags = flagsOf<StackFlags & { create?: boolean }>(command);
      const wanted = name ?? flags.stack;
      if (wanted === undefined) {
        refuseUsage(command, "name the stack: clocker stack select <name>", EXIT.noStack);
      }
      await (await load()).select(wanted, flags);
    });

  add("rm [name]", "remove a stack that has no resources left")
    .alias("remove")
    .option("-y, --yes", "do not ask")
    .option("-f, --force", "also if it has resources: they are forgotten and left running")
    .option("--preserve-config", "keep the stack's configuration file")
    .option("--remove-backups", "remove the copies of its states, too")
    .action(async (name: string | undefined, _options: unknown, command: Command) => {
      const flags = flagsOf<StackFlags>(command);
      if (flags.yes !== true && !isInteractive(flags)) {
        refuseUsage(
          command,
          "--yes must be passed in to proceed when running in non-interactive mode",
        );
      }
      const wanted = name ?? flags.stack;
      finish(await (await load()).remove(wanted, flags));
    });

  withForeign(add("export", "print the stack's state as JSON"), FOREIGN.stackExport)
    .option("--file <file>", "write to this file instead")
    .option("--show-secrets", "with secrets in the clear")
    .action(async (_options: unknown, command: Command) =>
      (await load()).exportState(flagsOf<StackFlags>(command)),
    );

  add("import", "replace the stack's state by one that was exported")
    .option("--file <file>", "read this file instead of the standard input")
    .option("-f, --force", "also a state of another stack")
    .action(async (_options: unknown, command: Command) =>
      (await load()).importState(flagsOf<StackFlags>(command)),
    );

  add("output [name]", "show the outputs of the last update, or one of them")
    .option("-j, --json", "answer as JSON")
    .option("--shell", "answer as shell variables")
    .option("--show-secrets", "show secrets in the clear")
    .action(async (name: string | undefined, _options: unknown, command: Command) =>
      (await load()).showOutputs(name, flagsOf<StackFlags>(command)),
    );

  add("history", "list the operations that were performed")
    .option("-j, --json", "answer as JSON")
    .option("--full-dates", "whole dates instead of how long ago")
    .option("--show-secrets", "with --json: secret configuration in the clear")
    .addOption(withFormat())
    .option("--page-size <n>", "operations a page", positiveNumber)
    .option("--page <n>", "which page", positiveNumber)
    .action(async (_options: unknown, command: Command) =>
      (await load()).showHistory(flagsOf<StackFlags>(command)),
    );

  withForeignCommands(stack, "stack");
}

const withFormat = (): Option =>
  new Option("--output <format>", "how to answer").choices(["default", "json"]);

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
