import { EngineError } from "../errors.js";
import { SIGNATURE_KEY, SIGNATURES, UNKNOWN_STRING } from "../values/signatures.js";
import { BYTE_STRING_SIGNATURE, FLOAT_SIGNATURE, stableStringify } from "./at-rest.js";

/** What a secret becomes: a map of the secret signature and a ciphertext, or the plaintext for an export that shows it. */
export type SecretSealer = (place: string, plaintext: string) => Record<string, string>;

export interface SealedValue {
  value: unknown;
  /** A string that is no valid UTF-8 was met, also inside a secret: the file needs the feature `byteString`. */
  byteString: boolean;
}

/** In wire form in, in the form of files out. `place` names where the value stands: resource and path. */
export function sealValue(value: unknown, place: string, sealSecret: SecretSealer): SealedValue {
  const run = new Sealing(sealSecret);
  const sealed = run.seal(value, place, false);
  return { value: sealed, byteString: run.byteString };
}

class Sealing {
  byteString = false;
  readonly #sealSecret: SecretSealer;

  constructor(sealSecret: SecretSealer) {
    this.#sealSecret = sealSecret;
  }

  seal(value: unknown, place: string, inSecret: boolean): unknown {
    if (value === undefined || value === null) return null;
    if (typeof value === "number") return Number.isFinite(value) ? value : encodeFloat(value);
    if (Array.isArray(value)) {
      return value.map((item, index) => this.seal(item, `${place}[${index}]`, inSecret));
    }
    if (typeof value === "object") return this.#sealMap(value, place, inSecret);
    if (typeof value === "string" || typeof value === "boolean") return value;
    throw new EngineError("internal", `${place}: a ${typeof value} cannot be kept in a state`);
  }

  #sealMap(map: object, place: string, inSecret: boolean): unknown {
    const fields = map as Record<string, unknown>;
    const signature = Object.hasOwn(map, SIGNATURE_KEY) ? fields[SIGNATURE_KEY] : undefined;
    if (signature === SIGNATURES.secret) {
      if (Object.hasOwn(fields, "ciphertext")) {
        throw new EngineError("internal", `${place}: a secret is sealed already`);
      }
      return this.#secret(fields.value, place, inSecret);
    }
    if (signature === SIGNATURES.output) {
      // An output value at rest is its element: its dependencies are those of the resource.
      const element = Object.hasOwn(fields, "value") ? fields.value : UNKNOWN_STRING;
      return fields.secret === true
        ? this.#secret(element, place, inSecret)
        : this.seal(element, place, inSecret);
    }
    if (signature === BYTE_STRING_SIGNATURE) this.byteString = true;
    return Object.fromEntries(
      Object.entries(signature === SIGNATURES.resource ? withPackageVersion(fields) : map)
        .filter(([, item]) => item !== undefined)
        .map(([key, item]) => [key, this.seal(item, `${place}.${key}`, inSecret)]),
    );
  }

  #secret(value: unknown, place: string, inSecret: boolean): Record<string, string> {
    const plaintext = stableStringify(this.seal(value, place, true));
    // Inside a secret nothing is encrypted again; the mark stays, with the plain JSON where the ciphertext would be.
    if (inSecret) return { [SIGNATURE_KEY]: SIGNATURES.secret, ciphertext: plaintext };
    return this.#sealSecret(place, plaintext);
  }
}

/** Files always hold the version of a reference's package, messages only where there is one. */
function withPackageVersion(reference: Record<string, unknown>): Record<string, unknown> {
  return { ...reference, packageVersion: reference.packageVersion ?? "" };
}

/** NaN and the infinities, which JSON does not have: their 64 bits in hex. */
function encodeFloat(value: number): Record<string, string> {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return { [SIGNATURE_KEY]: FLOAT_SIGNATURE, value: bytes.toString("hex") };
}
