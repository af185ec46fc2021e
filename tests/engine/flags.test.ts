import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { CliProject } from "./cli-project.js";
import { describeCommands, type Row } from "./support/command-table.js";

// The flags that no other test uses, each by its effect. Exit codes and answers are those of the pulumi CLI, too.

const WEB =
  "urn:pulumi:dev::shop::clocker:index:Blueprint$pulumi-nodejs:dynamic/clocker:PlacedContainer::web";
const UP = ["up", "--yes", "--skip-preview"];

interface Exported {
  deployment: { resources: { urn: string }[]; pending_operations?: unknown[] };
}

const readState = (project: CliProject): Exported =>
  JSON.parse(readFileSync(join(project.folder, "state.json"), "utf8")) as Exported;

const namesIn = (project: CliProject): string[] =>
  readState(project).deployment.resources.map(({ urn }) => urn.split("::").at(-1) ?? "");

/** As a crash in the midst of a creation leaves it: an entry in the state itself, as an import drops it. */
function leavePending({ folder }: CliProject): void {
  const file = join(folder, "backend/.pulumi/stacks/shop/dev.json");
  const state = JSON.parse(readFileSync(file, "utf8")) as {
    checkpoint: { latest: Exported["deployment"] };
  };
  const { latest } = state.checkpoint;
  const resource = latest.resources.find(({ urn }) => urn.endsWith("::web-0"));
  latest.pending_operations = [{ type: "creating", resource: { ...resource, urn: `${WEB}-9` } }];
  writeFileSync(file, JSON.stringify(state));
}

const isPending =
  (some: boolean) =>
  (project: CliProject): void =>
    expect(readState(project).deployment.pending_operations ?? []).toHaveLength(some ? 1 : 0);

const backups = (project: CliProject): string[] =>
  readdirSync(join(project.folder, "backend/.pulumi/backups/shop"), { recursive: true }).map(
    String,
  );

/** A pack that advises against an image, and the configuration by which it forbids it. */
function writePack({ folder }: CliProject): void {
  const pack = join(folder, "pack");
  mkdirSync(pack);
  writeFileSync(join(pack, "PulumiPolicy.yaml"), "runtime: nodejs\nmain: index.js\n");
  writeFileSync(join(pack, "package.json"), '{ "name": "house", "version": "1.0.0" }\n');
  writeFileSync(join(pack, "index.js"), PACK);
  writeFileSync(join(folder, "strict.json"), '{ "images": { "enforcementLevel": "mandatory" } }\n');
}

const PACK = `
const { PolicyPack } = require("@pulumi/policy");
new PolicyPack("house", {
  policies: [{
    name: "images",
    description: "images that may be used",
    enforcementLevel: "advisory",
    validateResource: ({ props }, report) => props.image === "web:1" && report("web:1 is out of use"),
  }],
});
`;

const SETTING: readonly Row[] = [
  { argv: ["stack", "init", "dev"], code: 0 },
  { argv: ["config", "set", "token", "--secret", "--raw"], code: 0, input: "hush hush\n" },
  { argv: ["config", "get", "token", "--json"], code: 0, answers: /"hush hush\\n"/ },
  { argv: ["config", "set", "image", "web:7", "--config-file", "Pulumi.other.yaml"], code: 0 },
  { argv: ["config", "get", "image"], code: 1 },
  {
    argv: ["config", "get", "image", "--config-file", "Pulumi.other.yaml"],
    code: 0,
    answers: /^web:7$/m,
  },
  { argv: ["stack", "init", "copy", "--copy-config-from", "dev", "--no-select"], code: 0 },
  { argv: ["config", "get", "token", "--stack", "copy"], code: 0, answers: /^hush hush$/m },
  { argv: ["stack", "--show-name"], code: 0, answers: /^dev\n$/ },
  { argv: ["stack", "select", "made", "--create"], code: 0 },
  { argv: ["stack", "--show-name"], code: 0, answers: /^made\n$/ },
  { argv: ["stack", "select", "dev"], code: 0 },
  { argv: ["stack", "ls", "--all", "--json"], code: 0, answers: /"(organization\/shop\/)?copy"/ },
  { argv: ["stack", "ls", "--project", "none", "--json"], code: 0, answers: /^\[\]\n$/ },
  {
    argv: ["stack", "rm", "copy", "--yes", "--preserve-config"],
    code: 0,
    after: ({ folder }) => expect(existsSync(join(folder, "Pulumi.copy.yaml"))).toBe(true),
  },
  // The CLI forgets the selection with any stack that is removed.
  { argv: ["stack", "select", "dev"], code: 0 },
];

