import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { EngineError } from "../errors.js";
import { SecretsManager } from "../secrets/manager.js";
import type { PassphraseSource } from "../secrets/passphrase-source.js";
import {
  hasSecrets,
  openDeployment,
  parseCheckpoint,
  secretsProviderOf,
  type ForeignFields,
  type SealedDeployment,
} from "../state/checkpoint-codec.js";
import { CheckpointWriter, KeyNeeded } from "../state/checkpoint-writer.js";
import { integrityProblems, verifyIntegrity } from "../state/integrity.js";
import { emptySnapshot, newManifest } from "../state/manifest.js";
import type { Snapshot } from "../state/model.js";
import { Vault } from "../state/vault.js";
import type { StackStore, UpdateRecord } from "./backend.js";
import { findCheckpoint, readCheckpoint, writeCheckpoint } from "./checkpoint-file.js";
import { compressionOf, isTrue, removeLeftovers, writeAtomically } from "./files.js";
import { readRecords, writeRecord } from "./history.js";
import { ORGANIZATION, StackLayout } from "./layout.js";
import { takeLock } from "./lock.js";

export interface FileStoreOptions {
  root: string;
  project: string;
  stack: string;
  env: Record<string, string | undefined>;
  secrets: PassphraseSource;
  /** Called before the first write: makes `meta.yaml`. */
  prepare(): Promise<void>;
}

/** Milliseconds. */
const RETRY_PAUSES = [200, 500, 1000];

const NOTHING_FOREIGN: ForeignFields = { file: {}, checkpoint: {}, deployment: {} };

/** A stack in a folder, in the files of the CLI's DIY backend. */
export class FileStackStore implements StackStore {
  readonly organization = ORGANIZATION;
  readonly project: string;
  readonly stack: string;
  readonly layout: StackLayout;
  readonly #options: FileStoreOptions;
  /** What the file on disk says; undefined until it was read. */
  #foreign: ForeignFields | undefined;
  #manager: SecretsManager | undefined;
  /** One per salt: what was sealed with one key means nothing under another. */
  readonly #vaults = new Map<string, Vault>();
  #writer: { vault: Vault | undefined; checkpoint: CheckpointWriter } | undefined;
  /** Writes follow each other; two at once would race for the same file. */
  #writes: Promise<void> = Promise.resolve();

  constructor(options: FileStoreOptions) {
    this.#options = options;
    this.project = options.project;
    this.stack = options.stack;
    this.layout = new StackLayout(options.root, options.project, options.stack);
  }

  async exists(): Promise<boolean> {
    return (await findCheckpoint(this.layout.checkpoint)) !== undefined;
  }

