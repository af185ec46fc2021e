import { Command, CommanderError } from "commander";
import { exitCodeOf, reportError } from "./errors.js";
import { EXIT } from "./exit-codes.js";
import { GROUPS, type Group } from "./groups.js";
import { version } from "./version.js";

/** The exit code of a command that ran, set by it through `finish`. */
let exitCode = 0;

/** Called by commands that end other than well. */
export function finish(code: number): void {
  exitCode = code;
}

/** Runs one command line; resolves with the exit code and never rejects. */
export async function runCli(argv: readonly string[]): Promise<number> {
  exitCode = 0;
  try {
    const program = await programWith(groupsFor(argv));
    if (argv.length === 0) {
      program.outputHelp();
      return 0;
    }
    await program.parseAsync([...argv], { from: "user" });
    return exitCode || Number(process.exitCode ?? EXIT.ok);
  } catch (error) {
    // Commander has said what is wrong, or shown what was asked for.
    if (error instanceof CommanderError) return error.exitCode;
    reportError(error);
    return exitCodeOf(error);
  }
}

/** The program with the commands of these groups. Default: of all. */
export async function programWith(groups: readonly Group[] = GROUPS): Promise<Command> {
  const program = newProgram();
  for (const group of groups) (await group.load())(program);
  return program;
}

function newProgram(): Command {
  return new Command("clocker")
    .description("One Docker cloud out of the machines you can reach by SSH.")
    .version(version(), "-v, --version", "show the version")
    .option("-C, --cwd <dir>", "run as if in this folder")
    .option("--color <when>", "always, never or auto")
    .option("--non-interactive", "never ask")
    .usage("<command> [options]")
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .showHelpAfterError("Run `clocker --help`, or `clocker <command> --help`.")
    .exitOverride();
}

/** The groups the command line needs: one, or all for help and for names nobody has. */
function groupsFor(argv: readonly string[]): readonly Group[] {
  const name = commandName(argv);
  const group = GROUPS.find(({ commands }) => name !== undefined && commands.includes(name));
  return group === undefined ? GROUPS : [group];
}

/** The first argument that is neither an option nor the value of one. */
function commandName(argv: readonly string[]): string | undefined {
  for (let at = 0; at < argv.length; at += 1) {
    const argument = argv[at] ?? "";
    if (argument === "-C" || argument === "--cwd" || argument === "--color") at += 1;
    else if (!argument.startsWith("-")) return argument;
  }
  return undefined;
}