const SHOWING: readonly Row[] = [
  {
    argv: [...UP, "--suppress-outputs", "--config-path", "-c", "extra.list[0]=x", "-m", "why not"],
    code: 0,
    shows: /4 created/,
    hides: /Outputs:/,
  },
  { argv: ["config", "get", "--path", "extra.list[0]"], code: 0, answers: /^x$/m },
  {
    argv: ["stack", "history", "--full-dates", "--page-size", "1", "--page", "1"],
    code: 0,
    answers: /why not/,
    shows: /20\d\d-\d\d-\d\d/,
  },
  {
    argv: ["stack", "--show-ids", "--show-urns"],
    code: 0,
    answers: /id-web:1[^]*urn:pulumi:dev::shop/,
  },
  {
    argv: ["stack", "output", "--shell", "--show-secrets"],
    code: 0,
    answers: /^token=['"$].*hush hush/m,
  },
  {
    argv: ["preview", "--show-config", "--show-sames", "--urns"],
    code: 0,
    shows: new RegExp(`shop:token: \\[secret\\][^]*${WEB.replaceAll("$", "\\$")}-1`),
  },
  { argv: ["preview", "--config-file", "Pulumi.other.yaml"], code: 1, shows: /token/ },
  { argv: ["config", "set", "read", "true"], code: 0 },
  {
    argv: ["preview", "-c", "image=web:2"],
    code: 0,
    shows: /\+- .*web-0/,
    hides: /seen|delete original/,
  },
  {
    argv: ["preview", "--show-reads", "--show-replacement-steps"],
    code: 0,
    shows: /web-0 .*create replacement, replace, delete original[^]*seen .*read/,
  },
  { argv: ["config", "rm-all", "read", "image"], code: 0 },
  {
    argv: ["preview", "--policy-pack", "pack"],
    code: 0,
    shows: /web:1 is out of use/,
    before: writePack,
  },
  {
    argv: ["preview", "--policy-pack", "pack", "--policy-pack-config", "strict.json"],
    code: 1,
    shows: /mandatory[^]*web:1 is out of use/,
  },
  {
    argv: ["preview", "--skip-config-validation", "--debug", "--suppress-progress"],
    code: 0,
    shows: /Registering resource: t=clocker:index:Blueprint/,
    before: ({ folder }) => {
      const file = join(folder, "Pulumi.yaml");
      writeFileSync(file, `${readFileSync(file, "utf8")}config:\n  env:\n    type: integer\n`);
      writeFileSync(
        join(folder, "Pulumi.dev.yaml"),
        `${readFileSync(join(folder, "Pulumi.dev.yaml"), "utf8")}  shop:env: a\n`,
      );
    },
  },
  { argv: ["preview"], code: 1, shows: /env/ },
  {
    argv: ["config", "rm", "env"],
    code: 0,
    after: ({ folder }) => {
      const file = join(folder, "Pulumi.yaml");
      writeFileSync(file, readFileSync(file, "utf8").replace(/^config:[^]*/m, ""));
    },
  },
];

const KEEPING: readonly Row[] = [
  {
    argv: ["refresh", "--yes", "--skip-preview", "--skip-pending-creates"],
    code: 0,
    before: leavePending,
  },
  { argv: ["stack", "export", "--file", "state.json"], code: 0, after: isPending(true) },
  {
    argv: ["stack", "import", "--file", "state.json"],
    code: 0,
    shows: /removing pending operation 'creating' on 'urn:.*::web-9'/,
  },
  { argv: ["stack", "export", "--file", "state.json"], code: 0, after: isPending(false) },
  {
    argv: ["stack", "import", "--file", "twice.json"],
    code: 1,
    before: (project) => {
      const state = readState(project);
      const { resources } = state.deployment;
      const [first] = resources;
      if (first !== undefined) resources.push(first);
      writeFileSync(join(project.folder, "twice.json"), JSON.stringify(state));
    },
  },
  { argv: ["stack", "import", "--file", "twice.json", "--force"], code: 0, shows: /not sound/ },
  { argv: ["stack", "import", "--file", "state.json"], code: 0 },
  {
    argv: ["refresh", "--yes", "--skip-preview", "--clear-pending-creates"],
    code: 0,
    before: leavePending,
  },
  { argv: ["stack", "export", "--file", "state.json"], code: 0, after: isPending(false) },
  { argv: [...UP, "-c", "protect=0"], code: 0 },
  { argv: ["destroy", "--yes", "--skip-preview"], code: 1, shows: /protected/ },
  // By what the program says now, it is not protected any more.
  {
    argv: ["destroy", "--preview-only", "--run-program", "-c", "protect=1"],
    code: 0,
    shows: /web-0 +delete/,
  },
  { argv: ["refresh", "--yes", "--skip-preview", "--run-program", "-c", "protect=0"], code: 0 },
  { argv: [...UP], code: 0 },
  { argv: ["destroy", "--yes", "--skip-preview", "--exclude-protected"], code: 0 },
  {
    argv: ["stack", "export", "--file", "state.json"],
    code: 0,
    after: (project) => {
      expect(namesIn(project)).toContain("web-0");
      expect(namesIn(project)).not.toContain("web-1");
    },
  },
  {
    argv: ["destroy", "--yes", "--skip-preview", "--ignore-protect", "--remove"],
    code: 0,
    after: ({ folder }) =>
      expect(existsSync(join(folder, "backend/.pulumi/stacks/shop/dev.json"))).toBe(false),
  },
  {
    argv: ["stack", "rm", "made", "--yes", "--force", "--remove-backups"],
    code: 0,
    after: (project) =>
      expect(backups(project).filter((file) => file.includes("made"))).toEqual([]),
  },
  { argv: ["-C", "/", "stack", "ls"], code: 1 },
];

describeCommands("flags", [...SETTING, ...SHOWING, ...KEEPING]);
