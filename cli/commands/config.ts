import type { Command } from "commander";
import { Option } from "commander";
import { FOREIGN, withForeign, withForeignCommands } from "./only-pulumi.js";
import { collect, flagsOf, withStack, type CommonFlags } from "./options.js";
import { refuseUsage } from "./usage.js";

/** Flags of the config commands. */
export interface ConfigFlags extends CommonFlags {
  json?: boolean;
  path?: boolean;
  plaintext?: boolean;
  secret?: boolean;
  showSecrets?: boolean;
  raw?: boolean;
  type?: "string" | "int" | "bool" | "float";
}

/** Flags of `config set-all`: what is to be set, as `key=value`, or all of it as JSON. */
export interface SetAllFlags extends CommonFlags {
  path?: boolean;
  plaintext?: string[];
  secret?: string[];
  json?: string;
}

const load = (): Promise<typeof import("../run/config.js")> => import("../run/config.js");

/** Adds `config` and its subcommands. */
export function registerConfig(program: Command): void {
  const config = withForeign(withFile(withStack(program.command("config"))), FOREIGN.config)
    .summary("the stack's configuration values")
    .description("Without a subcommand: lists the values of the current stack; secrets are masked.")
    .option("--show-secrets", "show secrets in the clear")
    .option("-j, --json", "answer as JSON")
    .enablePositionalOptions()
    .action(list);

  const add = (signature: string): Command => withFile(withStack(config.command(signature)));

  add("ls")
    .alias("list")
    .summary("list the values")
    .description("Lists the values of the current stack; secrets are masked.")
    .option("--show-secrets", "show secrets in the clear")
    .option("-j, --json", "answer as JSON")
    .action(list);

  withForeign(add("get <key>"), FOREIGN.config)
    .summary("print one value")
    .description("Prints one value, a secret in the clear.")
    .option("--path", "the key is a path: outer.inner[0]")
    .option("-j, --json", "answer as JSON")
    .action(async (key: string, _options: unknown, command: Command) =>
      (await load()).getConfig(key, flagsOf<ConfigFlags>(command)),
    );

  add("set <key> [value]")
    .summary("set a value")
    .description(
      "Sets a value. Without one on the command line it is read from the standard input, or asked for: the way for secrets, which would otherwise stay in the shell's history.",
    )
    .option("--path", "the key is a path: outer.inner[0]")
    .option("--secret", "encrypt the value")
    .option("--plaintext", "do not encrypt the value")
    .option("--raw", "keep the line ends at the end of what is read")
    .addOption(
      new Option("--type <type>", "write the value as one of this type").choices([
        "string",
        "int",
        "bool",
        "float",
      ]),
    )
    .action(async (key: string, value: string | undefined, _options: unknown, command: Command) => {
      const flags = flagsOf<ConfigFlags>(command);
      if (flags.secret === true && flags.plaintext === true) {
        refuseUsage(command, "--secret and --plaintext exclude each other");
      }
      if (flags.type !== undefined && (flags.secret === true || flags.plaintext === true)) {
        refuseUsage(command, "--type excludes --secret and --plaintext");
      }
      await (await load()).setConfig(key, value, flags);
    });

  add("set-all")
    .summary("set several values at once")
    .description(
      "Sets every value that --plaintext and --secret name, or all that a JSON object in the form of `config --json` holds.",
    )
    .option("--plaintext <key=value>", "a value as it is; may be repeated", collect)
    .option("--secret <key=value>", "a value to encrypt; may be repeated", collect)
    .option("--path", "the keys are paths: outer.inner[0]")
    .option("-j, --json <object>", "the values, in the form of `config --json`")
    .action(async (_options: unknown, command: Command) => {
      const flags = flagsOf<SetAllFlags>(command);
      const pairs = flags.plaintext ?? flags.secret ?? flags.path;
      if (flags.json !== undefined && pairs !== undefined) {
        refuseUsage(command, "--json excludes --plaintext, --secret and --path");
      }
      await (await load()).setAllConfig(flags);
    });

  add("rm <key>")
    .alias("remove")
    .summary("remove a value")
    .description("Removes a value.")
    .option("--path", "the key is a path: outer.inner[0]")
    .action(async (key: string, _options: unknown, command: Command) =>
      (await load()).removeConfig([key], flagsOf<ConfigFlags>(command)),
    );

  add("rm-all <keys...>")
    .alias("remove-all")
    .summary("remove several values at once")
    .description("Removes several values.")
    .option("--path", "the keys are paths: outer.inner[0]")
    .action(async (keys: string[], _options: unknown, command: Command) =>
      (await load()).removeConfig(keys, flagsOf<ConfigFlags>(command)),
    );

  withForeignCommands(config, "config");
}

const withFile = (command: Command): Command =>
  command.option("--config-file <file>", "use this file instead of Pulumi.<stack>.yaml");

/** `key=value` pairs apart; without an equals sign the value is empty. */
export const textPairs = (pairs: readonly string[]): [key: string, value: string][] =>
  pairs.map((pair) => {
    const at = pair.indexOf("=");
    return at < 0 ? [pair, ""] : [pair.slice(0, at), pair.slice(at + 1)];
  });

async function list(_options: unknown, command: Command): Promise<void> {
  await (await load()).listConfig(flagsOf<ConfigFlags>(command));
}
