import type { UpdateRecord } from "./backend/backend.js";
import { openContext, type StackContext } from "./context.js";
import { outputsOf } from "./outputs.js";
import type {
  ConfigMap,
  ConfigValue,
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

  /** What `up` would do. Runs the program, asks every provider, and writes nothing. */
  async preview(options: PreviewOptions = {}): Promise<OperationResult> {
    return runOperation(this.#context, { kind: "preview", dryRun: true, ...options });
  }

  /**
   * Runs the program and makes the world match it. There is no preview before it and no question: preview first where somebody
   * is to decide.
   */
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

  /** One value of the stack's configuration file, a secret opened; undefined when it is not set. `path`: the key is a path. */
  async getConfig(key: string, path = false): Promise<ConfigValue | undefined> {
    const found = await (await this.#context.stackConfig()).get(key, { path });
    return found === undefined ? undefined : { value: found.value, secret: found.secret };
  }

  /** Every value of the stack's configuration file by its full key, `project:key`. */
  async getAllConfig(): Promise<ConfigMap> {
    const config = await this.#context.stackConfig();
    const values: ConfigMap = {};
    for (const key of config.entries().keys()) {
      const found = await config.get(key);
      if (found !== undefined) values[key] = { value: found.value, secret: found.secret };
    }
    return values;
  }

  /** Sets one value in the stack's configuration file. `path`: the key is a path, `outer.inner[0]`. */
  async setConfig(key: string, { value, secret }: ConfigValue, path = false): Promise<void> {
    const config = await this.#context.stackConfig();
    await config.set(key, value, { path, secret: secret === true });
    await config.write();
  }

  /** Sets several values with one write. */
  async setAllConfig(values: ConfigMap, path = false): Promise<void> {
    const config = await this.#context.stackConfig();
    for (const [key, { value, secret }] of Object.entries(values))
      await config.set(key, value, { path, secret: secret === true });
    await config.write();
  }

  /** Removes one value from the stack's configuration file; one that is not there is no error. */
  async removeConfig(key: string, path = false): Promise<void> {
    const config = await this.#context.stackConfig();
    config.remove(key, { path });
    await config.write();
  }

  /** The outputs of the last update. */
  async outputs(): Promise<OutputMap> {
    return outputsOf(await this.#context.store.load());
  }

  /** The whole state with secrets opened. */
  async exportStack(): Promise<StackExport> {
    return this.#context.export();
  }

  /**
   * Replaces the whole state, after the same checks as any other write. Operations that are pending in it are dropped, as by
   * `pulumi stack import`, unless `keepPending`.
   */
  async importStack(state: StackExport, { keepPending = false } = {}): Promise<void> {
    return this.#context.import(state, keepPending);
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
