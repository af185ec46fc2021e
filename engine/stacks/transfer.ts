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

/**
 * Replaces the state of a stack. Refuses a state that is not sound, and one of another stack unless forced. Gives the
 * operations that the state has pending; they are kept unless `dropPending`.
 */
export async function importStack(
  store: FileStackStore,
  given: unknown,
  options: { force?: boolean; dropPending?: boolean; secrets?: PassphraseSource } = {},
): Promise<readonly PendingOperation[]> {
  const sealed = checkDeployment(given, "what is to be imported");
  const provider = SecretsManager.fromState(secretsProviderOf(sealed.deployment), options.secrets);
  const vault =
    provider && hasSecrets(sealed.deployment) ? new Vault(await provider.unlock()) : undefined;
  const snapshot = openDeployment(sealed, vault);
  if (!options.force) refuseOtherStack(snapshot, store);
  const problems = integrityProblems(snapshot);
  if (problems.length > 0) {
    throw new EngineError("corrupt", "what is to be imported is not sound; nothing was changed", {
      reasons: problems.slice(0, 10),
    });
  }
  const release = await store.lock();
  try {
    const { pendingOperations } = snapshot;
    const kept = options.dropPending ? { ...snapshot, pendingOperations: [] } : snapshot;
    await store.replace(kept, foreignOf(sealed.deployment));
    return pendingOperations;
  } finally {
    await release();
  }
}

function refuseOtherStack(snapshot: Snapshot, store: FileStackStore): void {
  const ours = `urn:pulumi:${store.stack}::${store.project}::`;
  const resources = [
    ...snapshot.resources,
    ...snapshot.pendingOperations.map(({ resource }) => resource),
  ];
  const others = resources.filter(({ urn }) => !urn.startsWith(ours)).map(({ urn }) => urn);
  if (others.length === 0) return;
  throw new EngineError(
    "invalid-input",
    `what is to be imported belongs to another stack than ${store.project}/${store.stack}`,
    { reasons: others.slice(0, 10), hint: "Import it with --force if that is what you want." },
  );
}

function untyped(sealed: ReturnType<typeof checkDeployment>): UntypedDeployment {
  const { version, features, deployment } = sealed;
  return { version, ...(features.length > 0 ? { features } : {}), deployment };
}
