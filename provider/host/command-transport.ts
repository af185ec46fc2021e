import { hostname } from "node:os";
import type { Duplex, Readable, Writable } from "node:stream";
import { CloudError, messageOf } from "../errors.js";
import { currentOperation } from "../operation.js";
import { commandLine, nameProblem, scriptText, scriptTextWithInput } from "./command.js";
import type { HostConnection } from "./connection.js";
import { duration, withDeadline } from "./deadline.js";
import { faultPoint } from "./faults.js";
import { Limiter, Serial } from "./limiter.js";
import { LOCK_SCRIPT } from "./lock-script.js";
import { NOT_INSTALLED, notRunning } from "./engine-problem.js";
import type { ExecOptions, ExecResult, LockOptions, Transport } from "./transport.js";

/** A command under way on a host. */
export interface HostProcess {
  stdin: Writable;
  stdout: Readable;
  stderr: Readable;
  /** Its exit code; rejects with `unreachable` when the connection breaks first. */
  done: Promise<number>;
  /** Gives it up: closes the channel and asks it to end. */
  stop(): void;
}

/** Events on a stream of `openSocket`: whoever keeps it for later says so, and when it is in use again. */
export const SOCKET_IDLE = "clocker-idle";
export const SOCKET_BUSY = "clocker-busy";

const OUTPUT_CAP = 1024 * 1024;
const LOCKED = "clocker-locked";

/**
 * What ssh and local have in common: everything but how a process is started and a socket is opened. Locks have
 * permits of their own, so that commands under a lock can never starve behind locks that wait.
 */
export abstract class CommandTransport implements Transport {
  protected readonly sessions = new Limiter(8, () => this.dropIdleDial());
  private readonly lockSessions = new Limiter(2);
  private readonly locks = new Serial();
  private readonly dialled = new Set<string>();
  /** Docker's pipes that wait for the next request; each holds one of the few sessions. */
  private readonly idleDials = new Set<Duplex>();
  /** How many hold a permit but find that the host allows no further session. */
  protected starving = 0;

  constructor(readonly connection: HostConnection) {}

  /** Starts a command line; `hold` gives its channel's permit back. */
  protected abstract start(command: string): Promise<HostProcess>;
  /** A process whose stdin and stdout are one stream. */
  protected abstract startDuplex(command: string): Promise<Duplex>;
  /** A stream to a unix socket, or an error when the host or its sshd does not allow it. */
  protected abstract forward(path: string): Promise<Duplex>;
  abstract close(): Promise<void>;

  async exec(argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    return this.run(this.line(argv, options), argv[0] ?? "", options.stdin, options);
  }

  async script(
    script: string,
    args: readonly string[] = [],
    options: ExecOptions = {},
  ): Promise<ExecResult> {
    // The script travels by stdin unless data must: ps on the host then shows no more than `sh -s`.
    if (options.stdin === undefined)
      return this.run(
        this.line(["sh", "-s", "--", ...args], options),
        "script",
        scriptText(script),
        options,
      );
    const argv = ["sh", "-c", scriptTextWithInput(script), "sh", ...args];
    return this.run(this.line(argv, options), "script", options.stdin, options);
  }

  async openSocket(path: string): Promise<Duplex> {
    if (this.dialled.has(path)) return this.dial(path);
    try {
      return await this.forward(path);
    } catch (error) {
      if (error instanceof CloudError) throw error;
      await this.probeDocker(path, error);
      this.dialled.add(path);
      return this.dial(path);
    }
  }

  async withLock<T>(name: string, body: () => Promise<T>, options: LockOptions = {}): Promise<T> {
    const problem = nameProblem(name);
    if (problem) throw new CloudError("internal", `lock name ${JSON.stringify(name)} ${problem}`);
    return this.locks.run(name, async () => {
      const release = await this.lockSessions.acquire();
      try {
        return await this.locked(name, body, options.waitMs ?? 60_000);
      } finally {
        release();
      }
    });
  }

