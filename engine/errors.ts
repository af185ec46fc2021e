/** Why the engine refused or failed. A closed union: callers branch on the code, never on the message. */
export type EngineErrorCode =
  | "invalid-input" // a value the user gave is wrong; nothing was touched
  | "not-found" // no such project, stack or key
  | "exists" // a stack of that name is there already
  | "locked" // another operation holds the stack
  | "not-empty" // a stack that still has resources was to be removed
  | "passphrase" // no passphrase, or a wrong one
  | "unsupported" // something only the pulumi CLI can do
  | "corrupt" // a file or a state is not what it must be
  | "io" // a file could not be read or written
  | "internal"; // a defect of ours

export interface EngineErrorOptions {
  /** Reasons in detail, one line each. */
  reasons?: string[];
  /** What to do next, one sentence. */
  hint?: string;
  /** With `not-found`: it is a stack that is not there. */
  missing?: "stack";
  cause?: unknown;
}

/** The engine's one error class. The first line says what happened, the last line what to do next. Shown without a stack. */
export class EngineError extends Error {
  readonly code: EngineErrorCode;
  readonly reasons: readonly string[];
  readonly hint: string | undefined;
  readonly missing: "stack" | undefined;

  constructor(code: EngineErrorCode, what: string, options: EngineErrorOptions = {}) {
    const lines = [
      what,
      ...(options.reasons ?? []).map((reason) => `  - ${reason}`),
      ...(options.hint ? [options.hint] : []),
    ];
    super(lines.join("\n"), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "EngineError";
    this.code = code;
    this.reasons = options.reasons ?? [];
    this.hint = options.hint;
    this.missing = options.missing;
  }
}
