import { pbkdf2, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { EngineError } from "../errors.js";
import { KEY_BYTES, symmetricCrypter, type Crypter } from "./crypter.js";
import { findPassphrase, rememberAnswer, type PassphraseSource } from "./passphrase-source.js";

const ITERATIONS = 1_000_000;
const SALT_BYTES = 8;
/** What is encrypted in the salt's text, so that a wrong passphrase is noticed. */
const CHECK_WORD = "pulumi";

const derive = promisify(pbkdf2);

/** Derivation takes a fifth of a second; one process needs each key once. */
const derived = new Map<string, Promise<Buffer>>();

function deriveKey(passphrase: string, salt: Buffer): Promise<Buffer> {
  const name = `${salt.toString("base64")}:${passphrase}`;
  let key = derived.get(name);
  if (!key) {
    key = derive(passphrase, salt, ITERATIONS, KEY_BYTES, "sha256");
    derived.set(name, key);
  }
  return key;
}

/** `secrets_providers` of a checkpoint. */
export interface SecretsProviderState {
  type: string;
  state?: unknown;
}

/**
 * Pulumi's passphrase secrets provider. The key is derived when first needed, so a stack without secrets can be read
 * without a passphrase; whoever is about to change something calls `unlock` first.
 */
export class SecretsManager {
  /** `v1:<base64 salt>:<the check word, encrypted>`: `encryptionsalt` in the stack's config, `salt` in its checkpoint. */
  readonly salt: string;
  readonly #source: PassphraseSource;
  #crypter: Promise<Crypter> | undefined;

  private constructor(salt: string, source: PassphraseSource, crypter?: Promise<Crypter>) {
    this.salt = salt;
    this.#source = source;
    this.#crypter = crypter;
  }

  /** For a stack that has a salt. */
  static fromSalt(salt: string, source: PassphraseSource = {}): SecretsManager {
    parseSalt(salt);
    return new SecretsManager(salt, source);
  }

  /** For a new stack: makes a salt. */
  static async create(source: PassphraseSource = {}): Promise<SecretsManager> {
    const passphrase = await findPassphrase(source);
    rememberAnswer(source, passphrase);
    const salt = randomBytes(SALT_BYTES);
    const crypter = symmetricCrypter(await deriveKey(passphrase, salt));
    const text = `v1:${salt.toString("base64")}:${crypter.encrypt(CHECK_WORD)}`;
    return new SecretsManager(text, source, Promise.resolve(crypter));
  }

  /** From a checkpoint. Undefined when it has none; refuses every provider but the passphrase. */
  static fromState(
    state: SecretsProviderState | null | undefined,
    source: PassphraseSource = {},
  ): SecretsManager | undefined {
    if (!state?.type) return undefined;
    refuseOtherProvider(state.type);
    const salt = (state.state as { salt?: unknown } | undefined)?.salt;
    if (typeof salt !== "string") {
      throw new EngineError("corrupt", "the state's secrets provider has no salt");
    }
    return SecretsManager.fromSalt(salt, source);
  }

  state(): { type: "passphrase"; state: { salt: string } } {
    return { type: "passphrase", state: { salt: this.salt } };
  }

  /** Derives the key and verifies the passphrase, once. */
  unlock(): Promise<Crypter> {
    this.#crypter ??= this.#open().catch((error: unknown) => {
      // A passphrase given later (asked for again, or set by then) gets its chance.
      this.#crypter = undefined;
      throw error;
    });
    return this.#crypter;
  }

  async #open(): Promise<Crypter> {
    const { salt, check } = parseSalt(this.salt);
    const passphrase = await findPassphrase(this.#source);
    const crypter = symmetricCrypter(await deriveKey(passphrase, salt));
    let word: string | undefined;
    try {
      word = crypter.decrypt(check);
    } catch {
      word = undefined;
    }
    if (word !== CHECK_WORD) {
      throw new EngineError("passphrase", "the passphrase is wrong for this stack", {
        hint: "Set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE to the one the stack was made with.",
      });
    }
    rememberAnswer(this.#source, passphrase);
    return crypter;
  }
}

/** One sentence that names the provider and the way out. */
export function refuseOtherProvider(type: string): void {
  if (type === "passphrase") return;
  throw new EngineError(
    "unsupported",
    `the stack's secrets are kept by the secrets provider "${type}", which only the pulumi CLI can use: run this operation with pulumi.`,
  );
}

function parseSalt(text: string): { salt: Buffer; check: string } {
  const first = text.indexOf(":");
  const second = text.indexOf(":", first + 1);
  const version = text.slice(0, Math.max(first, 0));
  if (first < 0 || second < 0 || version !== "v1") {
    throw new EngineError(
      "corrupt",
      "the stack's encryption salt is not of the form v1:<salt>:<check>",
    );
  }
  return {
    salt: Buffer.from(text.slice(first + 1, second), "base64"),
    check: text.slice(second + 1),
  };
}
