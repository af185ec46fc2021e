import type { StackStore, UpdateRecord } from "../../../engine/backend/backend.js";
import { verifyIntegrity } from "../../../engine/state/integrity.js";
import type { Snapshot } from "../../../engine/state/model.js";

/** A store in memory that is as strict as a file: what it is given is copied and verified. */
export class MemoryStore implements StackStore {
  readonly organization = "organization";
  saves = 0;
  records: UpdateRecord[] = [];
  /** Every state that was ever written. */
  readonly written: Snapshot[] = [];
  #snapshot: Snapshot | null = null;
  /** Called before each write; may delay or fail it. */
  onSave: (snapshot: Snapshot) => Promise<void> = async () => undefined;

  constructor(
    readonly project: string,
    readonly stack: string,
  ) {}

  async load(): Promise<Snapshot | null> {
    return structuredClone(this.#snapshot);
  }

  async save(snapshot: Snapshot): Promise<void> {
    const copy = structuredClone(snapshot);
    await this.onSave(copy);
    verifyIntegrity(copy, "the test's state");
    this.saves++;
    this.written.push(copy);
    this.#snapshot = copy;
  }

  async lock(): Promise<() => Promise<void>> {
    return async () => undefined;
  }

  async record(update: UpdateRecord): Promise<void> {
    this.records.push(update);
  }

  async history(): Promise<UpdateRecord[]> {
    return [...this.records].reverse();
  }
}
