import type { Duplex } from "node:stream";
import type { HostConnection } from "./connection.js";

/**
 * The named places where a test may break things: before and after each effect of a lifecycle.
 * Production code calls `faultPoint(name)` there; it does nothing unless a test (or CLOCKER_FAULT, see
 * faults.ts) has armed it.
 */
export type FaultPoint =
  | "connect"
  | "exec"
  | "docker-request"
  | "pulled"
  | "created"
  | "claimed"
  | "attached"
  | "started"
  | "healthy"
  | "named"
  | "network-removed"
  | "network-joined"
  | "names-added"
  | "policy-set"
  | "ports-open"
  | "host-prepared"
  | "deleted";

export interface ExecOptions {
  /** Bytes for standard input. Values travel here, never in argv. */
  stdin?: string | Buffer;
  /** Milliseconds until the command is given up (it may go on at the host). Default 60 s. */
  timeoutMs?: number;
  signal?: AbortSignal;
  /** Called with the output of both streams as it comes, for progress. */
  onOutput?: (text: string) => void;
  /** Run as the login user even when the connection says sudo. */
  asUser?: boolean;
}

export interface ExecResult {
  code: number;
  stdout: string;
  stderr: string;
  /** True when output was cut at the cap (1 MiB per stream). */
  truncated: boolean;
}

export interface LockOptions {
  /** Milliseconds to wait for the lock. Default 60 s. */
  waitMs?: number;
}

/**
 * One open way to a host: everything the provider does there goes through this. Implementations: ssh (ssh2),
 * local, and the fake of the tests. Errors are CloudErrors with codes unreachable, host-key, authentication,
 * deadline.
 */
export interface Transport {
  readonly connection: HostConnection;
  /** False until the host has answered for the first time; absent where there is nobody to wait for. */
  readonly hasAnswered?: boolean;
  /** Runs argv (quoted in command.ts; never a shell string from values). A non-zero exit is a result, not an error. */
  exec(argv: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  /**
   * Runs a constant POSIX script by `sh -s` with arguments. Its commands find an empty standard input, unless
   * `stdin` is given: then the script travels in argv and reads the data itself.
   */
  script(script: string, args?: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  /** A raw byte stream to a unix socket on the host (Docker's). */
  openSocket(path: string): Promise<Duplex>;
  /**
   * Holds an exclusive lock on the host while `body` runs; the lock dies with the channel. One name is taken in
   * the order of the calls. Locks are not nested.
   */
  withLock<T>(name: string, body: () => Promise<T>, options?: LockOptions): Promise<T>;
  close(): Promise<void>;
}
