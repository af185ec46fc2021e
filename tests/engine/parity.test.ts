import { spawnSync } from "node:child_process";
import { afterAll, describe, expect, it } from "vitest";
import { CliProject } from "./cli-project.js";
import { cliVersion } from "./support/pulumi-cli.js";

/** What a command ends with and what it says in JSON, with parts that differ from run to run taken out. */
interface Row {
  argv: string[];
  code: number;
  /** Keys of the JSON that it prints, or of the first entry of a list. */
  keys?: string[];
  input?: string;
}

/** In this order: each command finds what those before it have left. */
const ROWS: readonly Row[] = [
  { argv: ["up", "--frobnicate"], code: 1 },
  { argv: ["frobnicate"], code: 1 },
  { argv: ["stack", "select", "none"], code: 6 },
  { argv: ["stack", "select"], code: 6 },
  { argv: ["preview"], code: 1 },
  { argv: ["stack", "init", "a b"], code: 1 },
  { argv: ["stack", "init", "dev"], code: 0 },
  { argv: ["stack", "init", "dev"], code: 1 },
  { argv: ["up"], code: 2 },
  { argv: ["destroy"], code: 2 },
  { argv: ["refresh"], code: 1 },
  { argv: ["stack", "rm"], code: 1 },
  { argv: ["cancel"], code: 0 },
  { argv: ["up", "--yes", "--preview-only"], code: 1 },
  { argv: ["up", "--yes", "--target", "a", "--exclude", "b"], code: 1 },
  { argv: ["up", "--yes", "--stack", "none"], code: 6 },
  { argv: ["config", "set", "token", "--secret"], code: 0, input: "hush hush\n" },
  { argv: ["config", "set", "size", "--type", "int", "2"], code: 0 },
  { argv: ["config", "set", "size", "--type", "int", "two"], code: 1 },
  { argv: ["config", "set", "--path", "extra.list[0]", "true"], code: 0 },
  { argv: ["config", "set-all", "--plaintext", "a=1", "--secret", "b=2"], code: 0 },
  { argv: ["config", "rm-all", "a", "b"], code: 0 },
  { argv: ["config", "get", "none"], code: 1 },
  { argv: ["config", "rm", "none"], code: 0 },
  { argv: ["config", "--json"], code: 0, keys: ["shop:extra", "shop:size", "shop:token"] },
  { argv: ["config", "get", "token", "--json"], code: 0, keys: ["value", "secret"] },
  {
    argv: ["preview", "--json"],
    code: 0,
    keys: ["config", "steps", "duration", "changeSummary"],
  },
  { argv: ["up", "--yes", "--skip-preview", "-c", "image=web:2", "-m", "first"], code: 0 },
  { argv: ["preview", "--expect-no-changes"], code: 0 },
  { argv: ["preview", "--expect-no-changes", "-c", "env=z"], code: 7 },
  { argv: ["up", "--yes", "--skip-preview", "--expect-no-changes"], code: 7 },
  {
    argv: ["stack", "ls", "--json"],
    code: 0,
    keys: ["name", "current", "lastUpdate", "resourceCount"],
  },
  { argv: ["stack", "output", "none"], code: 1 },
  { argv: ["stack", "output", "--json"], code: 0, keys: ["token", "url"] },
  {
    argv: ["stack", "--output", "json"],
    code: 0,
    keys: ["project", "stack", "backend", "manifest", "resources", "outputs"],
  },
  {
    argv: ["stack", "history", "--json"],
    code: 0,
    keys: [
      "version",
      "kind",
      "startTime",
      "message",
      "environment",
      "config",
      "result",
      "endTime",
      "resourceChanges",
    ],
  },
  { argv: ["stack", "export"], code: 0, keys: ["version", "deployment"] },
  { argv: ["stack", "import", "--file", "none.json"], code: 1 },
  { argv: ["stack", "rm", "--yes"], code: 1 },
  { argv: ["destroy", "--yes", "--skip-preview"], code: 0 },
  { argv: ["stack", "rm", "--yes"], code: 0 },
  { argv: ["stack", "ls", "--json"], code: 0, keys: [] },
];

const NAME = ({ argv, code }: Row): string => `${argv.join(" ")} -> ${code}`;

function check(
  row: Row,
  { code, stdout, stderr }: { code: number | null; stdout: string; stderr: string },
): void {
  expect({ code, said: code === row.code ? "" : stdout + stderr }).toEqual({
    code: row.code,
    said: "",
  });
  if (row.keys === undefined) return;
  const answer = JSON.parse(stdout) as object | object[];
  const first: object = Array.isArray(answer) ? ((answer as object[])[0] ?? {}) : answer;
  expect(Object.keys(first).filter((key) => !OPTIONAL.has(key))).toEqual(row.keys);
}

/** What the CLI adds where it can: `tags` of a stack. */
const OPTIONAL = new Set(["tags"]);

describe("clocker ends and answers as the pulumi CLI does", () => {
  const project = new CliProject();
  afterAll(() => project.remove());

  it.each(ROWS.map((row) => [NAME(row), row] as const))("%s", async (_name, row) => {
    check(row, await project.run(row.argv, row.input));
  });
});

describe.runIf(cliVersion() !== undefined)("the pulumi CLI on the PATH does so", () => {
  const project = new CliProject();
  afterAll(() => project.remove());

  it.each(ROWS.map((row) => [NAME(row), row] as const))("%s", (_name, row) => {
    const { status, stdout, stderr } = spawnSync("pulumi", row.argv, {
      cwd: project.folder,
      env: { ...process.env, ...project.environment(), PULUMI_SKIP_UPDATE_CHECK: "true" },
      input: row.input ?? "",
      encoding: "utf8",
    });
    check(row, { code: status, stdout, stderr });
  });
});
