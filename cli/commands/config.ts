import type { Command } from "commander";
import { flagsOf, refuseUsage, withStack, type CommonFlags } from "./options.js";

/** Flags of the config commands. */
export interface ConfigFlags extends CommonFlags {
  json?: boolean;
  path?: boolean;
  plaintext?: boolean;
  secret?: boolean;
  showSecrets?: boolean;
}

const load = (): Promise<typeof import("../run/config.js")> => import("../run/config.js");

/** Adds `config` and its subcommands. */
export function registerConfig(program: Command): void {
  const config = withStack(program.command("config"))
    .summary("the stack's configuration values")
    .description("Without a subcommand: lists the values of the current stack; secrets are masked.")
    .option("--show-secrets", "show secrets in the clear")
    .option("-j, --json", "answer as JSON")
    .enablePositionalOptions()
    .action(list);

  withStack(config.command("ls").alias("list"))
    .summary("list the values")
    .description("Lists the values of the current stack; secrets are masked.")
    .option("--show-secrets", "show secrets in the clear")
    .option("-j, --json", "answer as JSON")
    .action(list);

  withStack(config.command("get <key>"))
    .summary("print one value")
    .description("Prints one value, a secret in the clear.")
    .option("--path", "the key is a path: outer.inner[0]")
    .option("-j, --json", "answer as JSON")
    .action(async (key: string, _options: unknown, command: Command) =>
      (await load()).getConfig(key, flagsOf<ConfigFlags>(command)),
    );

  withStack(config.command("set <key> [value]"))
    .summary("set a value")
    .description(
      "Sets a value. Without one on the command line it is read from the standard input, or asked for: the way for secrets, which would otherwise stay in the shell's history.",
    )
    .option("--path", "the key is a path: outer.inner[0]")
    .option("--secret", "encrypt the value")
    .option("--plaintext", "do not encrypt the value")
    .action(async (key: string, value: string | undefined, _options: unknown, command: Command) => {
      const flags = flagsOf<ConfigFlags>(command);
      if (flags.secret === true && flags.plaintext === true) {
        refuseUsage(command, "--secret and --plaintext exclude each other");
      }
      await (await load()).setConfig(key, value, flags);
    });

  withStack(config.command("rm <key>"))
    .summary("remove a value")
    .description("Removes a value.")
    .option("--path", "the key is a path: outer.inner[0]")
    .action(async (key: string, _options: unknown, command: Command) =>
      (await load()).removeConfig(key, flagsOf<ConfigFlags>(command)),
    );
}

async function list(_options: unknown, command: Command): Promise<void> {
  await (await load()).listConfig(flagsOf<ConfigFlags>(command));
}
