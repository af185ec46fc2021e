import { resolve } from "node:path";
import { InvalidArgumentError, Option, type Command, type OptionValues } from "commander";
import { wantsColor, type ColorChoice } from "../display/paint.js";
import { applyEnvironment } from "./environment.js";
import { FOREIGN, withForeign } from "./only-pulumi.js";

/** What every command of a project takes. */
export interface CommonFlags {
  stack?: string;
  cwd?: string;
  color?: ColorChoice;
  nonInteractive?: boolean;
  /** A file to use instead of Pulumi.<stack>.yaml. */
  configFile?: string;
}

const EVERYWHERE = "Options of every command:";

/** A command with the common options. Values given before the command's name count too. */
export const withCommon = (command: Command): Command =>
  command
    .addOption(new Option("-C, --cwd <dir>", "run as if in this folder").helpGroup(EVERYWHERE))
    .addOption(
      new Option("--color <when>", "colour the output")
        .choices(["always", "never", "auto"])
        .helpGroup(EVERYWHERE),
    )
    .addOption(new Option("--non-interactive", "never ask").helpGroup(EVERYWHERE))
    // The CLI's own, which change nothing here: scripts for it go on working.
    .addOption(new Option("-e, --emoji").hideHelp())
    .addOption(new Option("-Q, --fully-qualify-stack-names").hideHelp())
    .addOption(new Option("--disable-integrity-checking").hideHelp())
    .addOption(new Option("--logflow").hideHelp())
    .addOption(new Option("--logtostderr").hideHelp())
    .addOption(new Option("--tracing <where>").hideHelp())
    .hook("preAction", (_, called) => applyEnvironment(called));

export const withStack = (command: Command): Command =>
  withForeign(
    withCommon(command).option("-s, --stack <name>", "the stack; default: the selected one"),
    FOREIGN.everywhere,
  );

/** All flags of a command, its parents' included. */
export const flagsOf = <Flags extends OptionValues>(command: Command): Flags =>
  command.optsWithGlobals<Flags>();

/** The folder a command works in. */
export const folderOf = (flags: CommonFlags): string => resolve(flags.cwd ?? ".");

export const isColored = (
  flags: CommonFlags,
  stream: NodeJS.WriteStream = process.stdout,
): boolean => wantsColor(flags.color ?? "auto", stream.isTTY, process.env);

/** Somebody is there to be asked. */
export const isInteractive = (flags: CommonFlags): boolean =>
  flags.nonInteractive !== true &&
  process.stdin.isTTY &&
  process.stdout.isTTY &&
  (process.env["CI"] ?? "") === "";

export function positiveNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) {
    throw new InvalidArgumentError("It must be a whole number from 1.");
  }
  return value;
}

/** For options that may be repeated. */
export const collect = (text: string, before: string[] | undefined): string[] => [
  ...(before ?? []),
  text,
];
