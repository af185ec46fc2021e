import type { UpdateRecord } from "./backend/backend.js";
import { openContext, type StackContext } from "./context.js";
import { outputsOf } from "./outputs.js";
import type {
  DestroyOptions,
  OperationResult,
  OutputMap,
  PreviewOptions,
  RefreshOptions,
  StackArgs,
  StackExport,
  UpOptions,
} from "./options.js";
import { runOperation } from "./operation/operation.js";

/**
 * One stack of a project, with the operations of Pulumi's Automation API. Operations resolve with what happened, also when
 * they failed; they reject only when nothing could be begun (no such stack, locked, wrong passphrase, something unsupported).
 */
export class Stack {
  readonly #context: StackContext;

  private constructor(context: StackContext) {
    this.#context = context;
  }

  get name(): string {
    return this.#context.store.stack;
  }

  get project(): string {
    return this.#context.store.project;
  }

  /** Makes a new, empty stack. Refuses when it exists. */
  static async create(args: StackArgs): Promise<Stack> {
    return new Stack(await openContext(args, "create"));
  }

  /** Opens a stack that exists. */
  static async select(args: StackArgs): Promise<Stack> {
    return new Stack(await openContext(args, "select"));
  }

  static async createOrSelect(args: StackArgs): Promise<Stack> {
    return new Stack(await openContext(args, "createOrSelect"));
  }

  /** What `up` would do. Writes nothing. */
  async preview(options: PreviewOptions = {}): Promise<OperationResult> {
    return runOperation(this.#context, { kind: "preview", dryRun: true, ...options });
  }

  /** Runs the program and makes the world match it. */
  async up(options: UpOptions = {}): Promise<OperationResult> {
    return runOperation(this.#context, { kind: "update", dryRun: false, ...options });
  }

  /** Reads every resource and brings the state in line, without running the program. */
  async refresh(options: RefreshOptions = {}): Promise<OperationResult> {
    const { preview, ...rest } = options;
    return runOperation(this.#context, { kind: "refresh", dryRun: preview === true, ...rest });
  }

  /** Deletes everything the stack holds, without running the program. */
  async destroy(options: DestroyOptions = {}): Promise<OperationResult> {
    const { preview, ...rest } = options;
    return runOperation(this.#context, { kind: "destroy", dryRun: preview === true, ...rest });
  }

  /** The outputs of the last update. */
  async outputs(): Promise<OutputMap> {
    return outputsOf(await this.#context.store.load());
  }

  /** The whole state with secrets opened. */
  async exportStack(): Promise<StackExport> {
    return this.#context.export();
  }

  /** Replaces the whole state, after the same checks as any other write. */
  async importStack(state: StackExport): Promise<void> {
    return this.#context.import(state);
  }

  /** Finished operations, newest first. */
  async history(): Promise<UpdateRecord[]> {
    return this.#context.store.history();
  }

  /** Removes the stack's locks: for locks whose holder is dead. */
  async cancel(): Promise<void> {
    return this.#context.cancel();
  }
}
