import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EngineEvent, Stack, type StackArgs } from "../../../engine/index.js";
import { MemoryStore } from "./memory-store.js";

export const PROGRAMS = join(__dirname, "../programs");

/** A stack of one of the programs beside this, with a log of the provider's calls. */
export class ProgramStack {
  readonly folder = mkdtempSync(join(tmpdir(), "stack-"));
  readonly log = join(this.folder, "calls");
  readonly env: Record<string, string> = { CALL_LOG: this.log };
  readonly store: MemoryStore;
  readonly events: EngineEvent[] = [];
  readonly #program: string;

  constructor(program: string, project: string) {
    this.#program = program;
    this.store = new MemoryStore(project, "dev");
  }

  async open(env: Record<string, string> = {}, more: Partial<StackArgs> = {}): Promise<Stack> {
    Object.assign(this.env, env);
    return Stack.createOrSelect({
      stackName: "dev",
      workDir: join(PROGRAMS, this.#program),
      store: this.store,
      env: this.env,
      ...more,
    });
  }

  readonly onEvent = (event: EngineEvent): void => void this.events.push(event);

  /** The provider's calls since the last time. */
  calls(): string[] {
    const lines = existsSync(this.log) ? readFileSync(this.log, "utf8").trim().split("\n") : [];
    rmSync(this.log, { force: true });
    return lines;
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The messages of diagnostics of one severity. */
export function messages(events: readonly EngineEvent[], severity: string): string[] {
  return events.flatMap(({ diagnosticEvent }) =>
    diagnosticEvent?.severity === severity ? [diagnosticEvent.message.trim()] : [],
  );
}

export async function until(
  what: string,
  condition: () => boolean,
  timeoutMs = 15_000,
): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
