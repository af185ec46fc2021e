import { isMap, isScalar } from "yaml";
import { EngineError } from "../errors.js";
import type { PassphraseSource } from "../secrets/passphrase-source.js";
import { refuseOtherProvider, SecretsManager } from "../secrets/manager.js";
import { removeAt, setAt, treeAt } from "./edit.js";
import { normaliseKey, splitKeyPath } from "./key.js";
import { stackConfigPath, type Project } from "./project.js";
import {
  ciphertextOf,
  coerce,
  type ConfigText,
  type ConfigTree,
  type ConfigType,
  ofType,
  parseTree,
  sealed,
  textOf,
} from "./value.js";
import { YamlFile } from "./yaml-file.js";

export interface KeyOptions {
  /** The key is a path: `outer.inner[0]`. */
  path?: boolean;
}

export interface SetOptions extends KeyOptions {
  secret?: boolean;
  /** How the text is to be written. Default: as text, or below a path as what it looks like. */
  type?: ConfigType;
  /** The text is JSON of a map or a list. A secret one has every text in it sealed. */
  object?: boolean;
}

/** A stack's `Pulumi.<stack>.yaml`. Changes are in memory until `write`. */
export class StackConfig {
  readonly project: Project;
  readonly stack: string;
  readonly #file: YamlFile;
  readonly #source: PassphraseSource;
  #manager: SecretsManager | undefined;

  private constructor(project: Project, stack: string, file: YamlFile, source: PassphraseSource) {
    this.project = project;
    this.stack = stack;
    this.#file = file;
    this.#source = source;
  }

  /** A stack without a file has an empty configuration. Refuses what only the CLI can resolve. */
  static async read(
    project: Project,
    stack: string,
    source: PassphraseSource = {},
  ): Promise<StackConfig> {
    const file = await YamlFile.read(stackConfigPath(project, stack));
    const data = file.toData();
    if (typeof data.secretsprovider === "string" && data.secretsprovider !== "default") {
      refuseOtherProvider(data.secretsprovider);
    }
    if (data.encryptedkey) refuseOtherProvider("service or cloud");
    if (data.environment) {
      throw new EngineError(
        "unsupported",
        `${file.path} takes values from Pulumi ESC environments, which only the pulumi CLI can do: run this operation with pulumi.`,
      );
    }
    const config = new StackConfig(project, stack, file, source);
    const salt = data.encryptionsalt;
    if (typeof salt === "string") config.#manager = SecretsManager.fromSalt(salt, source);
    return config;
  }

  get path(): string {
    return this.#file.path;
  }

  /** The manager of this file's secrets, if it has an `encryptionsalt`. */
  get secrets(): SecretsManager | undefined {
    return this.#manager;
  }

  /** Writes this manager's salt into the file (with the next `write`). */
  useSecrets(manager: SecretsManager): void {
    this.#manager = manager;
    this.#file.document.set("encryptionsalt", manager.salt);
  }

  /** All values as they are in the file, by full key. */
  entries(): Map<string, ConfigTree> {
    const node = this.#file.document.get("config", true);
    const entries = new Map<string, ConfigTree>();
    if (!isMap(node)) return entries;
    for (const pair of node.items) {
      const key = rawKey(pair.key);
      entries.set(
        normaliseKey(key, this.project.name),
        treeAt(this.#file.document, ["config", key]),
      );
    }
    return entries;
  }

  /** One value; undefined when it is not set. A secret is opened. */
  async get(key: string, options: KeyOptions = {}): Promise<ConfigText | undefined> {
    const { key: full, path } = this.#split(key, options);
    let tree: ConfigTree = this.entries().get(full);
    for (const accessor of path) {
      const fits = Array.isArray(tree) === (typeof accessor === "number");
      if (tree === null || typeof tree !== "object" || !fits || ciphertextOf(tree) !== undefined) {
        return undefined;
      }
      tree = (tree as Record<string, unknown>)[accessor];
    }
    if (tree === undefined) return undefined;
    const { secret } = textOf(tree, undefined);
    return textOf(tree, secret ? await this.#requireSecrets().unlock() : undefined);
  }

  async set(key: string, text: string, options: SetOptions = {}): Promise<void> {
    const { key: full, path } = this.#split(key, options);
    let value: ConfigTree;
    if (options.secret) {
      if (!this.#manager) this.useSecrets(await SecretsManager.create(this.#source));
      const crypter = await this.#requireSecrets().unlock();
      value = options.object ? sealed(parseTree(key, text), crypter) : sealed(text, crypter);
    } else if (options.object) {
      value = parseTree(key, text);
    } else if (options.type !== undefined) {
      value = ofType(key, text, options.type);
    } else {
      value = path.length > 0 ? coerce(text) : text;
    }
    setAt(this.#file.document, this.#rawKeyFor(full), path, value);
  }

  /** Sets a whole value as the file is to hold it, secrets sealed with this file's key. */
  put(key: string, tree: ConfigTree): void {
    setAt(this.#file.document, this.#rawKeyFor(key), [], tree);
  }

  remove(key: string, options: KeyOptions = {}): void {
    const { key: full, path } = this.#split(key, options);
    removeAt(this.#file.document, this.#rawKeyFor(full), path);
  }

  async write(): Promise<void> {
    await this.#file.write();
  }

  #split(key: string, options: KeyOptions): ReturnType<typeof splitKeyPath> {
    return options.path
      ? splitKeyPath(key, this.project.name)
      : { key: normaliseKey(key, this.project.name), path: [] };
  }

  /** The key as the file spells it: an old file has `ns:config:name`. */
  #rawKeyFor(full: string): string {
    const node = this.#file.document.get("config", true);
    if (!isMap(node)) {
      // `config:` with nothing below it is a null, into which nothing can be put.
      const { document } = this.#file;
      if (document.has("config")) document.set("config", document.createNode({}));
      return full;
    }
    // The CLI leaves `config: {}` behind; what is put there shall not stand in braces.
    if (node.items.length === 0) node.flow = false;
    const spelled = node.items
      .map((pair) => rawKey(pair.key))
      .find((key) => normaliseKey(key, this.project.name) === full);
    return spelled ?? full;
  }

  #requireSecrets(): SecretsManager {
    if (this.#manager) return this.#manager;
    throw new EngineError("corrupt", `${this.path} has secrets but no encryptionsalt`, {
      hint: "Put the encryptionsalt back, or set the secrets again.",
    });
  }
}

function rawKey(node: unknown): string {
  return String(isScalar(node) ? node.value : node);
}
