import { readFileSync, writeFileSync } from "node:fs";
import type { StackStore, UpdateRecord } from "../../../engine/backend/backend.js";
import { FileBackend } from "../../../engine/backend/file-backend.js";
import type { FileStackStore } from "../../../engine/backend/file-store.js";
import type { SecretsManager } from "../../../engine/secrets/manager.js";
import type { Snapshot } from "../../../engine/state/model.js";

const PASSPHRASE = "witnessed";

/** The files of a backend, each version of them kept: what a kill at that moment would leave. */
export class WitnessedStore implements StackStore {
  readonly organization = "organization";
  /** The texts of the state file, one a write. */
  readonly texts: string[] = [];
  readonly records: UpdateRecord[] = [];
  readonly #root: string;
  readonly #manager: SecretsManager;
  readonly #onWritten: () => void;
  #file: FileStackStore | undefined;

  private constructor(
    root: string,
    readonly project: string,
    readonly stack: string,
    manager: SecretsManager,
    onWritten: () => void,
  ) {
    this.#root = root;
    this.#manager = manager;
    this.#onWritten = onWritten;
  }

  /** `manager`: with the passphrase `witnessed`; one for many stacks, since a key takes long to derive. */
  static open(
    root: string,
    name: { project: string; stack: string },
    manager: SecretsManager,
    onWritten: () => void,
  ): WitnessedStore {
    return new WitnessedStore(root, name.project, name.stack, manager, onWritten);
  }

  /** A process of its own would read the file anew, too. */
  async #fresh(): Promise<FileStackStore> {
    const options = { url: `file://${this.#root}`, env: {}, secrets: { passphrase: PASSPHRASE } };
    const store = (await FileBackend.open(options)).stack(this.project, this.stack);
    store.useSecrets(this.#manager);
    return store;
  }

  async load(): Promise<Snapshot | null> {
    this.#file = await this.#fresh();
    return this.#file.load();
  }

  async save(snapshot: Snapshot): Promise<void> {
    this.#file ??= await this.#fresh();
    await this.#file.save(snapshot);
    this.texts.push(readFileSync(this.#file.layout.checkpoint, "utf8"));
    this.#onWritten();
  }

  /** Puts the file back to one of its versions. */
  async reset(text: string): Promise<void> {
    const { layout } = await this.#fresh();
    writeFileSync(layout.checkpoint, text);
    this.texts.push(text);
    this.#onWritten();
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