  private line(argv: readonly string[], options: ExecOptions): string {
    return commandLine(argv, { sudo: this.connection.sudo && options.asUser !== true });
  }

  private async run(
    command: string,
    label: string,
    input: string | Buffer | undefined,
    options: ExecOptions,
  ): Promise<ExecResult> {
    const host = this.connection.name;
    const timeoutMs = options.timeoutMs ?? 60_000;
    await faultPoint("exec", host);
    const late = () =>
      new CloudError(
        "deadline",
        `the command "${label}" did not end within ${duration(timeoutMs)}; it may still run there`,
        { host },
      );
    return withDeadline(
      timeoutMs,
      late,
      async (signal) => {
        const release = await this.sessions.acquire();
        try {
          if (signal.aborted) throw late();
          const process = await this.start(command);
          const stop = () => process.stop();
          signal.addEventListener("abort", stop, { once: true });
          if (signal.aborted) stop();
          try {
            return await collect(process, input, options.onOutput);
          } finally {
            signal.removeEventListener("abort", stop);
          }
        } finally {
          release();
        }
      },
      options.signal ?? currentOperation()?.signal,
    );
  }

  private async locked<T>(name: string, body: () => Promise<T>, waitMs: number): Promise<T> {
    const host = this.connection.name;
    const file = `/run/lock/clocker-${name}.lock`;
    const holder = `${hostname()} process ${process.pid} since ${new Date().toISOString()}`;
    const seconds = String(Math.max(1, Math.ceil(waitMs / 1000)));
    const argv = ["sh", "-c", LOCK_SCRIPT, "sh", file, seconds, holder];
    const late = () =>
      new CloudError("deadline", `no answer while waiting for the lock "${name}"`, { host });
    const lock = await withDeadline(
      waitMs + 15_000,
      late,
      (signal) => this.takeLock(this.line(argv, {}), signal, name, waitMs),
      currentOperation()?.signal,
    );
    // Gone before we gave it back: what `body` does is no longer protected, so its result must not count.
    const lost = lock.done.then(
      () => Promise.reject(new CloudError("unreachable", `lost the lock "${name}"`, { host })),
      (error: unknown) => Promise.reject(error instanceof Error ? error : new Error(String(error))),
    );
    lost.catch(() => {});
    try {
      return await Promise.race([body(), lost]);
    } finally {
      await endLock(lock);
    }
  }

  /** The process that holds the lock, once it has it. */
  private async takeLock(
    command: string,
    signal: AbortSignal,
    name: string,
    waitMs: number,
  ): Promise<HostProcess> {
    const host = this.connection.name;
    const lock = await this.start(command);
    lock.stdin.on("error", () => {});
    lock.done.catch(() => {});
    const errors = new Capped(4096);
    lock.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
    signal.addEventListener("abort", () => lock.stop(), { once: true });
    const said = await firstLine(lock);
    if (said !== LOCKED) throw await refusedLock(lock, name, waitMs, said, errors, host);
    if (signal.aborted) lock.stop();
    return lock;
  }

  /** Docker's own pipe through its socket: for hosts that forbid forwarding, and for sudo. */
  private async dial(path: string): Promise<Duplex> {
    const release = await this.sessions.acquire();
    try {
      const argv = ["docker", "-H", `unix://${path}`, "system", "dial-stdio"];
      const stream = await this.startDuplex(this.line(argv, {}));
      stream.on(SOCKET_IDLE, () => {
        this.idleDials.add(stream);
        if (this.starving > 0 || this.sessions.isContended) this.dropIdleDial();
      });
      stream.on(SOCKET_BUSY, () => this.idleDials.delete(stream));
      stream.once("close", () => {
        this.idleDials.delete(stream);
        release();
      });
      return stream;
    } catch (error) {
      release();
      throw error;
    }
  }

  protected dropIdleDial(): void {
    const [stream] = this.idleDials;
    if (!stream) return;
    this.idleDials.delete(stream);
    stream.destroy();
  }

