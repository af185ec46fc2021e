import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import { Link } from "../link/link.js";
import { LINK_FD } from "./launch-settings.js";
import { Watchdog } from "./watchdog.js";

export interface ChildOptions {
  command: string;
  args: string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** Each line of output; `error` for stderr. */
  onLine: (line: string, stream: "out" | "error") => void;
  /** It gets a pipe for calls in both directions as descriptor LINK_FD. */
  linked?: boolean;
}

export interface ChildExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A child in a process group of its own. Its output is read to the end before `exited` is fulfilled. */
export class Child {
  readonly #process: ChildProcess;
  readonly exited: Promise<ChildExit>;
  /** Unless it was started without one. */
  readonly link: Link | undefined;
  #gone = false;

  constructor(options: ChildOptions, onGone: (child: Child) => void) {
    this.#process = spawn(options.command, options.args, {
      cwd: options.cwd,
      env: options.env,
      detached: process.platform !== "win32",
      stdio: ["ignore", "pipe", "pipe", ...(options.linked === true ? ["pipe" as const] : [])],
      windowsHide: true,
    });
    const pipe = this.#process.stdio[LINK_FD] as Socket | undefined;
    this.link = pipe ? new Link(pipe) : undefined;
    const out = lines(this.#process.stdout, (line) => options.onLine(line, "out"));
    const error = lines(this.#process.stderr, (line) => options.onLine(line, "error"));
    this.exited = new Promise((resolve, reject) => {
      this.#process.once("error", (cause) => {
        this.#gone = true;
        onGone(this);
        reject(new Error(`cannot start ${options.command}: ${cause.message}`, { cause }));
      });
      this.#process.once("exit", (code, signal) => {
        this.#gone = true;
        onGone(this);
        // Grandchildren may keep the pipes open: wait for the rest of the output, but not for them.
        const drained = Promise.all([out, error]);
        const timeout = new Promise((done) => setTimeout(done, 500).unref());
        void Promise.race([drained, timeout]).then(() => {
          // Nor must calls wait for a pipe that a grandchild has inherited.
          this.link?.close();
          resolve({ code, signal });
        });
      });
    });
    this.exited.catch(() => undefined);
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get gone(): boolean {
    return this.#gone;
  }

  /** Signals the whole group. */
  signal(signal: NodeJS.Signals): void {
    const { pid } = this.#process;
    if (pid === undefined || this.#gone) return;
    try {
      if (process.platform === "win32") this.#process.kill(signal);
      else process.kill(-pid, signal);
    } catch {
      // It has just ended.
    }
  }

  /** `gentle` first, and after the grace period SIGKILL. */
  async stop(gentle: NodeJS.Signals, graceMs: number): Promise<void> {
    if (this.#gone) return;
    this.signal(gentle);
    const timer = setTimeout(() => this.signal("SIGKILL"), graceMs);
    await this.exited.catch(() => undefined);
    clearTimeout(timer);
  }
}

/** All children of one operation: on every way out, none is left. */
export class Children {
  readonly #live = new Set<Child>();
  readonly #watchdog = new Watchdog();
  readonly #onExit = (): void => {
    for (const child of this.#live) child.signal("SIGKILL");
  };

  constructor() {
    process.on("exit", this.#onExit);
  }

  start(options: ChildOptions): Child {
    const child = new Child(options, (gone) => {
      this.#live.delete(gone);
      if (gone.pid !== undefined) this.#watchdog.remove(gone.pid);
    });
    this.#live.add(child);
    if (child.pid !== undefined) this.#watchdog.add(child.pid);
    return child;
  }

  killAll(): void {
    for (const child of this.#live) child.signal("SIGKILL");
  }

  async close(): Promise<void> {
    await Promise.all([...this.#live].map((child) => child.stop("SIGINT", 5000)));
    this.#watchdog.close();
    process.off("exit", this.#onExit);
  }
}

async function lines(stream: Readable | null, onLine: (line: string) => void): Promise<void> {
  if (stream === null) return;
  const reader = createInterface({ input: stream, crlfDelay: Infinity });
  reader.on("line", onLine);
  await new Promise<void>((resolve) => reader.once("close", resolve));
}
