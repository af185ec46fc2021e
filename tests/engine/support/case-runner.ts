import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ResourceState, Snapshot } from "../../../engine/state/model.js";
import { makeUrn } from "../../../engine/urn.js";
import { serve, type ServedProvider } from "../programs/controllable/service.js";
import type { Case, CaseFile, Outcome, SpecEntry, Step } from "./case-format.js";
import { describePending, describeState, nameOf } from "./describe-state.js";
import type { EventLog } from "./event-log.js";

/** A step with everything that earlier ones have left to say about it. */
export interface FullStep extends Required<Pick<Step, "command" | "flags" | "spec">> {
  config: NonNullable<Step["config"]>;
  /** Aborted when the user would press Ctrl-C. */
  interrupt: AbortSignal;
  /** A line for a call of one of the program's own functions, among the provider's calls. */
  log: (line: string) => void;
}

/** What an engine makes of a step. */
export interface Run {
  rc: number;
  log: EventLog;
}

/** An engine with a stack of its own, whose provider is the controllable one. */
export interface Engine {
  /** How long a Ctrl-C may take to reach it. */
  readonly reactionMs: number;
  run(step: FullStep, env: Record<string, string>): Promise<Run>;
  load(): Promise<Snapshot | null>;
  save(snapshot: Snapshot): Promise<void>;
  close(): Promise<void>;
}

/** Runs the steps of one case one after the other on an engine. */
export class CaseRunner {
  readonly #engine: Engine;
  readonly #file: Pick<CaseFile, "project" | "stack">;
  readonly #folder = mkdtempSync(join(tmpdir(), "case-"));
  readonly #log = join(this.#folder, "calls");
  readonly #control = join(this.#folder, "control.json");
  #provider: ServedProvider | undefined;
  #spec: SpecEntry[] = [];
  #cloud: NonNullable<Step["cloud"]> = {};
  #capabilities: NonNullable<Step["provider"]> = {};
  #config: NonNullable<Step["config"]> = {};

  constructor(engine: Engine, file: Pick<CaseFile, "project" | "stack">) {
    this.#engine = engine;
    this.#file = file;
  }

  get engine(): Engine {
    return this.#engine;
  }

  /** Takes over what the steps before have left, without running them. */
  async skipTo(steps: Case["steps"], state: Snapshot): Promise<void> {
    for (const step of steps) this.#remember(step);
    await this.#engine.save(state);
  }

  async run(step: Step): Promise<Outcome> {
    this.#remember(step);
    if (step.edit !== undefined) await this.#edit(step.edit);
    const control = { cloud: this.#cloud, rules: step.rules ?? {}, config: this.#capabilities };
    writeFileSync(this.#control, JSON.stringify(control));
    writeFileSync(this.#log, "");
    this.#provider ??= await serve({ log: this.#log, control: this.#control });
    const env = { PULUMI_DEBUG_PROVIDERS: `tp:${this.#provider.port}` };
    const flags = (step.flags ?? []).map((flag) =>
      flag.startsWith("@") ? this.#urn(flag.slice(1)) : flag,
    );
    const interrupt = new AbortController();
    const watch = setInterval(() => {
      if (step.interrupt === undefined || interrupt.signal.aborted) return;
      if (!this.#calls().includes(step.interrupt)) return;
      interrupt.abort();
      setTimeout(() => appendFileSync(this.#log, "interrupted\n"), this.#engine.reactionMs);
    }, 20);
    const { rc, log } = await this.#engine.run(
      {
        command: step.command,
        flags,
        spec: this.#spec,
        config: this.#config,
        interrupt: interrupt.signal,
        log: (line) => appendFileSync(this.#log, `${line}\n`),
      },
      env,
    );
    clearInterval(watch);
    const snapshot = await this.#engine.load();
    return {
      rc,
      ops: log.ops,
      reasons: log.reasons.sort(),
      calls: this.#calls(),
      summary: log.summary,
      state: describeState(snapshot),
      pending: describePending(snapshot),
      errors: log.errors,
    };
  }

  #calls(): string[] {
    const lines = readFileSync(this.#log, "utf8").trim();
    return lines === "" ? [] : lines.split("\n");
  }

  #remember({ spec, cloud, provider, config }: Step): void {
    if (spec !== undefined) this.#spec = spec;
    this.#cloud = { ...this.#cloud, ...cloud };
    this.#capabilities = { ...this.#capabilities, ...provider };
    this.#config = { ...this.#config, ...config };
  }

  #urn(name: string): string {
    return makeUrn(this.#file.stack, this.#file.project, "", "tp:index:R", name);
  }

  async #edit({ resources = {}, pending = [] }: NonNullable<Step["edit"]>): Promise<void> {
    const snapshot = await this.#engine.load();
    if (snapshot === null) throw new Error("there is no state to edit");
    const edited = snapshot.resources.flatMap((state): ResourceState[] => {
      const fields = resources[nameOf(state.urn)];
      if (fields === undefined) return [state];
      if (fields === null) return [];
      const known = Object.entries({ ...state, ...fields }).filter(([, value]) => value !== null);
      return [Object.fromEntries(known) as unknown as ResourceState];
    });
    const operations = pending.map(([type, name]) => {
      const known = edited.find(({ urn }) => nameOf(urn) === name);
      const resource = known ?? { urn: this.#urn(name), type: "tp:index:R", custom: true };
      return { type, resource } as Snapshot["pendingOperations"][number];
    });
    await this.#engine.save({ ...snapshot, resources: edited, pendingOperations: operations });
  }

  async close(): Promise<void> {
    await this.#engine.close();
    this.#provider?.close();
    if (existsSync(this.#folder)) rmSync(this.#folder, { recursive: true, force: true });
  }
}
