import type { Snapshot } from "../state/model.js";

/** What a finished operation leaves in the history. */
export interface UpdateRecord {
  kind: "update" | "preview" | "refresh" | "destroy" | "import";
  startTime: number;
  message: string;
  environment: Record<string, string>;
  config: Record<string, { value?: string; secure?: boolean; object?: boolean }>;
  result: "succeeded" | "failed" | "in-progress";
  endTime: number;
  version: number;
  resourceChanges: Record<string, number>;
}

/** One stack's place in a backend. All paths and formats are the CLI's DIY file backend's. */
export interface StackStore {
  readonly organization: string;
  readonly project: string;
  readonly stack: string;
  /** null: no such stack. Secrets are opened. Refuses unknown features and versions, naming them. */
  load(): Promise<Snapshot | null>;
  /** Verifies integrity, seals secrets (reusing ciphertexts of unchanged ones), writes a .bak and then atomically. */
  save(snapshot: Snapshot): Promise<void>;
  /** Takes the stack's lock or throws, naming pid, user and host of the holder. Returns the release. */
  lock(): Promise<() => Promise<void>>;
  /** Writes history and backup for a finished operation. */
  record(update: UpdateRecord): Promise<void>;
  history(): Promise<UpdateRecord[]>;
}

export interface Backend {
  readonly url: string;
  stack(project: string, stack: string): StackStore;
  list(
    project?: string,
  ): Promise<{ project: string; stack: string; lastUpdate?: string; resourceCount?: number }[]>;
  remove(project: string, stack: string, options: { force: boolean }): Promise<void>;
  /** Removes every lock of a stack (`cancel`). */
  cancel(project: string, stack: string): Promise<void>;
}
