import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EngineEvent, Stack } from "../../../engine/index.js";
import { parseUrn } from "../../../engine/urn.js";
import { MemoryStore } from "./memory-store.js";

export interface SpecEntry {
  name: string;
  component?: 1;
  args?: Record<string, unknown>;
  opts?: Record<string, unknown>;
}

export interface Step {
  command: "up" | "refresh" | "destroy";
  flags: string[];
  spec: SpecEntry[];
  cloud: Record<string, unknown>;
  expected: Outcome;
}

export interface Outcome {
  rc: number;
  ops: string[];
  calls: string[];
  summary: Record<string, number>;
  state: string[];
  pending: string[];
  errors: string[];
}

export interface Case {
  name: string;
  topic: string;
  steps: Step[];
}

export const GENERIC_PROGRAM = join(__dirname, "../programs/generic");

const shown = (urn: string): boolean => !parseUrn(urn).type.startsWith("pulumi:");
const nameOf = (urn: string): string => parseUrn(urn).name;

/** Runs the steps of one case on a stack of its own and says what happened in the terms of the recordings. */
export class CaseRunner {
  readonly #folder = mkdtempSync(join(tmpdir(), "conformance-"));
  readonly #log = join(this.#folder, "calls");
  readonly #env: Record<string, string> = { CALL_LOG: this.#log };
  readonly store: MemoryStore;
  #stack: Stack | undefined;

  constructor(project: string, stack: string) {
    this.store = new MemoryStore(project, stack);
  }

  async run(step: Step): Promise<Outcome> {
    rmSync(this.#log, { force: true });
    this.#env["SPEC"] = JSON.stringify(step.spec);
    this.#env["CLOUD"] = JSON.stringify(step.cloud);
    this.#stack = await Stack.createOrSelect({
      stackName: this.store.stack,
      workDir: GENERIC_PROGRAM,
      store: this.store,
      env: this.#env,
    });
    const ops: string[] = [];
    const options = {
      onEvent: (event: EngineEvent) => void ops.push(...opsOf(event)),
      ...optionsOf(step.flags),
    };
    const result = await this.#stack[step.command](options);
    const snapshot = await this.store.load();
    return {
      rc: result.result === "succeeded" ? 0 : 1,
      ops,
      calls: existsSync(this.#log) ? readFileSync(this.#log, "utf8").trim().split("\n") : [],
      summary: result.changeSummary,
      state: (snapshot?.resources ?? []).filter(({ urn }) => shown(urn)).map(describeState),
      pending: (snapshot?.pendingOperations ?? []).map(
        ({ type, resource }) => `${type} ${nameOf(resource.urn)}`,
      ),
      errors: result.errors,
    };
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function describeState(state: {
  urn: string;
  delete?: boolean;
  pendingReplacement?: boolean;
  external?: boolean;
}): string {
  const marks = (["delete", "pendingReplacement", "external"] as const).filter(
    (mark) => state[mark] === true,
  );
  return [nameOf(state.urn), ...marks.map((mark) => `(${mark})`)].join(" ");
}

function opsOf(event: EngineEvent): string[] {
  const { resourcePreEvent: pre, resOpFailedEvent: failed } = event;
  if (pre !== undefined && shown(pre.metadata.urn))
    return [`${pre.metadata.op} ${nameOf(pre.metadata.urn)}`];
  if (failed !== undefined && shown(failed.metadata.urn))
    return [`FAILED ${nameOf(failed.metadata.urn)}`];
  return [];
}

function optionsOf(flags: string[]): { target?: string[]; continueOnError?: boolean } {
  const at = flags.indexOf("--target");
  const target = at < 0 ? undefined : flags[at + 1];
  return {
    ...(target === undefined ? {} : { target: [target] }),
    ...(flags.includes("--continue-on-error") ? { continueOnError: true } : {}),
  };
}
