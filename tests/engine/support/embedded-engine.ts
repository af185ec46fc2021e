import {
  type DestroyOptions,
  type OperationResult,
  type RefreshOptions,
  Stack,
  type UpOptions,
} from "../../../engine/index.js";
import type { Snapshot } from "../../../engine/state/model.js";
import type { Engine, FullStep, Run } from "./case-runner.js";
import { EventLog } from "./event-log.js";
import { MemoryStore } from "./memory-store.js";
import { PROJECT } from "./pulumi-cli.js";
import { SpecProgram } from "./spec-program.js";

/** The engine of this package in this process, with its state in memory. */
export class EmbeddedEngine implements Engine {
  readonly reactionMs = 0;
  readonly store: MemoryStore;

  /** `env`: beside what a step says. */
  constructor(
    readonly project: string,
    readonly stack: string,
    readonly env: Record<string, string> = {},
  ) {
    this.store = new MemoryStore(project, stack);
  }

  async run(step: FullStep, env: Record<string, string>): Promise<Run> {
    const stack = await Stack.createOrSelect({
      workDir: PROJECT,
      stackName: this.stack,
      program: async () => (await new SpecProgram(step.log).run(step.spec)) ?? {},
      store: this.store,
      env: { ...env, ...this.env },
      config: step.config,
      passphrase: "test",
    });
    const log = new EventLog();
    const options: Options = {
      ...optionsOf(step.flags),
      signal: step.interrupt,
      onEvent: (event) => log.add(event),
    };
    let result: OperationResult;
    try {
      result = await stack[step.command](options);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      log.errors.push(message.split("\n")[0] ?? "");
      return { rc: 1, log };
    }
    return { rc: result.result === "succeeded" ? 0 : 1, log };
  }

  load(): Promise<Snapshot | null> {
    return this.store.load();
  }

  async save(snapshot: Snapshot): Promise<void> {
    await this.store.save(snapshot);
  }

  async close(): Promise<void> {
    // Nothing is left: the engine stops what it starts at the end of each operation.
  }
}

type Options = UpOptions & RefreshOptions & DestroyOptions;

/** The CLI's flags as the options of the API. */
function optionsOf(flags: readonly string[]): Options {
  const target: string[] = [];
  const exclude: string[] = [];
  const replace: string[] = [];
  const options: Options = {};
  const rest = [...flags];
  for (let flag = rest.shift(); flag !== undefined; flag = rest.shift()) {
    const value = (): string => rest.shift() ?? "";
    if (flag === "--target") target.push(value());
    else if (flag === "--exclude") exclude.push(value());
    else if (flag === "--replace") replace.push(value());
    else if (flag === "--target-replace") {
      const urn = value();
      target.push(urn);
      replace.push(urn);
    } else if (flag === "--target-dependents") options.targetDependents = true;
    else if (flag === "--exclude-dependents") options.excludeDependents = true;
    else if (flag === "--continue-on-error") options.continueOnError = true;
    else if (flag === "--refresh") options.refresh = true;
    else if (flag === "--run-program") options.runProgram = true;
    else if (flag === "--expect-no-changes") options.expectNoChanges = true;
    else if (flag === "--ignore-protect") options.ignoreProtect = true;
    else if (flag === "--exclude-protected") options.excludeProtected = true;
    else if (flag === "--preview-only") options.preview = true;
    else if (flag === "--parallel") options.parallel = Number(value());
    else throw new Error(`the harness knows no flag ${flag}`);
  }
  return {
    ...options,
    ...(target.length > 0 ? { target } : {}),
    ...(exclude.length > 0 ? { exclude } : {}),
    ...(replace.length > 0 ? { replace } : {}),
  };
}
