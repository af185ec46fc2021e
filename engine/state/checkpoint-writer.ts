import { SIGNATURE_KEY, SIGNATURES } from "../values/signatures.js";
import type { SecretsProviderState } from "../secrets/manager.js";
import { versionFor, type ForeignFields } from "./checkpoint-codec.js";
import type { ResourceState, Snapshot } from "./model.js";
import { encodeResource, RESOURCE_FIELDS } from "./resource-codec.js";
import type { SecretSealer } from "./seal-values.js";
import type { Vault } from "./vault.js";

interface Encoded {
  bytes: Buffer;
  features: string[];
  /** What stood in the fields when the bytes were made. */
  fields: readonly unknown[];
}

/** Thrown when a secret is met and there is no key yet; the caller gets one and begins again. */
export class KeyNeeded extends Error {}

/**
 * Makes the bytes of a checkpoint file. The bytes of each resource are kept with the resource object, so that a write after
 * one change costs one resource. A field may be given a new value; what a field holds (inputs, lists) counts as immutable.
 */
export class CheckpointWriter {
  readonly #sealSecret: SecretSealer;
  readonly #encoded = new WeakMap<ResourceState, Encoded>();

  constructor(vault: Vault | undefined) {
    this.#sealSecret = (place, plaintext) => {
      if (!vault) throw new KeyNeeded();
      return { [SIGNATURE_KEY]: SIGNATURES.secret, ciphertext: vault.seal(place, plaintext) };
    };
  }

  /** The file in pieces, one line of JSON in all. */
  encode(
    qualifiedStack: string,
    snapshot: Snapshot,
    provider: SecretsProviderState | undefined,
    foreign: ForeignFields,
  ): Buffer[] {
    const features = new Set<string>();
    const resources = snapshot.resources.map((resource) => this.#encode(resource, features));
    const pending = snapshot.pendingOperations.map(({ resource, ...rest }) => ({
      ...rest,
      bytes: this.#encode(resource, features),
    }));
    const head = versionFor(features, foreign.deployment);

    const pieces: Buffer[] = [];
    const text = (part: string): number => pieces.push(Buffer.from(part));
    text(`{"version":${head.version},`);
    if (head.features.length > 0) text(`"features":${JSON.stringify(head.features)},`);
    text(fieldsText(foreign.file));
    text(`"checkpoint":{"stack":${JSON.stringify(qualifiedStack)},`);
    text(fieldsText(foreign.checkpoint));
    text(`"latest":{"manifest":${JSON.stringify(snapshot.manifest)},`);
    if (provider) text(`"secrets_providers":${JSON.stringify(provider)},`);
    if (resources.length > 0) {
      text('"resources":[');
      resources.forEach((bytes, index) => {
        if (index > 0) pieces.push(COMMA);
        pieces.push(bytes);
      });
      text("],");
    }
    if (pending.length > 0) {
      text('"pending_operations":[');
      pending.forEach(({ type, unknownFields = {}, bytes }, index) => {
        text(`${index > 0 ? "," : ""}{${fieldsText(unknownFields)}"resource":`);
        pieces.push(bytes);
        text(`,"type":${JSON.stringify(type)}}`);
      });
      text("],");
    }
    text(fieldsText(foreign.deployment));
    text(`"metadata":${JSON.stringify(snapshot.metadata)}}}}\n`);
    return pieces;
  }

  #encode(resource: ResourceState, features: Set<string>): Buffer {
    let encoded = this.#encoded.get(resource);
    if (!encoded || !sameFields(resource, encoded.fields)) {
      const { fields, features: used } = encodeResource(resource, this.#sealSecret);
      encoded = {
        bytes: Buffer.from(JSON.stringify(fields)),
        features: used,
        fields: RESOURCE_FIELDS.map((name) => resource[name]),
      };
      this.#encoded.set(resource, encoded);
    }
    for (const feature of encoded.features) features.add(feature);
    return encoded.bytes;
  }
}

function sameFields(resource: ResourceState, before: readonly unknown[]): boolean {
  for (let index = 0; index < RESOURCE_FIELDS.length; index += 1) {
    if (resource[RESOURCE_FIELDS[index] as keyof ResourceState] !== before[index]) return false;
  }
  return true;
}

const COMMA = Buffer.from(",");

function fieldsText(fields: Record<string, unknown>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)},`)
    .join("");
}
