import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type EngineEvent,
  type OperationResult,
  Stack,
  type UpOptions,
} from "../../engine/index.js";
import { SecretsManager } from "../../engine/secrets/manager.js";
import { emptySnapshot } from "../../engine/state/manifest.js";
import type { ResourceState, Snapshot } from "../../engine/state/model.js";
import { urnName } from "../../engine/urn.js";
import "../support/property-seed.js";
import { serve, type ServedProvider, type Witness } from "./programs/controllable/service.js";
import type { SpecEntry } from "./support/case-format.js";
import { PROJECT } from "./support/pulumi-cli.js";
import { CANARY, type Run, runs } from "./support/random-programs.js";
import { ignoreRejections } from "./support/rejections.js";
import { SpecProgram } from "./support/spec-program.js";
import { WitnessedStore } from "./support/witnessed-store.js";
import { World } from "./support/world.js";

// Random programs that change, fail and are interrupted. Whatever happens: the state can be read, shows everything that
// exists or may exist, holds no secret in plain text, and one more `up` makes everything as the program says.

ignoreRejections();

let folder: string;
let manager: SecretsManager;
let provider: ServedProvider;
let world: World;
/** One provider for all: it tells the world of the moment. */
const witness: Witness = {
  called: () => world.called(),
  created: (id, name) => world.created(id, name),
  deleted: (id) => world.deleted(id),
};
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "random-"));
  manager = await SecretsManager.create({ passphrase: "witnessed" });
  writeFileSync(join(folder, "calls"), "");
  provider = await serve({ log: join(folder, "calls"), control: join(folder, "control"), witness });
});
afterAll(() => {
  provider.close();
  rmSync(folder, { recursive: true, force: true });
});

let stacks = 0;

/** One stack with its world. */
class Trial {
  readonly #store: WitnessedStore;
  /** Those whose objects may be left behind on purpose. */
  readonly #spared = new Set<string>();
  readonly #seen: string[] = [];

  constructor() {
    world = new World();
    stacks += 1;
    const name = { project: "bb", stack: `s${stacks}` };
    this.#store = WitnessedStore.open(folder, name, manager, () => world.written());
  }

  async begin(): Promise<void> {
    await this.#store.save(emptySnapshot());
  }

  async run(run: Run): Promise<void> {
    for (const { name = "", opts = {} } of run.spec)
      if (opts["retainOnDelete"] === true || "deletedWith" in opts) this.#spared.add(name);
    const [cancel, stop] = [new AbortController(), new AbortController()];
    const { interruption } = run;
    let calls = 0;
    world.onCall = () => {
      calls += 1;
      if (interruption.kind === "cancel" && calls > interruption.call) cancel.abort();
      if (interruption.kind === "stop" && calls > interruption.call) stop.abort();
    };
    const first = this.#store.texts.length;
    await this.#up(run, {
      continueOnError: run.continueOnError,
      refresh: run.refresh,
      parallel: run.parallel,
      signal: cancel.signal,
      terminate: stop.signal,
      ...(run.target.length > 0 ? { target: run.target } : {}),
    });
    world.onCall = () => undefined;
    if (interruption.kind === "kill") await this.#kill(first, interruption.part);
    this.#nothingLost(await this.#load());
  }

  /** As if the process had been killed just before a write of the last operation was in place. */
  async #kill(first: number, part: number): Promise<void> {
    const { texts } = this.#store;
    const at = first + Math.floor(part * (texts.length - first)) - 1;
    const text = texts[at];
    if (text === undefined) return;
    const then = world.atWrites[at + 1];
    if (then !== undefined) world.become(then);
    await this.#store.reset(text);
  }

  async converges(spec: SpecEntry[]): Promise<void> {
    const result = await this.#up({ spec }, {});
    expect(result.errors).toEqual([]);
    const snapshot = await this.#load();
    const own = resourcesOf(snapshot);
    expect(own.map(({ urn }) => urnName(urn)).sort()).toEqual(spec.map(({ name }) => name).sort());
    expect(own.filter((state) => state.delete === true || state.initErrors?.length)).toEqual([]);
    expect(snapshot.pendingOperations.filter(({ type }) => type !== "creating")).toEqual([]);
    this.#nothingLost(snapshot);
    const again = await this.#up({ spec }, {});
    expect(Object.keys(again.changeSummary)).toEqual(["same"]);
  }

  async #up(
    { spec, rules = {}, isAskedAhead = true }: Pick<Run, "spec"> & Partial<Run>,
    options: UpOptions,
  ): Promise<OperationResult> {
    writeFileSync(join(folder, "control"), JSON.stringify({ rules }));
    const stack = await Stack.select({
      stackName: this.#store.stack,
      workDir: PROJECT,
      store: this.#store,
      program: async () => (await new SpecProgram().run(spec)) ?? {},
      env: {
        PULUMI_DEBUG_PROVIDERS: `tp:${provider.port}`,
        CLOCKER_ASK_AHEAD: String(isAskedAhead),
      },
    });
    const onEvent = (event: EngineEvent): void => void this.#seen.push(JSON.stringify(event));
    return stack.up({ ...options, onEvent });
  }

  /** Also proves that it can be loaded: loading verifies it. */
  async #load(): Promise<Snapshot> {
    const snapshot = await this.#store.load();
    if (snapshot === null) throw new Error("the state is gone");
    return snapshot;
  }

  #nothingLost(snapshot: Snapshot): void {
    expect(world.notTold(snapshot, this.#spared)).toEqual([]);
  }

  neverShowedASecret(): void {
    for (const text of this.#store.texts) expect(text).not.toContain(CANARY);
    for (const event of this.#seen) expect(event).not.toContain(CANARY);
  }
}

/** What the program has made itself. */
const resourcesOf = ({ resources }: Snapshot): ResourceState[] =>
  resources.filter(({ type }) => !type.startsWith("pulumi:"));

test("whatever a program does, whatever fails and whenever it is interrupted: nothing is lost, and one more up converges", async () => {
  await fc.assert(
    fc.asyncProperty(runs, async (list) => {
      const trial = new Trial();
      await trial.begin();
      for (const run of list) await trial.run(run);
      await trial.converges(list.at(-1)?.spec ?? []);
      trial.neverShowedASecret();
    }),
    { numRuns: Number(process.env["RANDOM_RUNS"] ?? 15) },
  );
}, 300_000);
