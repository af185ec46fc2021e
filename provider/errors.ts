/** Why an operation failed. A closed union: callers branch on the code, never on the message. */
export type ErrorCode =
  | "invalid-input" // a value the user gave is wrong; nothing was touched
  | "unreachable" // no connection, or it was lost; nothing is known about the far side
  | "host-key" // the host's key is unknown or is not the pinned one; nothing was sent
  | "authentication" // the host refused our key
  | "deadline" // the operation ran out of time; it may still take effect on the host
  | "conflict" // something that is not ours has the name, port, address or subnet
  | "lost-race" // another stack took the last slot first; run again
  | "refused" // placement found no host or no address
  | "unsupported" // this machine, version or feature cannot be used
  | "unhealthy" // the container was made but does not run as asked
  | "docker" // Docker refused the request
  | "command" // a command on the host failed
  | "internal"; // a defect of ours

export interface CloudErrorOptions {
  /** Name of the host concerned, as the program calls it. */
  host?: string;
  /** What the error is about: a container, network or property. */
  resource?: string;
  /** Reasons in detail, one sentence each. */
  reasons?: string[];
  /** What to do next, one sentence. */
  hint?: string;
  /** HTTP status of Docker's answer, when there was one. */
  status?: number;
  cause?: unknown;
}

/**
 * The one error class. The message's first line says what happened and on which host, the last line what to
 * do next. Shown to users without a stack.
 */
export class CloudError extends Error {
  readonly code: ErrorCode;
  readonly host: string | undefined;
  readonly resource: string | undefined;
  readonly reasons: readonly string[];
  readonly hint: string | undefined;
  readonly status: number | undefined;

  constructor(code: ErrorCode, what: string, options: CloudErrorOptions = {}) {
    const lines = [
      options.host ? `host ${options.host}: ${what}` : what,
      ...(options.reasons ?? []).map((reason) => `  - ${reason}`),
      ...(options.hint ? [options.hint] : []),
    ];
    super(lines.join("\n"), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "CloudError";
    this.code = code;
    this.host = options.host;
    this.resource = options.resource;
    this.reasons = options.reasons ?? [];
    this.hint = options.hint;
    this.status = options.status;
  }
}

/** True when Docker positively said that the object does not exist. Unreachable is never absent. */
export function isNotFound(error: unknown): boolean {
  return error instanceof CloudError && error.status === 404;
}

/** True when Docker or the host refused because of something that is already there. */
export function isConflict(error: unknown): boolean {
  return error instanceof CloudError && error.code === "conflict";
}

/** True when nothing is known about the far side: no connection, or it was lost. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof CloudError && (error.code === "unreachable" || error.code === "deadline");
}

/** One line for any thrown value, without a stack. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
