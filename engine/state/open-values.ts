import { EngineError } from "../errors.js";
import { SIGNATURE_KEY, SIGNATURES } from "../values/signatures.js";
import { BYTE_STRING_SIGNATURE, FLOAT_SIGNATURE, stableStringify } from "./at-rest.js";

/** Gives the plaintext of a ciphertext; `remember` is told the normal form of the plaintext that goes with it. */
export interface SecretOpener {
  decrypt(ciphertext: string): string;
  remember?(place: string, plaintext: string, ciphertext: string): void;
}

const PASSED_ON: ReadonlySet<unknown> = new Set([
  SIGNATURES.asset,
  SIGNATURES.archive,
  SIGNATURES.resource,
  BYTE_STRING_SIGNATURE,
]);

/** In the form of files in, in wire form out. */
export function openValue(value: unknown, place: string, opener: SecretOpener): unknown {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) {
    return value.map((item, index) => openValue(item, `${place}[${index}]`, opener));
  }
  const fields = value as Record<string, unknown>;
  if (Object.hasOwn(fields, SIGNATURE_KEY)) {
    const signature = fields[SIGNATURE_KEY];
    if (signature === SIGNATURES.secret) return openSecret(fields, place, opener);
    if (signature === SIGNATURES.resource && fields.packageVersion === "") {
      // Files always hold a version, messages only where there is one.
      const { packageVersion: _, ...reference } = fields;
      return openValue(reference, place, opener);
    }
    if (signature === FLOAT_SIGNATURE) return decodeFloat(fields.value, place);
    if (!PASSED_ON.has(signature)) {
      throw new EngineError("unsupported", `${place}: the state holds a value of an unknown kind`, {
        reasons: [`signature ${JSON.stringify(signature)}`],
        hint: "It was written by a newer pulumi CLI: carry on with that.",
      });
    }
  }
  return Object.fromEntries(
    Object.entries(fields).map(([key, item]) => [key, openValue(item, `${place}.${key}`, opener)]),
  );
}

/** Inside a secret the "ciphertext" of a further secret is its plain JSON. */
const plainOpener: SecretOpener = { decrypt: (text) => text };

function openSecret(fields: Record<string, unknown>, place: string, opener: SecretOpener): unknown {
  const { ciphertext, plaintext } = fields;
  if ((typeof ciphertext === "string") === (typeof plaintext === "string")) {
    throw new EngineError("corrupt", `${place}: a secret must have a ciphertext or a plaintext`);
  }
  let json: string;
  try {
    json = typeof ciphertext === "string" ? opener.decrypt(ciphertext) : (plaintext as string);
  } catch (cause) {
    throw new EngineError(
      "corrupt",
      `${place}: this secret does not open with the stack's passphrase`,
      {
        hint: "It was made with another passphrase, or the file was changed.",
        cause,
      },
    );
  }
  const raw = parse(json, place);
  if (typeof ciphertext === "string") {
    opener.remember?.(place, stableStringify(raw), ciphertext);
  }
  return { [SIGNATURE_KEY]: SIGNATURES.secret, value: openValue(raw, place, plainOpener) };
}

function parse(json: string, place: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    // Neither the text nor the parser's message, which quotes it: it is a secret.
    throw new EngineError("corrupt", `${place}: what this secret holds is not JSON`);
  }
}

function decodeFloat(hex: unknown, place: string): number {
  if (typeof hex !== "string" || !/^[0-9a-f]{16}$/i.test(hex)) {
    throw new EngineError("corrupt", `${place}: a number is not 16 hex digits`);
  }
  return Buffer.from(hex, "hex").readDoubleBE(0);
}
