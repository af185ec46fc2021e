import type { Command } from "commander";
import { EXIT } from "../exit-codes.js";

/** Ends the command for wrong usage, in commander's own way. */
export function refuseUsage(
  command: Command,
  sentence: string,
  exitCode: number = EXIT.error,
): never {
  return command.error(`error: ${sentence}`, { exitCode });
}
