import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type EngineEvent, type InlineProgram, Stack, type StackArgs } from "../../engine/index.js";
import { urnName } from "../../engine/urn.js";
import { compiled } from "../support/compiled.js";
import "../support/property-seed.js";
import type { Witness } from "./programs/controllable/service.js";
import type { SpecEntry } from "./support/case-format.js";
import type { DyingUp } from "./support/dying-up.js";
import { ProviderProcess } from "./support/provider-process.js";
import { ignoreRejections } from "./support/rejections.js";
import { SpecProgram } from "./support/spec-program.js";
import { World } from "./support/world.js";

// Real processes with a real file backend: the engine is killed (SIGKILL) before, in the midst of and after each change of a
// file, and during calls of the provider; the provider during its calls. What is left can be read and says what exists or was
// under way; one more up converges.

ignoreRejections();

const RUNS = Number(process.env["RANDOM_RUNS"] ?? 4);
const TIMEOUT_MS = 60_000 * (RUNS + 1);

const SECRET = "hush-hush";

/** Everything at once: kept, updated, replaced in both orders, deleted, created; with a secret in the state. */
const BEFORE: SpecEntry[] = [
  { name: "kept", args: { token: { $secret: SECRET } } },
  { name: "changed", args: { x: 1, from: "$kept.out" } },
  { name: "replaced", args: { rk: 0 } },
  { name: "first", args: { rk: 0, dbr: true } },
  { name: "after", args: { rfrom: "$first.out" } },
  { name: "gone", args: { x: "$kept.out" } },
];
const NOW: SpecEntry[] = [
  { name: "kept", args: { token: { $secret: SECRET } } },
  { name: "changed", args: { x: 2, from: "$kept.out" } },
  { name: "replaced", args: { rk: 1 } },
  { name: "first", args: { rk: 1, dbr: true } },
  { name: "after", args: { rfrom: "$first.out" } },
  { name: "new", args: { x: "$replaced.out" } },
  { name: "free" },
];
/** What the provider is asked on the way from the one to the other, and a little more. */
const CALLS = 30;

let folder: string;
let provider: ProviderProcess;
let world = new World();
const witness: Witness = {
  called: () => world.called(),
  created: (id, name) => world.created(id, name),
  deleted: (id) => world.deleted(id),
};

const backend = (name: string): string => join(folder, "backends", name);

function argsOf(name: string): StackArgs {
  return {
    stackName: "dev",
    workDir: folder,
    backendUrl: `file://${backend(name)}`,
    passphrase: "killed",
    env: provider.env,
  };
}

async function startProvider(): Promise<void> {
  provider = await ProviderProcess.start(
    { log: join(folder, "calls"), control: join(folder, "control") },
    witness,
  );
}

/** What exists when `BEFORE` is up. */
let objects: ReadonlyMap<string, string>;
beforeAll(async () => {
  compiled("engine", "tests/engine/support");
  folder = mkdtempSync(join(tmpdir(), "kills-"));
  writeFileSync(join(folder, "Pulumi.yaml"), "name: bb\nruntime: nodejs\n");
  writeFileSync(join(folder, "calls"), "");
  mkdirSync(backend("before"), { recursive: true });
  await startProvider();
  expect((await up(argsOf("before"), BEFORE)).errors).toEqual([]);
  objects = new Map(world.objects);
}, 60_000);
afterAll(async () => {
  await provider.kill();
  rmSync(folder, { recursive: true, force: true });
});

let trials = 0;

/** A stack of its own on which `BEFORE` is up. */
function begin(): StackArgs {
  world = new World();
  world.become(objects);
  trials += 1;
  const name = String(trials);
  cpSync(backend("before"), backend(name), { recursive: true });
  return argsOf(name);
}

async function up(
  args: StackArgs,
  spec: SpecEntry[],
  onEvent: (event: EngineEvent) => void = () => undefined,
): ReturnType<Stack["up"]> {
  const program: InlineProgram = async () => (await new SpecProgram().run(spec)) ?? {};
  return (await Stack.createOrSelect({ ...args, program })).up({ onEvent });
}

