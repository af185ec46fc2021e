import { afterEach, describe, expect, it, vi } from "vitest";
import { runCli } from "../../../cli/program.js";
import { resourceTree } from "../../../cli/run/resource-tree.js";
import { urnOf } from "./events.js";

/** Runs a command line and gives what it wrote. */
async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = "";
  let err = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => ((out += String(text)), true));
  vi.spyOn(process.stderr, "write").mockImplementation((text) => ((err += String(text)), true));
  vi.spyOn(console, "log").mockImplementation((text) => (out += `${String(text)}\n`));
  const code = await runCli(argv);
  vi.restoreAllMocks();
  return { code, out, err };
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe("wrong usage ends as with the pulumi CLI and says what is wrong", () => {
  it.each([
    [["frobnicate"], "error: unknown command 'frobnicate'"],
    [["upp"], "(Did you mean up?)"],
    [["up", "--frob"], "error: unknown option '--frob'"],
    [
      ["up", "extra", "-y"],
      "error: too many arguments for 'up'. Expected 0 arguments but got 1: extra.",
    ],
    [
      ["up", "-y", "--save-plan", "p"],
      "error: --save-plan needs the pulumi CLI (update plans): run this operation with pulumi, or leave out --save-plan.",
    ],
    [["up", "-y", "--client=127.0.0.1:1"], "error: --client needs the pulumi CLI"],
    [
      ["preview", "--profiling", "p"],
      "error: --profiling needs the pulumi CLI (profiles of itself): run this operation with pulumi, or leave out --profiling.",
    ],
    [["stack", "ls", "-o", "us"], "error: --organization needs the pulumi CLI"],
    [["config", "--open"], "error: --open needs the pulumi CLI (Pulumi ESC environments)"],
    [
      ["stack", "rename", "other", "--stack", "dev"],
      "error: stack rename needs the pulumi CLI: run `pulumi stack rename` with the same backend.",
    ],
    [
      ["state", "unprotect", "--all"],
      "error: state needs the pulumi CLI: run `pulumi state` with the same backend.",
    ],
    [["up", "-y", "--target", "a", "--exclude", "b"], "--target and --exclude exclude each other"],
    [["up", "-y", "--preview-only"], "error: --yes and --preview-only exclude each other"],
    [
      ["stack", "init", "x", "--secrets-provider", "awskms://key"],
      "secrets providers other than the passphrase need the pulumi CLI: run this command with pulumi.",
    ],
    [["config", "set-all", "--json", "{}", "--path"], "error: --json excludes --plaintext"],
    [
      ["config", "set", "a", "b", "--type", "date"],
      "Allowed choices are string, int, bool, float.",
    ],
    [["stack", "ls", "--output", "xml"], "Allowed choices are default, json."],
    [
      ["stack", "rm"],
      "error: --yes must be passed in to proceed when running in non-interactive mode",
    ],
    [["stack", "init"], "error: name the stack: clocker stack init <name>"],
    [["up", "-y", "-p", "0"], "It must be a whole number from 1."],
    [
      ["config", "set", "a", "b", "--secret", "--plaintext"],
      "error: --secret and --plaintext exclude each other",
    ],
    [["preview", "--color", "blue"], "Allowed choices are always, never, auto."],
  ])("%j", async (argv, sentence) => {
    const { code, err } = await run(...argv);
    expect(err).toContain(sentence);
    expect(code).toBe(1);
  });

  it.each([["up"], ["destroy", "--json", "--non-interactive"]])(
    "%j: nobody is there to confirm",
    async (...argv) => {
      const { code, err } = await run(...argv);
      expect(err).toContain(
        "error: --yes or --skip-preview or --preview-only must be passed in to proceed when running in non-interactive mode",
      );
      expect(code).toBe(2);
    },
  );
});

describe("flags in the environment", () => {
  afterEach(() => vi.unstubAllEnvs());

  it.each([
    ["PULUMI_OPTION_SAVE_PLAN", "p", "error: --save-plan needs the pulumi CLI"],
    ["PULUMI_OPTION_PARALLEL", "0", "It must be a whole number from 1."],
    ["PULUMI_OPTION_TARGET", "a,b", "--target and --exclude exclude each other"],
    ["PULUMI_OPTION_PREVIEW_ONLY", "1", "--yes and --preview-only exclude each other"],
  ])("%s=%s", async (name, value, sentence) => {
    vi.stubEnv(name, value);
    const { code, err } = await run("up", "-y", "--exclude", "c");
    expect(err).toContain(sentence);
    expect(code).toBe(1);
  });

  it("count less than those of the command line, and not when they are off", async () => {
    vi.stubEnv("PULUMI_OPTION_PARALLEL", "0");
    vi.stubEnv("PULUMI_OPTION_PREVIEW_ONLY", "false");
    const { err } = await run("-C", "/", "up", "-y", "--parallel", "1");
    expect(err).toContain("there is no Pulumi.yaml in /");
  });

  it("PULUMI_SKIP_CONFIRMATIONS asks nothing", async () => {
    vi.stubEnv("PULUMI_SKIP_CONFIRMATIONS", "true");
    const { err } = await run("-C", "/", "up");
    expect(err).toContain("there is no Pulumi.yaml in /");
  });
});

describe("help", () => {
  it("lists every command with what it does", async () => {
    const { code, out } = await run("--help");
    expect(code).toBe(0);
    for (const name of [
      "preview",
      "up",
      "refresh",
      "destroy",
      "cancel",
      "stack",
      "config",
      "lab",
      "about",
    ]) {
      expect(out).toMatch(new RegExp(`^  ${name}\\b.*  \\S`, "m"));
    }
  });

  it("of a command says what it does and takes", async () => {
    const { code, out } = await run("up", "--help");
    expect(code).toBe(0);
    expect(out).toContain("The first Ctrl-C lets");
    expect(out).toContain("--skip-preview");
  });
});

describe("a folder without a project", () => {
  it("is refused in two lines", async () => {
    const { code, err } = await run("-C", "/", "stack", "ls");
    expect(err).toBe(
      "error: there is no Pulumi.yaml in / or above it\nGo to the folder of a project, or name it with --cwd.\n",
    );
    expect(code).toBe(1);
  });
});

describe("the tree of a stack's resources", () => {
  it("shows children below parents, ids when asked, and what waits for deletion", () => {
    const root = urnOf("pulumi:pulumi:Stack", "shop-dev");
    const web = urnOf("PlacedContainer", "web-0");
    expect(
      resourceTree(
        [
          { urn: root },
          { urn: urnOf("pulumi:providers:pulumi-nodejs", "default") },
          { urn: urnOf("DockerHost", "h1"), parent: root, id: "h1-id" },
          { urn: web, parent: root, id: "new" },
          { urn: web, parent: root, id: "old", delete: true },
        ],
        { ids: true, urns: false },
      ),
    ).toBe(
      `
    TYPE                        NAME
    pulumi:pulumi:Stack         shop-dev
    ├─ clocker:DockerHost       h1
    │     ID: h1-id
    ├─ clocker:PlacedContainer  web-0
    │     ID: new
    └─ clocker:PlacedContainer  web-0 (to be deleted)
          ID: old
`.slice(1, -1),
    );
  });
});
