import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getMonitor } from "@pulumi/pulumi/runtime/settings.js";
import * as pb from "@pulumi/pulumi/proto/resource_pb.js";
import { Callback } from "@pulumi/pulumi/proto/callback_pb.js";
import { afterAll, describe, expect, test } from "vitest";
import { type OperationResult, Stack, type UpOptions } from "../../engine/index.js";
import { emptySnapshot } from "../../engine/state/manifest.js";
import type { SpecEntry } from "./support/case-format.js";
import { MemoryStore } from "./support/memory-store.js";
import { PROJECT } from "./support/pulumi-cli.js";
import { SpecProgram } from "./support/spec-program.js";
import { ignoreRejections } from "./support/rejections.js";

const README = readFileSync(join(__dirname, "../../engine/README.md"), "utf8");
ignoreRejections();

/** The rows of the table below a heading, cell by cell. */
function table(heading: string): string[][] {
  const section = README.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? "";
  const rows = section.split("\n").filter((line) => line.startsWith("| "));
  // The first is the head, the second its underline.
  return rows.slice(2).map((row) =>
    row
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );
}

const quoted = (cell: string | undefined): string[] =>
  [...(cell ?? "").matchAll(/`([^`]+)`/g)].flatMap(([, word]) => word ?? []);

describe("what the README says is supported", () => {
  const shown = table("Supported").flatMap(([, cell]) => quoted(cell));

  test("is shown by what it names", () => {
    expect(shown.length).toBeGreaterThan(15);
    const missing = shown.filter(
      (name) => !existsSync(join(__dirname, name.endsWith(".ts") ? name : `cases/${name}.json`)),
    );
    expect(missing).toEqual([]);
  });

  test("names every topic of the cases", () => {
    const topics = readdirSync(join(__dirname, "cases")).flatMap((name) =>
      name.endsWith(".json") && name !== "conformance.json" ? [name.replace(".json", "")] : [],
    );
    expect(topics.filter((topic) => !shown.includes(topic))).toEqual([]);
  });
});

const folder = mkdtempSync(join(tmpdir(), "supported-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What an up of a program in this process says. */
async function said(
  program: () => Promise<void>,
  options: UpOptions = {},
  store = new MemoryStore("bb", "dev"),
  config: Record<string, { value: string }> = {},
): Promise<string> {
  let result: OperationResult;
  try {
    const stack = await Stack.createOrSelect({
      stackName: "dev",
      workDir: PROJECT,
      store,
      program,
      config,
    });
    result = await stack.up(options);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  expect(result.result).toBe("failed");
  return result.errors.join("\n");
}

const saidOf = (...spec: SpecEntry[]): Promise<string> =>
  said(async () => void (await new SpecProgram().run(spec)));

/** Asks the monitor what no version of the SDK asks without a promise of support. */
const asked = (
  ask: (monitor: Monitor, done: (error: Error | null) => void) => void,
): Promise<string> =>
  said(
    () =>
      new Promise((resolve, reject) => {
        ask(getMonitor() as unknown as Monitor, (error) =>
          error === null ? resolve() : reject(error),
        );
      }),
  );

type Method<T> = (request: T, done: (error: Error | null) => void) => void;

interface Monitor {
  call: Method<pb.ResourceCallRequest>;
  registerPackage: Method<pb.RegisterPackageRequest>;
  registerResource: Method<pb.RegisterResourceRequest>;
  existsResource: Method<pb.ExistsResourceRequest>;
}

/** Refuses before it begins, whatever the program is. */
const saidWith = (options: UpOptions): Promise<string> => said(async () => undefined, options);

async function saidOfBackend(prepare: (url: string) => Promise<string>): Promise<string> {
  const url = `file://${mkdtempSync(join(folder, "backend-"))}`;
  const args = {
    projectName: "bb",
    stackName: "dev",
    program: async () => undefined,
    passphrase: "p",
  };
  try {
    const backendUrl = await prepare(url);
    await (await Stack.createOrSelect({ ...args, backendUrl })).up();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return "";
}

