/**
 * Serial writes that each cover every change made before they began. A caller waits for a write that began after its own
 * change, so what it did is durable when `commit` resolves, however many callers share the write.
 */
export class GroupCommit {
  readonly #write: () => Promise<void>;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #failure: Error | undefined;

  constructor(write: () => Promise<void>) {
    this.#write = write;
  }

  /** Resolves when a write that began after this call is done. After a failed write every call fails. */
  commit(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    this.#next ??= this.#begin(this.#running);
    return this.#next;
  }

  async #begin(before: Promise<void> | undefined): Promise<void> {
    // Changes of the same turn of the event loop join this write.
    if (before === undefined) await new Promise((resolve) => setImmediate(resolve));
    else await before.catch(() => undefined);
    const own = this.#next;
    this.#next = undefined;
    this.#running = own;
    try {
      if (this.#failure !== undefined) throw this.#failure;
      await this.#write();
    } catch (error) {
      this.#failure ??= error instanceof Error ? error : new Error(String(error));
      throw error;
    } finally {
      if (this.#running === own) this.#running = undefined;
    }
  }
}
