import { noSuchStack } from "../backend/file-backend.js";
import type { FileStackStore } from "../backend/file-store.js";
import { EngineError } from "../errors.js";
import { SecretsManager } from "../secrets/manager.js";
import type { PassphraseSource } from "../secrets/passphrase-source.js";
import {
  checkDeployment,
  foreignOf,
  hasSecrets,
  openDeployment,
  sealDeployment,
  secretsProviderOf,
} from "../state/checkpoint-codec.js";
import { integrityProblems } from "../state/integrity.js";
import { emptySnapshot } from "../state/manifest.js";
import type { PendingOperation, Snapshot } from "../state/model.js";
import { Vault } from "../state/vault.js";
import { SIGNATURE_KEY, SIGNATURES } from "../values/signatures.js";

/** What `stack export` prints and `stack import` takes. */
export interface UntypedDeployment {
  version: number;
  features?: string[];
  deployment: Record<string, unknown>;
}

/** The state as it is, secrets sealed; with `showSecrets` in plain text, which needs the passphrase. */
export async function exportStack(
  store: FileStackStore,
  options: { showSecrets?: boolean } = {},
): Promise<UntypedDeployment> {
  const { sealed, foreign } = await readSealed(store);
  if (!options.showSecrets) return untyped(sealed);
  const snapshot = (await store.load()) ?? emptySnapshot();
  const opened = sealDeployment(
    snapshot,
    (_place, plaintext) => ({ [SIGNATURE_KEY]: SIGNATURES.secret, plaintext }),
    secretsProviderOf(sealed.deployment),
    foreign,
  );
  return untyped(opened);
}

async function readSealed(
  store: FileStackStore,
): Promise<{ sealed: ReturnType<typeof checkDeployment>; foreign: Record<string, unknown> }> {
  const found = await store.loadSealed();
  if (found === null) {
    throw noSuchStack(store.project, store.stack);
  }
  const sealed =
    found ?? sealDeployment(emptySnapshot(), () => ({}), (await store.secrets())?.state());
  return { sealed, foreign: foreignOf(sealed.deployment) };
}

/** What a user should know of a state that was imported. */
export interface ImportReport {
  /** Operations that were pending in it, and are not taken over. */
  readonly dropped: readonly PendingOperation[];
  /** Resources of another stack. Only where it was forced. */
  readonly foreign: readonly string[];
  /** What is not sound, a sentence each: no operation takes such a state before it is repaired. Only where it was forced. */
  readonly problems: readonly string[];
}

/**
 * Replaces the state of a stack, without the operations that are pending in it: for the user, this is the way to be rid of
 * them. Refuses a state that is not sound, and one of another stack, unless forced.
 */
export async function importStack(
  store: FileStackStore,
  given: unknown,
  options: { force?: boolean; secrets?: PassphraseSource } = {},
): Promise<ImportReport> {
  const sealed = checkDeployment(given, "what is to be imported");
  const provider = SecretsManager.fromState(secretsProviderOf(sealed.deployment), options.secrets);
  const vault =
    provider && hasSecrets(sealed.deployment) ? new Vault(await provider.unlock()) : undefined;
  const snapshot = openDeployment(sealed, vault);
  const foreign = resourcesOfOthers(snapshot, store);
  const problems = integrityProblems(snapshot);
  if (options.force !== true) refuse(foreign, problems, `${store.project}/${store.stack}`);
  const release = await store.lock();
  try {
    const { pendingOperations: dropped } = snapshot;
    const kept = { ...snapshot, pendingOperations: [] };
    await store.replace(kept, foreignOf(sealed.deployment), {
      allowUnsound: options.force === true,
    });
    return { dropped, foreign, problems };
  } finally {
    await release();
  }
}

function resourcesOfOthers(
  { resources, pendingOperations }: Snapshot,
  { project, stack }: FileStackStore,
): string[] {
  const ours = `urn:pulumi:${stack}::${project}::`;
  const all = [...resources, ...pendingOperations.map(({ resource }) => resource)];
  return all.map(({ urn }) => urn).filter((urn) => !urn.startsWith(ours));
}

function refuse(foreign: readonly string[], problems: readonly string[], stack: string): void {
  const hint = "Import it with --force if that is what you want.";
  if (foreign.length > 0)
    throw new EngineError(
      "invalid-input",
      `what is to be imported belongs to another stack than ${stack}`,
      { reasons: foreign.slice(0, 10), hint },
    );
  if (problems.length > 0)
    throw new EngineError("corrupt", "what is to be imported is not sound; nothing was changed", {
      reasons: problems.slice(0, 10),
      hint,
    });
}

function untyped(sealed: ReturnType<typeof checkDeployment>): UntypedDeployment {
  const { version, features, deployment } = sealed;
  return { version, ...(features.length > 0 ? { features } : {}), deployment };
}
