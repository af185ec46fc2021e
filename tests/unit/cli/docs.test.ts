import { Help, type Command } from "commander";
import { beforeAll, describe, expect, it } from "vitest";
import { programWith } from "../../../cli/program.js";
import { documentedAnswers, documentedCommands } from "../../support/cli-docs.js";

/** Flags that docs/cli.md lists once for all commands. */
const EVERYWHERE = [
  "-C, --cwd <dir>",
  "--color <when>",
  "--non-interactive",
  "-s, --stack <name>",
  "-h, --help",
];
/** Their `--json` is the Pulumi CLI's, and is compared with it elsewhere. */
const OPERATIONS = ["preview", "up", "refresh", "destroy"];

const help = new Help();
const flagsOf = (command: Command): string[] =>
  help
    .visibleOptions(command)
    .filter((option) => !EVERYWHERE.includes(help.optionTerm(option)))
    .map((option) => `- \`${help.optionTerm(option)}\`: ${help.optionDescription(option)}`);

/** `stack ls` -> its command. Of the groups, `lab` and `net` do nothing by themselves. */
const commands = new Map<string, Command>();

function collect(command: Command, path: string): void {
  for (const each of help.visibleCommands(command)) {
    if (each.name() === "help") continue;
    const name = `${path}${each.name()}`;
    if (!["lab", "net"].includes(name)) commands.set(name, each);
    collect(each, `${name} `);
  }
}

beforeAll(async () => collect(await programWith(), ""));

const nameIn = (title: string): string => title.replace(/^clocker /, "").replace(/ [[<].*$/, "");

describe("docs/cli.md", () => {
  it("has every command once, and none that is not there", () => {
    const documented = documentedCommands().map(({ title }) => nameIn(title));
    expect(documented.sort()).toEqual([...commands.keys()].sort());
  });

  it.each(documentedCommands().map(({ title, text }) => [title, text]))(
    "%s has its arguments, aliases and flags",
    (title, text) => {
      const command = commands.get(nameIn(title))!;
      const args = command.registeredArguments.map((each) => help.argumentTerm(each));
      expect(args.every((name) => title.includes(name))).toBe(true);
      for (const alias of command.aliases()) expect(text).toContain(`Also \`${alias}\`.`);
      expect(text.match(/^- `-.*$/gm) ?? []).toEqual(flagsOf(command));
    },
  );

  it("shows an answer of every command that takes --json", () => {
    const answering = [...commands].filter(
      ([name, command]) =>
        !OPERATIONS.includes(name) &&
        command.options.some(({ long, required }) => long === "--json" && !required),
    );
    const shown = documentedAnswers().map(([line]) => line);
    const missing = answering
      .map(([name]) => name)
      .filter((name) => !shown.some((line) => line === name || line.startsWith(`${name} `)));
    expect(missing).toEqual([]);
  });
});