/** The update to `NOW` as a process, which dies at a moment of its own or when the provider is called for the nth time. */
async function dyingUp(args: StackArgs, dieAt: number, call = Infinity): Promise<string> {
  const order: DyingUp = { args, spec: NOW, dieAt };
  const script = join(compiled(), "tests/engine/support/dying-up.js");
  const child = spawn(process.execPath, [script, JSON.stringify(order)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  atCall(call, () => child.kill("SIGKILL"));
  const exited = once(child, "exit");
  const said = await text(child.stdout);
  await exited;
  world.onCall = () => undefined;
  return said;
}

/** Does something when the provider begins with its nth call. */
function atCall(call: number, act: () => void): void {
  let calls = 0;
  world.onCall = () => {
    calls += 1;
    if (calls === call) act();
  };
}

/** In no file, whole or half written. */
async function expectSealed({ backendUrl = "" }: StackArgs): Promise<void> {
  const entries = await readdir(fileURLToPath(backendUrl), {
    recursive: true,
    withFileTypes: true,
  });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  expect(files.length).toBeGreaterThan(0);
  for (const file of files) expect(readFileSync(file, "utf8"), file).not.toContain(SECRET);
}

/** What the state says is so or was under way, and no file says the secret; with one more up all is as the program says. `spared`: names of what may be gone. */
async function holdAndConverge(args: StackArgs, spared?: ReadonlySet<string>): Promise<void> {
  await expectSealed(args);
  const stack = await Stack.select(args);
  expect(world.notTold((await stack.exportStack()).snapshot, spared)).toEqual([]);
  await stack.cancel();
  expect((await up(args, NOW)).errors).toEqual([]);
  const { snapshot } = await stack.exportStack();
  expect(world.notTold(snapshot)).toEqual([]);
  const names = snapshot.resources
    .filter(({ type }) => !type.startsWith("pulumi:"))
    .map(({ urn }) => urnName(urn));
  expect(names.sort()).toEqual(NOW.map(({ name }) => name).sort());
  expect((await up(args, NOW)).changeSummary).toEqual({ same: NOW.length + 1 });
  await expectSealed(args);
}

describe("killed at any instant: the state can be read, loses nothing, and one more up converges", () => {
  test("the engine", { timeout: TIMEOUT_MS }, async () => {
    const whole = JSON.parse(await dyingUp(begin(), 0)) as { moments: number; errors: string[] };
    expect(whole.errors).toEqual([]);
    const instant = fc.oneof(
      { weight: 3, arbitrary: fc.record({ dieAt: fc.integer({ min: 1, max: whole.moments }) }) },
      {
        weight: 1,
        arbitrary: fc.record({
          dieAt: fc.constant(0),
          call: fc.integer({ min: 1, max: CALLS }),
        }),
      },
    );
    await fc.assert(
      fc.asyncProperty(instant, async ({ dieAt, ...at }: { dieAt: number; call?: number }) => {
        const args = begin();
        await dyingUp(args, dieAt, at.call);
        // What the provider was doing, it finishes.
        await new Promise((resolve) => setTimeout(resolve, 50));
        await holdAndConverge(args);
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
  });

  test("the provider", { timeout: TIMEOUT_MS }, async () => {
    const instant = fc.record({
      call: fc.integer({ min: 1, max: CALLS }),
      delayMs: fc.integer({ min: 0, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(instant, async ({ call, delayMs }) => {
        const args = begin();
        const doomed = provider;
        atCall(call, () => setTimeout(() => void doomed.kill(), delayMs));
        // The engine lives, and says of a deletion itself that nobody knows how far it came.
        const notDeleted = new Set<string>();
        const died = await up(args, NOW, ({ resOpFailedEvent }) => {
          const { op, urn } = resOpFailedEvent?.metadata ?? { op: "", urn: "" };
          if (op.startsWith("delete")) notDeleted.add(urnName(urn));
        });
        // Also where it did not come so far.
        await doomed.kill();
        world.onCall = () => undefined;
        await startProvider();
        if (died.result !== "succeeded") expect(died.errors).not.toEqual([]);
        await holdAndConverge({ ...args, env: provider.env }, notDeleted);
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
  });
});
