import { EngineError } from "../errors.js";
import type { SecretsProviderState } from "../secrets/manager.js";
import { SIGNATURE_KEY, SIGNATURES } from "../values/signatures.js";
import { FEATURES, KNOWN_FEATURES, VERSION_FEATURES, VERSION_PLAIN } from "./at-rest.js";
import { emptySnapshot } from "./manifest.js";
import type { PendingOperation, ResourceState, Snapshot } from "./model.js";
import type { SecretOpener } from "./open-values.js";
import { decodeResource, encodeResource } from "./resource-codec.js";
import type { SecretSealer } from "./seal-values.js";
import type { Vault } from "./vault.js";

type Fields = Record<string, unknown>;

/** A deployment as a file or an export holds it: secrets sealed. */
export interface SealedDeployment {
  version: number;
  features: string[];
  deployment: Fields;
}

/** Fields this version does not know, by where they stand; written back as they were. */
export interface ForeignFields {
  file: Fields;
  checkpoint: Fields;
  deployment: Fields;
}

const DEPLOYMENT_FIELDS = new Set([
  "manifest",
  "secrets_providers",
  "resources",
  "pending_operations",
  "metadata",
]);

/** What is in a checkpoint file, before its secrets are opened. `sealed` is undefined for a stack that was never saved. */
export interface ParsedCheckpoint {
  sealed: SealedDeployment | undefined;
  foreign: ForeignFields;
}

/** Reads the text of a checkpoint file. Refuses versions and features it does not know, naming them. */
export function parseCheckpoint(text: string, where: string): ParsedCheckpoint {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new EngineError("corrupt", `${where} is not JSON`, {
      hint: "Put the .bak file beside it back in its place.",
      cause,
    });
  }
  const { version, features, checkpoint: inner = {}, ...file } = asFields(parsed, where);
  const { latest, stack: _, ...checkpoint } = asFields(inner, where);
  if (latest === undefined || latest === null) {
    return { sealed: undefined, foreign: { file, checkpoint, deployment: {} } };
  }
  const sealed = checkDeployment({ version, features, deployment: latest }, where);
  return { sealed, foreign: { file, checkpoint, deployment: foreignOf(sealed.deployment) } };
}

/** Checks version, features and shape of `{version, features?, deployment}`, as `stack export` writes it. */
export function checkDeployment(untyped: unknown, where: string): SealedDeployment {
  const { version, features = [], deployment } = asFields(untyped, where);
  if (typeof version !== "number") {
    throw new EngineError("corrupt", `${where} has no version`);
  }
  if (version > VERSION_FEATURES) {
    throw new EngineError(
      "unsupported",
      `${where} has version ${version}, which is newer than this engine knows`,
      {
        hint: "Carry on with the pulumi CLI that wrote it.",
      },
    );
  }
  if (version < VERSION_PLAIN) {
    throw new EngineError(
      "unsupported",
      `${where} has version ${version}, which is older than this engine reads`,
      {
        hint: "Run `pulumi refresh` with any pulumi CLI once: that brings it up to date.",
      },
    );
  }
  const list = Array.isArray(features) ? (features as unknown[]).map(String) : [];
  const unknown =
    version === VERSION_FEATURES ? list.filter((name) => !KNOWN_FEATURES.has(name)) : [];
  if (unknown.length > 0) {
    throw new EngineError(
      "unsupported",
      `${where} needs features this engine does not have: ${unknown.join(", ")}`,
      {
        hint: "Carry on with the pulumi CLI that wrote it.",
      },
    );
  }
  return { version, features: list, deployment: asFields(deployment, where) };
}

export function foreignOf(deployment: Fields): Fields {
  return Object.fromEntries(
    Object.entries(deployment).filter(([name]) => !DEPLOYMENT_FIELDS.has(name)),
  );
}

export function secretsProviderOf(deployment: Fields): SecretsProviderState | undefined {
  return (deployment.secrets_providers ?? undefined) as SecretsProviderState | undefined;
}

/** True when opening the deployment needs a key. */
export function hasSecrets(value: unknown): boolean {
  if (value === null || typeof value !== "object") return false;
  if (Array.isArray(value)) return value.some(hasSecrets);
  const fields = value as Fields;
  if (fields[SIGNATURE_KEY] === SIGNATURES.secret && typeof fields.ciphertext === "string")
    return true;
  for (const name in fields) if (hasSecrets(fields[name])) return true;
  return false;
}

/** Opens a deployment. `vault` is undefined when it needs no key. */
export function openDeployment(sealed: SealedDeployment, vault: Vault | undefined): Snapshot {
  const opener: SecretOpener = vault
    ? {
        decrypt: (text) => vault.crypter.decrypt(text),
        remember: (place, plaintext, ciphertext) => vault.remember(place, plaintext, ciphertext),
      }
    : {
        decrypt: () => {
          throw new EngineError("corrupt", "the state has secrets but names no secrets provider");
        },
      };
  const { deployment } = sealed;
  const empty = emptySnapshot();
  return {
    manifest: { ...empty.manifest, ...(deployment.manifest as Partial<Snapshot["manifest"]>) },
    resources: asList(deployment.resources).map((raw, index) =>
      decodeResource(raw, `resource ${index}`, opener),
    ),
    pendingOperations: asList(deployment.pending_operations).map((raw, index) => {
      const place = `pending operation ${index}`;
      const { resource, type, ...unknownFields } = asFields(raw, place);
      return {
        resource: decodeResource(resource, place, opener),
        type: String(type) as PendingOperation["type"],
        ...(Object.keys(unknownFields).length > 0 ? { unknownFields } : {}),
      };
    }),
    metadata: asFields(deployment.metadata ?? {}, "the metadata"),
  };
}

/** Seals a whole snapshot at once, for an export. The store, which saves often, keeps each resource's text instead. */
export function sealDeployment(
  snapshot: Snapshot,
  sealSecret: SecretSealer,
  provider: SecretsProviderState | undefined,
  foreign: Fields = {},
): SealedDeployment {
  const features = new Set<string>();
  const seal = (resource: ResourceState): Fields => {
    const encoded = encodeResource(resource, sealSecret);
    encoded.features.forEach((feature) => features.add(feature));
    return encoded.fields;
  };
  const resources = snapshot.resources.map(seal);
  const pending = snapshot.pendingOperations.map(({ resource, type, unknownFields }) => ({
    resource: seal(resource),
    type,
    ...unknownFields,
  }));
  const deployment: Fields = {
    manifest: snapshot.manifest,
    ...(provider ? { secrets_providers: provider } : {}),
    ...(resources.length > 0 ? { resources } : {}),
    ...(pending.length > 0 ? { pending_operations: pending } : {}),
    metadata: snapshot.metadata,
    ...foreign,
  };
  return { ...versionFor(features, foreign), deployment };
}

/** Version 4 exactly when a feature is used. */
export function versionFor(
  used: Iterable<string>,
  foreign: Fields,
): { version: number; features: string[] } {
  const features = new Set(used);
  if (asList(foreign.snippets).length > 0) features.add(FEATURES.snippets);
  const sorted = [...features].sort();
  return { version: sorted.length > 0 ? VERSION_FEATURES : VERSION_PLAIN, features: sorted };
}

function asFields(value: unknown, where: string): Fields {
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw new EngineError("corrupt", `${where} is not of the shape of a Pulumi state`);
  }
  return value as Fields;
}

function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
