import type { Command } from "commander";
import { version } from "../version.js";
import { flagsOf, withCommon, type CommonFlags } from "./options.js";
import { printJson, table } from "./table.js";

/** Adds `about` and `version`. */
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
}
