import { Option, type Command } from "commander";
import { refuseUsage } from "./usage.js";

/** A flag of the pulumi CLI that clocker does not serve. */
interface ForeignFlag {
  flags: string;
  /** What it is about; undefined: it changes nothing here and is accepted, so that scripts for pulumi run. */
  feature?: string;
}

const refused = (flags: string, feature: string): ForeignFlag => ({ flags, feature });

const EVERYWHERE: readonly ForeignFlag[] = [
  refused("--profiling <file>", "profiles of itself"),
  refused("--memprofilerate <n>", "profiles of itself"),
  refused("--otel-traces <where>", "traces of itself"),
  { flags: "-v, --verbose <n>" },
];

const OPERATIONS: readonly ForeignFlag[] = [
  refused("--attach-debugger [program]", "attaching a debugger"),
  refused("--neo", "Pulumi Neo"),
  refused("--override-env <env=replacement>", "Pulumi ESC environments"),
  refused("--client <address>", "a program inside another process (an inline program)"),
  refused("--remote", "Pulumi Deployments"),
  { flags: "--exec-kind <kind>" },
  { flags: "--exec-agent <agent>" },
  { flags: "--skip-plugin-pre-install" },
  { flags: "--suppress-permalink [bool]" },
  { flags: "--show-policy-remediations" },
  { flags: "--show-full-output" },
];

const PROGRAMS: readonly ForeignFlag[] = [
  refused("--save-plan <file>", "update plans"),
  refused("--plan <file>", "update plans"),
  refused("--strict", "update plans"),
  refused("--import-file <file>", "import files"),
];

const REFRESHES: readonly ForeignFlag[] = [
  refused("--import-pending-creates <urn-and-id...>", "importing pending creations"),
];

/** The flags that are accepted without help text, by kind of command. */
export const FOREIGN = {
  everywhere: EVERYWHERE,
  operations: OPERATIONS,
  programs: [...OPERATIONS, ...PROGRAMS],
  refreshes: [...OPERATIONS, ...REFRESHES],
  stackInit: [refused("--teams <names>", "teams of Pulumi Cloud")],
  stackList: [
    refused("-o, --organization <name>", "organizations of Pulumi Cloud"),
    refused("-t, --tag <tag>", "tags of Pulumi Cloud"),
  ],
  stackExport: [refused("--version <n>", "earlier states of a stack, which Pulumi Cloud keeps")],
  config: [refused("--open", "Pulumi ESC environments")],
} as const;

/** Commands of the CLI that clocker does not have, by what they are below; "" for those of the first level. */
export const FOREIGN_COMMANDS: Readonly<Record<string, readonly string[]>> = {
  "": [
    ...["new", "console", "import", "state", "install", "env", "login", "logout", "org", "project"],
    ...["deployment", "api", "insights", "do", "policy", "plugin", "schema", "package"],
    ...["gen-completion", "convert", "watch", "template", "neo"],
  ],
  stack: [
    ...["change-secrets-provider", "drift", "get", "graph", "migrate", "rename", "schedule", "tag"],
    ...["unselect", "webhook"],
  ],
  config: ["copy", "cp", "env", "refresh"],
};

/** Knows those commands, without a word in the help: each says, whatever follows it, that it is the CLI's. */
export function withForeignCommands(parent: Command, path = ""): void {
  for (const name of FOREIGN_COMMANDS[path] ?? []) {
    const words = `${path} ${name}`.trimStart();
    parent
      .command(`${name} [words...]`, { hidden: true })
      .allowUnknownOption()
      .helpOption(false)
      .action((_words: string[], _flags: unknown, command: Command) =>
        refuseUsage(
          command,
          `${words} needs the pulumi CLI: run \`pulumi ${words}\` with the same backend.`,
        ),
      );
  }
}

/** Knows the CLI's other flags. Those that only the CLI can serve are refused before anything is done, by name. */
export function withForeign(command: Command, foreign: readonly ForeignFlag[]): Command {
  for (const { flags, feature } of foreign) {
    const option = new Option(flags).hideHelp();
    command.addOption(option);
    if (feature === undefined) continue;
    const name = option.long ?? flags;
    command.on(`option:${option.name()}`, () =>
      refuseUsage(
        command,
        `${name} needs the pulumi CLI (${feature}): run this operation with pulumi, or leave out ${name}.`,
      ),
    );
  }
  return command;
}

/** `--secrets-provider`: only the passphrase is ours. */
export const withSecretsProvider = (command: Command): Command =>
  command.addOption(
    new Option("--secrets-provider <name>", "only the passphrase: default or passphrase").argParser(
      (name: string) => {
        if (name === "" || name === "default" || name === "passphrase") return name;
        return refuseUsage(
          command,
          `--secrets-provider ${name}: secrets providers other than the passphrase need the pulumi CLI: run this command with pulumi.`,
        );
      },
    ),
  );
