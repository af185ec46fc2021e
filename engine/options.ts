import type { EngineEvent } from "./events.js";
import type { StackStore } from "./backend/backend.js";
import type { Snapshot } from "./state/model.js";

/** The kinds of operation a stack knows. */
export type OperationKind = "preview" | "update" | "refresh" | "destroy";

/** One configuration value. Keys are `project:key`; a key without a namespace belongs to the project. */
export interface ConfigValue {
  value: string;
  secret?: boolean;
}

export type ConfigMap = Record<string, ConfigValue>;

/** A program that runs in this process instead of as a child. What it returns become the stack's outputs. */
export type InlineProgram = () => Promise<Record<string, unknown> | void>;

/** How to find a stack. Either `workDir` (a folder with Pulumi.yaml) or `program` says what it deploys. */
export interface StackArgs {
  stackName: string;
  /** Default: the `name` of the Pulumi.yaml in `workDir`. Required with `program` and no `workDir`. */
  projectName?: string;
  /** The folder of Pulumi.yaml. Default: the current folder. */
  workDir?: string;
  program?: InlineProgram;
  /** `file://...`. Default: PULUMI_BACKEND_URL, then `backend.url` of Pulumi.yaml, then the home folder. */
  backendUrl?: string;
  /** Default: PULUMI_CONFIG_PASSPHRASE, then the file PULUMI_CONFIG_PASSPHRASE_FILE names. */
  passphrase?: string;
  /** The stack's configuration file. Default: Pulumi.<stack>.yaml beside Pulumi.yaml. */
  configFile?: string;
  /** Laid over the stack's configuration file for this run; nothing of it is written back. */
  config?: ConfigMap;
  /** Added to the environment of the program and of every provider. */
  env?: Record<string, string>;
  /** Where the state lives, instead of a backend: for tests. */
  store?: StackStore;
}

/** Options all operations share. */
export interface OperationOptions {
  onEvent?: (event: EngineEvent) => void;
  /** First abort: no new steps, running ones finish, state is saved. */
  signal?: AbortSignal;
  /** Abort: stop at once and leave what runs as pending operations. */
  terminate?: AbortSignal;
  /** How many steps run at once. Default: 4 x CPUs, at least 64: steps wait for hosts, and providers limit what one host does at once. */
  parallel?: number;
  /** URNs. */
  target?: string[];
  targetDependents?: boolean;
  /** URNs to leave alone, also with wildcards; everything else is a target. Not together with `target`. */
  exclude?: string[];
  /** Leaves alone what depends on them, too. */
  excludeDependents?: boolean;
  /** Deletes and replaces protected resources like others. */
  ignoreProtect?: boolean;
  /** Uses configuration as it is, also where it does not fit the project's types. */
  skipConfigValidation?: boolean;
  /**
   * Runs the program for a refresh or a destroy, too: providers are configured, options counted and hooks called as the program
   * says now, but no resource is made or changed. An `up` with `refresh` then reads each resource when the program registers it,
   * and what the program does not register not at all. Default: false.
   */
  runProgram?: boolean;
  continueOnError?: boolean;
  message?: string;
  /** Also the SDK's own debug messages as events. They may show secrets. */
  debug?: boolean;
  /** Fails when something was changed, or in a preview would be. */
  expectNoChanges?: boolean;
}

export interface UpOptions extends OperationOptions {
  /** URNs to replace even if nothing changed. */
  replace?: string[];
  /** Refresh first. Default: if the project says `options.refresh: always`. */
  refresh?: boolean;
  /** Folders of policy packs, relative to the current folder. Checked in this order. */
  policyPacks?: string[];
  /** Files that configure them, one for each of `policyPacks`, or none at all. */
  policyPackConfigs?: string[];
}

export type PreviewOptions = UpOptions;

export interface RefreshOptions extends OperationOptions {
  /** Shows what a refresh would do and writes nothing. */
  preview?: boolean;
  /** Forgets creations that an earlier operation left pending, instead of keeping them until they are settled. */
  clearPendingCreates?: boolean;
}

export interface DestroyOptions extends OperationOptions {
  /** Shows what a destroy would do and writes nothing. */
  preview?: boolean;
  /** Refresh first. Default: if the project says `options.refresh: always`. */
  refresh?: boolean;
  /** Leaves protected resources alone, and what they depend on. Not together with `target`. */
  excludeProtected?: boolean;
}

/** One exported value of the stack. Secrets are in the clear here: mark them when showing. */
export interface OutputValue {
  value: unknown;
  secret: boolean;
}

export type OutputMap = Record<string, OutputValue>;

/** The operation as the history has it. */
export interface OperationSummary {
  kind: OperationKind;
  result: OperationResult["result"];
  message: string;
  startTime: Date;
  endTime: Date;
  /** Per-op counts. */
  resourceChanges: Record<string, number>;
}

/** What happened. `result` is never thrown: a failed operation resolves, and `errors` says why. */
export interface OperationResult {
  kind: OperationKind;
  result: "succeeded" | "failed" | "cancelled";
  /** Per-op counts, including the root stack, as the CLI's closing summary counts them. */
  changeSummary: Record<string, number>;
  /** The same in the words of the Automation API. */
  summary: OperationSummary;
  durationSeconds: number;
  /** Messages of the error diagnostics, in order. */
  errors: string[];
  /** True when a provider answered in a way that leaves a resource's real state unknown. */
  maybeCorrupt: boolean;
  /** The stack's outputs after the operation (in preview: what is known of them). */
  outputs: OutputMap;
}

/** What `exportStack` gives and `importStack` takes: secrets opened. */
export interface StackExport {
  version: number;
  snapshot: Snapshot;
}
