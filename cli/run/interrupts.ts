const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Turns Ctrl-C into the engine's two ways of stopping: first to finish what runs, then to stop at once. */
export class Interrupts {
  readonly #cancel = new AbortController();
  readonly #terminate = new AbortController();

  constructor(private readonly say: (sentence: string) => void) {
    for (const signal of SIGNALS) process.on(signal, this.#interrupted);
  }

  get cancel(): AbortSignal {
    return this.#cancel.signal;
  }

  get terminate(): AbortSignal {
    return this.#terminate.signal;
  }

  /** The process's usual answer to signals is restored. */
  release(): void {
    for (const signal of SIGNALS) process.off(signal, this.#interrupted);
  }

  readonly #interrupted = (): void => {
    if (!this.#cancel.signal.aborted) {
      this.say(
        "Cancelling: running steps finish, no others start. Press Ctrl-C again to stop at once.",
      );
      this.#cancel.abort();
    } else if (!this.#terminate.signal.aborted) {
      this.say("Stopping at once. What was running is noted in the state as pending.");
      this.#terminate.abort();
    } else {
      process.exit(130);
    }
  };
}
