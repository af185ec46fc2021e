import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type InlineProgram, Stack, type StackArgs } from "../../engine/index.js";
import { urnName } from "../../engine/urn.js";
import { compiled } from "../support/compiled.js";
import "../support/property-seed.js";
import { serve, type ServedProvider, type Witness } from "./programs/controllable/service.js";
import type { SpecEntry } from "./support/case-format.js";
import type { DyingUp } from "./support/dying-up.js";
import { ignoreRejections } from "./support/rejections.js";
import { SpecProgram } from "./support/spec-program.js";
import { World } from "./support/world.js";

// A real process with a real file backend, killed (SIGKILL) before, in the midst of and after each change of a file, and during
// calls of the provider. What it leaves can be read and says what exists or was under way; one more up converges.

ignoreRejections();

const RUNS = Number(process.env["RANDOM_RUNS"] ?? 4);

/** Everything at once: kept, updated, replaced in both orders, deleted, created; with a secret in the state. */
const BEFORE: SpecEntry[] = [
  { name: "kept", args: { token: { $secret: "hush" } } },
  { name: "changed", args: { x: 1, from: "$kept.out" } },
  { name: "replaced", args: { rk: 0 } },
  { name: "first", args: { rk: 0, dbr: true } },
  { name: "after", args: { rfrom: "$first.out" } },
  { name: "gone", args: { x: "$kept.out" } },
];
const NOW: SpecEntry[] = [
  { name: "kept", args: { token: { $secret: "hush" } } },
  { name: "changed", args: { x: 2, from: "$kept.out" } },
  { name: "replaced", args: { rk: 1 } },
  { name: "first", args: { rk: 1, dbr: true } },
  { name: "after", args: { rfrom: "$first.out" } },
  { name: "new", args: { x: "$replaced.out" } },
  { name: "free" },
];

let folder: string;
let provider: ServedProvider;
let world = new World();
const witness: Witness = {
  called: () => world.called(),
  created: (id, name) => world.created(id, name),
  deleted: (id) => world.deleted(id),
};
beforeAll(async () => {
  compiled("engine", "tests/engine/support");
  folder = mkdtempSync(join(tmpdir(), "kills-"));
  writeFileSync(join(folder, "Pulumi.yaml"), "name: bb\nruntime: nodejs\n");
  writeFileSync(join(folder, "calls"), "");
  provider = await serve({ log: join(folder, "calls"), control: join(folder, "control"), witness });
});
afterAll(() => {
  provider.close();
  rmSync(folder, { recursive: true, force: true });
});

let trials = 0;

/** A stack of its own on which `BEFORE` is up. */
async function begin(): Promise<StackArgs> {
  world = new World();
  trials += 1;
  const args: StackArgs = {
    stackName: `s${trials}`,
    workDir: folder,
    backendUrl: `file://${folder}`,
    passphrase: "killed",
    env: { PULUMI_DEBUG_PROVIDERS: `tp:${provider.port}` },
  };
  expect((await up(args, BEFORE)).errors).toEqual([]);
  return args;
}

async function up(args: StackArgs, spec: SpecEntry[]): ReturnType<Stack["up"]> {
  const program: InlineProgram = async () => (await new SpecProgram().run(spec)) ?? {};
  return (await Stack.createOrSelect({ ...args, program })).up();
}

/** The update to `NOW` as a process, which dies at a moment of its own or when the provider is called for the nth time. */
async function dyingUp(args: StackArgs, dieAt: number, call = Infinity): Promise<string> {
  const order: DyingUp = { args, spec: NOW, dieAt };
  const script = join(compiled(), "tests/engine/support/dying-up.js");
  const child = spawn(process.execPath, [script, JSON.stringify(order)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let calls = 0;
  world.onCall = () => {
    calls += 1;
    if (calls === call) child.kill("SIGKILL");
  };
  const exited = once(child, "exit");
  const said = await text(child.stdout);
  await exited;
  world.onCall = () => undefined;
  return said;
}

test("killed at any instant: the state can be read, loses nothing, and one more up converges", async () => {
  const whole = JSON.parse(await dyingUp(await begin(), 0)) as {
    moments: number;
    errors: string[];
  };
  expect(whole.errors).toEqual([]);
  const instant = fc.oneof(
    { weight: 3, arbitrary: fc.record({ dieAt: fc.integer({ min: 1, max: whole.moments }) }) },
    {
      weight: 1,
      arbitrary: fc.record({ dieAt: fc.constant(0), call: fc.integer({ min: 1, max: 20 }) }),
    },
  );
  await fc.assert(
    fc.asyncProperty(instant, async ({ dieAt, ...at }: { dieAt: number; call?: number }) => {
      const args = await begin();
      await dyingUp(args, dieAt, at.call);
      // What the provider was doing, it finishes.
      await new Promise((resolve) => setTimeout(resolve, 50));

      const stack = await Stack.select(args);
      expect(world.notTold((await stack.exportStack()).snapshot)).toEqual([]);
      await stack.cancel();
      expect((await up(args, NOW)).errors).toEqual([]);
      const { snapshot } = await stack.exportStack();
      expect(world.notTold(snapshot)).toEqual([]);
      const names = snapshot.resources
        .filter(({ type }) => !type.startsWith("pulumi:"))
        .map(({ urn }) => urnName(urn));
      expect(names.sort()).toEqual(NOW.map(({ name }) => name).sort());
      expect((await up(args, NOW)).changeSummary).toEqual({ same: NOW.length + 1 });
    }),
    { numRuns: RUNS, endOnFailure: true },
  );
}, 300_000);
