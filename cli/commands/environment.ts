import type { EventEmitter } from "node:events";
import type { Command, Option } from "commander";

const PREFIX = "PULUMI_OPTION_";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Flags from the environment, as with the pulumi CLI: `--target-dependents` is PULUMI_OPTION_TARGET_DEPENDENTS. What the command
 * line says counts more. A flag that may be repeated takes a list with commas.
 */
export function applyEnvironment(command: Command, env: Environment = process.env): void {
  for (const option of command.options) {
    const text = env[PREFIX + option.name().replaceAll("-", "_").toUpperCase()];
    const source = command.getOptionValueSource(option.attributeName());
    if (text === undefined || text === "" || source === "cli") continue;
    // As commander tells of a flag on the command line.
    const events = command as unknown as EventEmitter;
    for (const value of valuesOf(option, text)) events.emit(`option:${option.name()}`, value);
  }
}

function valuesOf(option: Option, text: string): (string | null)[] {
  if (option.isBoolean() || option.negate) return isTrue(text) ? [null] : [];
  return option.required && option.parseArg !== undefined ? text.split(",") : [text];
}

/** As the CLI reads a variable that is on or off. */
export const isTrue = (text: string | undefined): boolean =>
  text !== undefined && /^(1|true)$/i.test(text);