  /** The secrets manager that saves: the one set, else the one the file names. */
  async secrets(): Promise<SecretsManager | undefined> {
    if (!this.#foreign) await this.loadSealed();
    return this.#manager;
  }

  /** Seals with this manager from now on, as the CLI does with the salt in the stack's config file. */
  useSecrets(manager: SecretsManager): void {
    if (this.#manager?.salt !== manager.salt) this.#writer = undefined;
    this.#manager = manager;
  }

  /** A manager that can seal, before anything changes: the passphrase is verified, a stack without a salt gets one. */
  async ensureSecrets(): Promise<SecretsManager> {
    const manager = (await this.secrets()) ?? (await SecretsManager.create(this.#options.secrets));
    await manager.unlock();
    this.useSecrets(manager);
    return manager;
  }

  async load(): Promise<Snapshot | null> {
    const sealed = await this.loadSealed();
    if (sealed === null) return null;
    if (sealed === undefined) return emptySnapshot();
    const reader = SecretsManager.fromState(
      secretsProviderOf(sealed.deployment),
      this.#options.secrets,
    );
    const vault = reader && hasSecrets(sealed.deployment) ? await this.#vault(reader) : undefined;
    const snapshot = openDeployment(sealed, vault);
    verifyIntegrity(snapshot, `stack ${this.stack}`);
    return snapshot;
  }

  /** The deployment as it is in the file. null: no such stack; undefined: a stack that was never saved. */
  async loadSealed(): Promise<SealedDeployment | undefined | null> {
    const text = await readCheckpoint(this.layout.checkpoint);
    if (text === undefined) {
      this.#foreign ??= NOTHING_FOREIGN;
      return null;
    }
    const { sealed, foreign } = parseCheckpoint(text, `the state of stack ${this.stack}`);
    this.#foreign = foreign;
    if (sealed) {
      this.#manager ??= SecretsManager.fromState(
        secretsProviderOf(sealed.deployment),
        this.#options.secrets,
      );
    }
    return sealed;
  }

  save(snapshot: Snapshot): Promise<void> {
    return this.#enqueue(() => this.#save(snapshot));
  }

  #enqueue(save: () => Promise<void>): Promise<void> {
    const write = this.#writes.then(save);
    // The next write does not care whether this one worked.
    this.#writes = write.catch(() => undefined);
    return write;
  }

  /** Saves a state that comes from elsewhere, with the fields of it this version does not know. */
  async replace(
    snapshot: Snapshot,
    foreign: Record<string, unknown>,
    { allowUnsound = false } = {},
  ): Promise<void> {
    if (!this.#foreign) await this.loadSealed();
    this.#foreign = { ...(this.#foreign ?? NOTHING_FOREIGN), deployment: foreign };
    await this.#enqueue(() => this.#save(snapshot, allowUnsound));
  }

  async #save(given: Snapshot, allowUnsound = false): Promise<void> {
    if (!this.#foreign) await this.loadSealed();
    const snapshot = { ...given, manifest: newManifest() };
    const problems = allowUnsound ? [] : integrityProblems(snapshot);
    const pieces = await this.#encode(snapshot);
    if (problems.length > 0) await this.#refuseUnsound(problems, pieces);
    await this.#put(pieces);
    if (isTrue(this.#options.env.PULUMI_DIY_BACKEND_RETAIN_CHECKPOINTS)) {
      const stamp = BigInt(Date.now()) * 1_000_000n;
      await writeAtomically(`${this.layout.checkpoint}.${stamp}`, pieces);
    }
  }

  /** A disk that is full for a moment must not lose what was done; one that stays full must say where the state went. */
  async #put(pieces: Buffer[]): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        await this.#options.prepare();
        const compression = compressionOf(this.#options.env);
        return await writeCheckpoint(this.layout.checkpoint, pieces, compression);
      } catch (cause) {
        const pause = RETRY_PAUSES[attempt];
        if (pause === undefined) throw await this.#rescue(pieces, cause);
        await setTimeout(pause);
      }
    }
  }

  async #rescue(pieces: Buffer[], cause: unknown): Promise<EngineError> {
    const path = join(tmpdir(), `${this.project}-${this.stack}-${Date.now()}.json`);
    const kept = await writeAtomically(path, pieces).then(
      () => true,
      () => false,
    );
    return new EngineError("io", `the state of stack ${this.stack} could not be written`, {
      reasons: [(cause as Error).message],
      hint: kept
        ? `It is kept in ${path}: when the cause is gone, put that file in the place of ${this.layout.checkpoint}.`
        : `It could not be kept in ${path} either; what this operation did last is only on the screen.`,
      cause,
    });
  }

  async #encode(snapshot: Snapshot): Promise<Buffer[]> {
    const foreign = this.#foreign ?? NOTHING_FOREIGN;
    const { qualifiedName } = this.layout;
    this.#writer ??= { vault: undefined, checkpoint: new CheckpointWriter(undefined) };
    try {
      return this.#writer.checkpoint.encode(
        qualifiedName,
        snapshot,
        this.#manager?.state(),
        foreign,
      );
    } catch (error) {
      if (!(error instanceof KeyNeeded)) throw error;
    }
    // A stack without a provider gets one at its first secret, if there is a passphrase.
    this.#manager ??= await SecretsManager.create(this.#options.secrets);
    const vault = await this.#vault(this.#manager);
    this.#writer = { vault, checkpoint: new CheckpointWriter(vault) };
    return this.#writer.checkpoint.encode(qualifiedName, snapshot, this.#manager.state(), foreign);
  }

  async #vault(manager: SecretsManager): Promise<Vault> {
    const crypter = await manager.unlock();
    let vault = this.#vaults.get(manager.salt);
    if (!vault) {
      vault = new Vault(crypter);
      this.#vaults.set(manager.salt, vault);
    }
    return vault;
  }

  /** An unsound state would lock everybody out, and dropping it could lose a resource: it is put beside the last sound one. */
  async #refuseUnsound(problems: string[], pieces: Buffer[]): Promise<never> {
    const aside = `${this.layout.checkpoint}.unsound`;
    await writeAtomically(aside, pieces);
    throw new EngineError(
      "corrupt",
      `the new state of stack ${this.stack} is not sound and was not put in place`,
      {
        reasons: problems.slice(0, 10),
        hint: `The last sound state stays; the refused one is kept in ${aside}.`,
      },
    );
  }

  async lock(): Promise<() => Promise<void>> {
    // Before anything is done: a passphrase that is missing when the first secret is to be saved would lose it.
    await this.ensureSecrets();
    return this.lockFiles();
  }

  /** The lock alone, for what needs no secrets. */
  async lockFiles(): Promise<() => Promise<void>> {
    const release = await takeLock(this.layout.locks, this.stack);
    await removeLeftovers(this.layout.checkpoint);
    return release;
  }

  async record(update: UpdateRecord): Promise<void> {
    const checkpoint = await findCheckpoint(this.layout.checkpoint);
    if (!checkpoint) return;
    await writeRecord(this.layout, this.stack, checkpoint, update, this.#options.env);
  }

  async history(): Promise<UpdateRecord[]> {
    return readRecords(this.layout);
  }
}
