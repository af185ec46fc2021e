import type { Command } from "commander";
import { version } from "../version.js";
import { flagsOf, withCommon, type CommonFlags } from "./options.js";
import { printJson, table } from "./table.js";

/** Adds `about`, `version` and `whoami`. */
export function registerAbout(program: Command): void {
  withCommon(program.command("about"))
    .summary("versions and places, for bug reports")
    .description(
      "Shows the versions in use, and which project, backend and stack are in effect here.",
    )
    .option("-j, --json", "answer as JSON")
    .action(async (_options: unknown, command: Command) => {
      const flags = flagsOf<CommonFlags & { json?: boolean }>(command);
      const { facts } = await import("../run/about.js");
      const found = await facts(flags);
      if (flags.json === true) printJson(found);
      else console.log(table(["", ""], Object.entries(found)).trimStart());
    });

  program
    .command("version")
    .summary("the version of clocker")
    .action(() => console.log(version()));

  withCommon(program.command("whoami"))
    .summary("who operations are recorded for, and in which backend")
    .description("Shows the user of this machine, by whom a file backend knows who holds a lock.")
    .option("-j, --json", "answer as JSON")
    .option("-v, --verbose", "with the backend")
    .action(async (_options: unknown, command: Command) => {
      const flags = flagsOf<CommonFlags & { json?: boolean; verbose?: boolean }>(command);
      const { identity } = await import("../run/about.js");
      const found = await identity(flags);
      if (flags.json === true) printJson(found);
      else if (flags.verbose !== true) console.log(found.user);
      else console.log(`User: ${found.user}\nBackend URL: ${found.url}`);
    });
}
