/** Counts permits for something scarce: channels of a connection, handshakes of the process. First come, first served. */
export class Limiter {
  private active = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private limit: number,
    /** Called when someone has to wait: gives the owner the chance to free what is idle. */
    private readonly onWait?: () => void,
  ) {}

  get isContended(): boolean {
    return this.waiting.length > 0;
  }

  get inUse(): number {
    return this.active;
  }

  /** Fewer permits than thought: what is out stays out. */
  reduce(limit: number): void {
    this.limit = Math.max(1, Math.min(this.limit, limit));
  }

  /** Waits for a permit; the answer gives it back and may be called more than once. */
  async acquire(): Promise<() => void> {
    if (this.active >= this.limit) {
      const turn = new Promise<void>((resolve) => this.waiting.push(resolve));
      this.onWait?.();
      await turn;
    } else this.active += 1;
    let out = true;
    return () => {
      if (!out) return;
      out = false;
      const next = this.active <= this.limit ? this.waiting.shift() : undefined;
      if (next) next();
      else this.active -= 1;
    };
  }
}

/** Runs bodies with the same key one after another, in the order of the calls. */
export class Serial {
  private readonly tails = new Map<string, Promise<unknown>>();

  async run<T>(key: string, body: () => Promise<T>): Promise<T> {
    const before = this.tails.get(key) ?? Promise.resolve();
    const mine = before.then(body, body);
    const settled = mine.catch(() => undefined);
    this.tails.set(key, settled);
    try {
      return await mine;
    } finally {
      if (this.tails.get(key) === settled) this.tails.delete(key);
    }
  }
}