/** With a state in a file that holds `fields` besides what every state holds. */
const saidOfState = (version: number, fields: object, latest: object): Promise<string> =>
  saidOfBackend(async (url) => {
    const path = join(url.slice("file://".length), ".pulumi/stacks/bb");
    mkdirSync(path, { recursive: true });
    const manifest = { time: "2026-01-01T00:00:00Z", magic: "", version: "" };
    const checkpoint = { stack: "organization/bb/dev", latest: { manifest, ...latest } };
    writeFileSync(join(path, "dev.json"), JSON.stringify({ version, ...fields, checkpoint }));
    return url;
  });

async function saidOfView(): Promise<string> {
  const store = new MemoryStore("bb", "dev");
  const view = { urn: "urn:pulumi:dev::bb::t:i:V::v", type: "t:i:V", custom: false, viewOf: "x" };
  await store.save({ ...emptySnapshot(), resources: [view] });
  return said(async () => undefined, {}, store);
}

const migrating = (): pb.RegisterResourceRequest =>
  new pb.RegisterResourceRequest()
    .setType("tp:index:R")
    .setName("a")
    .setStateMigrationsList([new Callback().setToken("t").setTarget("127.0.0.1:1")]);

const mapping = (): pb.RegisterResourceRequest => {
  const request = new pb.RegisterResourceRequest().setType("pulumi:providers:tp").setName("p");
  request.getEnvvarmappingsMap().set("MY_TOKEN", "TOKEN");
  return request;
};

const inner = { $folder: "files.zip" };

const REFUSALS: Record<string, () => Promise<string>> = {
  "remote components": () => saidOf({ name: "c", component: 1, opts: { remote: 1 } }),
  "methods of remote components": () =>
    asked((monitor, done) => monitor.call(new pb.ResourceCallRequest(), done)),
  "parameterized packages": () =>
    asked((monitor, done) => monitor.registerPackage(new pb.RegisterPackageRequest(), done)),
  "state migrations": () => asked((monitor, done) => monitor.registerResource(migrating(), done)),
  "environment variables of a provider": () =>
    asked((monitor, done) => monitor.registerResource(mapping(), done)),
  "names by `pulumi:autonaming`": () =>
    said(async () => undefined, {}, undefined, {
      "pulumi:autonaming": { value: '{"mode":"verbatim"}' },
    }),
  "existence checks": () =>
    asked((monitor, done) => monitor.existsResource(new pb.ExistsResourceRequest(), done)),
  "resources of the package `pulumi`": () =>
    saidOf({ name: "s", type: "pulumi:index:Stash", args: { input: 1 } }),
  "downloading plugins": () => saidOf({ name: "a", type: "nobody:index:R" }),
  "archive files inside other archives": () =>
    saidOf({ name: "a", args: { x: { $archive: { inner } } } }),
  "targets together with excludes": () => saidWith({ target: ["**a"], exclude: ["**b"] }),
  "views of resources": saidOfView,
  "backends other than files": () => saidOfBackend(async () => "https://api.pulumi.com"),
  "other secrets providers": () =>
    saidOfState(3, {}, { secrets_providers: { type: "cloud", state: {} } }),
  "states with unknown features": () => saidOfState(4, { features: ["time-travel"] }, {}),
};

describe("what the README says is not supported", () => {
  const rows = table("Not supported");

  test("is all tried here", () => {
    expect(rows.map(([what]) => what).sort()).toEqual(Object.keys(REFUSALS).sort());
  });

  test.each(rows)("%s", async (what, sentence) => {
    const [words] = quoted(sentence);
    if (words === undefined) throw new Error(`the row of ${what} has no sentence`);
    expect(await REFUSALS[what ?? ""]?.()).toContain(words);
  });
});
