import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { EngineError } from "../errors.js";

/** Where a passphrase may come from, first one wins: `passphrase`, the environment, `ask`. */
export interface PassphraseSource {
  passphrase?: string;
  /** Default: the process's environment. */
  env?: Record<string, string | undefined>;
  /** Asks the user; only called on a terminal by the command line. */
  ask?: () => Promise<string>;
}

/** Answers that were right, so that the user is asked once. */
const answers = new WeakMap<PassphraseSource, string>();

export function rememberAnswer(source: PassphraseSource, passphrase: string): void {
  if (source.ask) answers.set(source, passphrase);
}

/**
 * The passphrase, as the CLI finds it. PULUMI_CONFIG_PASSPHRASE counts when it is set, also to the empty string; the file
 * PULUMI_CONFIG_PASSPHRASE_FILE names is read without surrounding white space.
 */
export async function findPassphrase(source: PassphraseSource = {}): Promise<string> {
  if (source.passphrase !== undefined) return source.passphrase;
  const env = source.env ?? process.env;
  const direct = env.PULUMI_CONFIG_PASSPHRASE;
  if (direct !== undefined) return direct;
  const file = env.PULUMI_CONFIG_PASSPHRASE_FILE;
  if (file) {
    try {
      return (await readFile(resolve(file), "utf8")).trim();
    } catch (cause) {
      throw new EngineError("passphrase", `the passphrase file ${file} cannot be read`, {
        hint: "PULUMI_CONFIG_PASSPHRASE_FILE must name a readable file.",
        cause,
      });
    }
  }
  if (source.ask) return answers.get(source) ?? source.ask();
  throw new EngineError("passphrase", "this stack's secrets need a passphrase", {
    hint: "Set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE.",
  });
}
