import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { beforeAll, describe, expect, it } from "vitest";
import { programWith } from "../../../cli/program.js";

/** The flags of pulumi 3.270 by command, short and long, as its `--help` has them. */
const RECORDED = JSON.parse(readFileSync(join(__dirname, "pulumi-flags.json"), "utf8")) as Record<
  string,
  string[]
>;
const { "every command": everywhere = [], ...commands } = RECORDED;

let program: Command;
beforeAll(async () => {
  program = await programWith();
});

function known(path: string): Set<string> {
  let command: Command | undefined = program;
  const flags = new Set(["-h", "--help"]);
  for (const word of path.split(" ")) {
    command = command?.commands.find((each) => each.name() === word);
    for (const { short, long } of command?.options ?? []) {
      if (short !== undefined) flags.add(short);
      if (long !== undefined) flags.add(long);
    }
  }
  return flags;
}

describe("every flag of the pulumi CLI is known, if only to be refused by name", () => {
  it.each(Object.entries(commands))("%s", (path, flags) => {
    const own = known(path);
    const words = [...everywhere, ...flags].flatMap((flag) => flag.split(" "));
    expect(words.length).toBeGreaterThan(10);
    expect(words.filter((word) => !own.has(word))).toEqual([]);
  });
});
