import type { Command } from "commander";
import { FOREIGN_COMMANDS, withForeignCommands } from "./commands/only-pulumi.js";

/** Adds commands to the program. */
export type Register = (program: Command) => void;

export interface Group {
  /** Names and aliases of its top-level commands. */
  commands: readonly string[];
  load(): Promise<Register>;
}

/**
 * All command groups, in the order of `clocker --help`. A group's file is loaded only when one of its commands is
 * called or help is asked for, so that no command waits for the code of another.
 */
export const GROUPS: readonly Group[] = [
  {
    commands: ["preview", "pre", "up", "update", "refresh", "destroy", "down", "cancel"],
    load: async () => (await import("./commands/operations.js")).registerOperations,
  },
  {
    commands: ["stack"],
    load: async () => (await import("./commands/stack.js")).registerStack,
  },
  {
    commands: ["config"],
    load: async () => (await import("./commands/config.js")).registerConfig,
  },
  {
    commands: ["hosts", "ps", "logs", "exec", "plan", "net", "doctor"],
    load: async () => (await import("./cloud/index.js")).registerCloud,
  },
  {
    commands: ["lab"],
    load: async () => (await import("./lab/index.js")).registerLab,
  },
  {
    commands: FOREIGN_COMMANDS[""] ?? [],
    load: async () => withForeignCommands,
  },
  {
    commands: ["about", "version", "whoami"],
    load: async () => (await import("./commands/about.js")).registerAbout,
  },
];
