import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import ts from "typescript";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import type { EngineEvent } from "../../engine/events.js";
import type { Stack, UpOptions } from "../../engine/index.js";
import { PROGRAMS, ProgramStack } from "./support/program-stack.js";

// What is expected here is what the pulumi CLI 3.270 did with the same pack, but for one thing: it lets secrets out of
// their seal when a policy rewrites a resource.

const ROOT = resolve(__dirname, "../..");
const PACK = join(PROGRAMS, "pack");
mkdirSync(join(ROOT, ".clocker"), { recursive: true });
const folder = mkdtempSync(join(ROOT, ".clocker", "policies-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let stack: ProgramStack | undefined;
afterEach(() => {
  stack?.close();
  stack = undefined;
});

const SCRIPT = `
  const { SIZE, BAD, NAME } = process.env;
  new Thing("a", { size: Number(SIZE || 1), password: pulumi.secret("canary-7"), ...(BAD ? { bad: true } : {}) });
  new Thing(NAME || "b", { size: 2 });
`;

interface Outcome {
  result: string;
  errors: string[];
  violations: string[];
  remedied: string[];
  events: EngineEvent[];
}

async function run(
  opened: Stack,
  kind: "preview" | "up",
  options: UpOptions = {},
): Promise<Outcome> {
  const events: EngineEvent[] = [];
  const onEvent = (event: EngineEvent): void => void events.push(event);
  const { result, errors } = await opened[kind]({ policyPacks: [PACK], ...options, onEvent });
  return {
    result,
    errors,
    events,
    violations: events.flatMap(({ policyEvent: event }) =>
      event === undefined
        ? []
        : [
            `${event.enforcementLevel} ${event.policyName} ${nameOf(event.resourceUrn)}: ${event.message.trim()}`,
          ],
    ),
    remedied: events
      .flatMap(({ policyRemediationEvent: event }) => (event ? [nameOf(event.resourceUrn)] : []))
      .sort(),
  };
}

const nameOf = (urn = ""): string => urn.split("::").at(-1) ?? "";

const file = (name: string, content: unknown): string => {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(content));
  return path;
};

describe("a policy pack", () => {
  test("remediates, advises, forbids and looks at the whole", async () => {
    stack = new ProgramStack("script", "script");
    await stack.open({ SCRIPT, SIZE: "7", BAD: "", NAME: "" });
    const open = async (env: Record<string, string> = {}): Promise<Stack> =>
      (stack as ProgramStack).open(env);

    const made = await run(await open(), "up");
    expect(made).toMatchObject({ result: "succeeded", errors: [], remedied: ["a", "b"] });
    expect(made.violations).toEqual(["advisory small a: sizes are small\nsize over 5"]);
    const remediations = made.events.flatMap((event) => event.policyRemediationEvent ?? []);
    expect(JSON.stringify(remediations)).not.toContain("canary-7");
    expect(made.events.at(-2)?.summaryEvent).toMatchObject({
      PolicyPacks: { [`my-pack|local|${PACK.length > 75 ? shortened(PACK) : PACK}`]: "1.2.3" },
      isPreview: false,
      result: "succeeded",
    });
    const summaries = made.events.flatMap((event) => event.policyAnalyzeSummaryEvent ?? []);
    const about = (name: string) => summaries.find((each) => nameOf(each.resourceUrn) === name);
    expect(about("a")).toMatchObject({ passed: ["no-bad"], failed: ["small"] });
    expect(about("b")).toMatchObject({ passed: ["no-bad", "small"] });
    const written = (await stack.store.load())?.resources.find(({ urn }) => nameOf(urn) === "a");
    expect(written?.inputs).toMatchObject({
      tag: "remedied",
      password: { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" },
    });
    stack.calls();

    // In a preview what is forbidden is reported and the preview goes on; an update stops.
    const bad = "mandatory no-bad a: nothing bad\nit is bad: a";
    const seen = await run(await open({ BAD: "1", SIZE: "1" }), "preview");
    expect(seen).toMatchObject({ result: "failed", errors: ["preview failed"], violations: [bad] });
    expect(seen.events.some((event) => event.resourcePreEvent?.metadata.op === "update")).toBe(
      true,
    );
    const refused = await run(await open(), "up");
    expect(refused).toMatchObject({ result: "failed", errors: [], violations: [bad] });
    expect(stack.calls()).toEqual([]);

    const outlaw = await run(await open({ BAD: "", SIZE: "7", NAME: "outlaw" }), "up");
    expect(outlaw).toMatchObject({ result: "failed", errors: ["update failed"] });
    expect(outlaw.violations).toContain("mandatory no-outlaws outlaw: whole stacks\nan outlaw");
  });

  test("is configured by a file: properties, levels, and a level for all", async () => {
    stack = new ProgramStack("script", "script");
    const opened = await stack.open({ SCRIPT, SIZE: "1", BAD: "1", NAME: "" });
    const policyPackConfigs = [file("all.json", { all: "disabled" })];
    expect(await run(opened, "preview", { policyPackConfigs })).toMatchObject({
      result: "succeeded",
      violations: [],
      remedied: [],
    });
    const strict = [
      file("strict.json", {
        small: { max: 1, enforcementLevel: "mandatory" },
        "no-bad": "advisory",
      }),
    ];
    const judged = await run(opened, "preview", { policyPackConfigs: strict });
    expect(judged.result).toBe("failed");
    expect(judged.violations.sort()).toEqual([
      "advisory no-bad a: nothing bad\nit is bad: a",
      "mandatory small b: sizes are small\nsize over 1",
    ]);
    const wrong = [file("wrong.json", { small: { max: "x", words: [1] } })];
    await expect(run(opened, "preview", { policyPackConfigs: wrong })).rejects.toThrow(
      [
        "validating policy config",
        "  - my-pack 1.2.3  small: max: Invalid type. Expected: integer, given: string",
        "  - my-pack 1.2.3  small: words.0: Invalid type. Expected: string, given: integer",
      ].join("\n"),
    );
    await expect(run(opened, "preview", { policyPacks: ["nowhere"] })).rejects.toThrow(
      'failed to load Pulumi policy project located at "nowhere"',
    );
    await expect(
      run(opened, "preview", { policyPackConfigs: [...strict, ...wrong] }),
    ).rejects.toThrow('the number of "--policy-pack-config" flags must match');
  });

  test("of our own policies refuses a container without a memory limit", async () => {
    const pack = join(folder, "own");
    for (const from of ["sdk", "provider"]) transpile(from, pack);
    writeFileSync(join(pack, "PulumiPolicy.yaml"), "runtime: nodejs\nmain: pack.js\n");
    writeFileSync(
      join(pack, "package.json"),
      '{ "name": "own", "version": "1.0.0", "main": "pack.js" }',
    );
    writeFileSync(
      join(pack, "pack.js"),
      'const { PolicyPack } = require("@pulumi/policy");\nnew PolicyPack("clocker", { policies: require("./sdk/policies/index.js").policies });\n',
    );
    stack = new ProgramStack("script", "script");
    const opened = await stack.open({
      SCRIPT: `
        class Container extends pulumi.CustomResource {
          constructor(name, args) {
            const path = JSON.stringify(process.cwd() + "/provider.js");
            const __provider = "exports.handler=()=>require(" + path + ").thing";
            super("pulumi-nodejs:dynamic/clocker:PlacedContainer", name, { name, ...args, __provider });
          }
        }
        new Container("web", { spec: { image: "nginx:latest", capAdd: ["SYS_ADMIN"] }, place: { host: "a" } });
      `,
    });
    const judged = await run(opened, "preview", { policyPacks: [pack] });
    expect(judged.result).toBe("failed");
    expect(judged.violations).toEqual([
      "advisory clocker-image-pinned web: Container images name their version: a digest, or a tag other than latest.\nweb: image nginx:latest does not say which version it is; write a tag or a digest",
      "mandatory clocker-memory-limited web: Containers have a memory limit, none above the configured maximum.\nweb: has no memory limit; give it memory, or its cloud containers.memory",
    ]);
  });
});

const shortened = (path: string): string => {
  const parts = path.split("/");
  return [...parts.slice(0, 2), "...", ...parts.slice(-2)].join("/");
};

/** The JavaScript of a folder of ours. */
function transpile(from: string, into: string): void {
  for (const entry of readdirSync(join(ROOT, from), { recursive: true, encoding: "utf8" })) {
    if (!entry.endsWith(".ts")) continue;
    const { outputText } = ts.transpileModule(readFileSync(join(ROOT, from, entry), "utf8"), {
      compilerOptions: {
        module: ts.ModuleKind.CommonJS,
        target: ts.ScriptTarget.ES2022,
        esModuleInterop: true,
      },
    });
    const file = join(into, from, entry.replace(/\.ts$/, ".js"));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, outputText);
  }
}