  /** The forwarded socket did not open: says why in words, or returns when Docker can be had by its client. */
  private async probeDocker(path: string, cause: unknown): Promise<void> {
    const host = this.connection.name;
    const argv = ["docker", "-H", `unix://${path}`, "version", "--format", "{{.Server.Version}}"];
    const result = await this.exec(argv, { timeoutMs: 15_000 });
    if (result.code === 0) return;
    const said = result.stderr.trim().split("\n").at(-1) ?? "";
    if (/permission denied/i.test(`${said} ${messageOf(cause)}`))
      throw new CloudError("docker", `no permission to use Docker at ${path}`, {
        host,
        hint: "Log in as root, add the user to the group docker, or set sudo: true.",
        cause,
      });
    if (result.code === 127 || /not found/.test(said))
      throw new CloudError("docker", NOT_INSTALLED, {
        host,
        hint: "A DockerHost resource installs it; or install Docker Engine 20.10 or later.",
        cause,
      });
    throw new CloudError("docker", notRunning(path), {
      host,
      ...(said ? { reasons: [said] } : {}),
      hint: "Start the Docker daemon there (systemctl start docker) and run again.",
      cause,
    });
  }
}

/** Collects both streams, each up to the cap; the rest is read and dropped so that the command can go on. */
async function collect(
  process: HostProcess,
  input: string | Buffer | undefined,
  onOutput: ((text: string) => void) | undefined,
): Promise<ExecResult> {
  const out = new Capped(OUTPUT_CAP);
  const err = new Capped(OUTPUT_CAP);
  const take = (into: Capped) => (chunk: Buffer) => {
    into.push(chunk);
    onOutput?.(chunk.toString("utf8"));
  };
  process.stdout.on("data", take(out));
  process.stderr.on("data", take(err));
  // A command that does not read its input closes the pipe; its exit code is the answer.
  process.stdin.on("error", () => {});
  process.stdin.end(input);
  const code = await process.done;
  return { code, stdout: out.text(), stderr: err.text(), truncated: out.cut || err.cut };
}

class Capped {
  private readonly parts: Buffer[] = [];
  private size = 0;
  cut = false;

  constructor(private readonly cap: number) {}

  push(chunk: Buffer): void {
    const room = this.cap - this.size;
    if (chunk.length > room) this.cut = true;
    if (room <= 0) return;
    const part = chunk.length > room ? chunk.subarray(0, room) : chunk;
    this.parts.push(part);
    this.size += part.length;
  }

  text(): string {
    return Buffer.concat(this.parts).toString("utf8");
  }
}

/** The first line of output, or all of it when the process ends before. */
async function firstLine(process: HostProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const out = new Capped(4096);
    process.stdout.on("data", (chunk: Buffer) => {
      out.push(chunk);
      const text = out.text();
      if (text.includes("\n")) resolve(text.slice(0, text.indexOf("\n")));
    });
    process.done.then(() => resolve(out.text()), reject);
  });
}

async function refusedLock(
  lock: HostProcess,
  name: string,
  waitMs: number,
  said: string,
  errors: Capped,
  host: string,
): Promise<CloudError> {
  const code = await lock.done;
  if (code === 75)
    return new CloudError(
      "deadline",
      `the lock "${name}" was not free within ${duration(waitMs)}`,
      {
        host,
        ...(said.trim() ? { reasons: [`held by ${said.trim()}`] } : {}),
        hint: "Run again when the other operation has ended.",
      },
    );
  return new CloudError("command", `cannot lock "${name}" (exit code ${code})`, {
    host,
    ...(errors.text().trim() ? { reasons: [errors.text().trim()] } : {}),
    hint: "The host needs flock (package util-linux) and a writable /run/lock.",
  });
}

/** Gives a lock back; a host that does not confirm it in time loses the channel, which ends it as well. */
async function endLock(lock: HostProcess): Promise<void> {
  lock.stdin.end();
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => (timer = setTimeout(resolve, 2000)));
  await Promise.race([lock.done.catch(() => {}), patience]);
  clearTimeout(timer);
  lock.stop();
}
