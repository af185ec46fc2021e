import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CliProject, type Outcome } from "../cli-project.js";
import { cliVersion } from "./pulumi-cli.js";

/** A command, and what both `clocker` and `pulumi` make of it. */
export interface Row {
  argv: string[];
  code: number;
  /** Keys of the JSON that it prints, or of the first entry of a list. */
  keys?: string[];
  input?: string;
  /** Changes files of the project first. */
  before?: (project: CliProject) => void;
  /** What `clocker` prints, and what it does not; the pulumi CLI has words of its own. */
  shows?: RegExp;
  hides?: RegExp;
  /** What both print on stdout. */
  answers?: RegExp;
  /** What is seen of its effect outside what it prints. */
  after?: (project: CliProject) => void;
}

/** Runs the rows in their order, each on what those before it have left: with `clocker`, and with the CLI on the PATH. */
export function describeCommands(title: string, rows: readonly Row[]): void {
  const named = rows.map((row) => [`${row.argv.join(" ")} -> ${row.code}`, row] as const);

  describe(title, () => {
    const project = projectOfSuite();

    it.each(named)("%s", async (_name, row) => {
      row.before?.(project());
      const said = await project().run(row.argv, row.input);
      check(row, said);
      if (row.shows !== undefined) expect(said.stdout + said.stderr).toMatch(row.shows);
      if (row.hides !== undefined) expect(said.stdout + said.stderr).not.toMatch(row.hides);
      row.after?.(project());
    });
  });

  describe.runIf(cliVersion() !== undefined)(`${title}: the pulumi CLI on the PATH`, () => {
    const project = projectOfSuite();

    it.each(named)("%s", (_name, row) => {
      row.before?.(project());
      const { status, stdout, stderr } = spawnSync("pulumi", row.argv, {
        cwd: project().folder,
        env: { ...process.env, ...project().environment(), PULUMI_SKIP_UPDATE_CHECK: "true" },
        input: row.input ?? "",
        encoding: "utf8",
      });
      check(row, { code: status, stdout, stderr });
      row.after?.(project());
    });
  });
}

/** A project for a suite that runs: one that is skipped makes none. */
function projectOfSuite(): () => CliProject {
  let project: CliProject | undefined;
  beforeAll(() => {
    project = new CliProject();
  });
  afterAll(() => project?.remove());
  return () => {
    if (project === undefined) throw new Error("the suite has not begun");
    return project;
  };
}

function check({ code, keys, answers }: Row, said: Outcome): void {
  const output = said.stdout + said.stderr;
  expect({ code: said.code, said: said.code === code ? "" : output }).toEqual({ code, said: "" });
  if (answers !== undefined) expect(said.stdout).toMatch(answers);
  if (keys === undefined) return;
  const answer = JSON.parse(said.stdout) as object | object[];
  const first: object = Array.isArray(answer) ? ((answer as object[])[0] ?? {}) : answer;
  expect(Object.keys(first).filter((key) => !OPTIONAL.has(key))).toEqual(keys);
}

/** What the CLI adds where it can: `tags` of a stack. */
const OPTIONAL = new Set(["tags"]);
