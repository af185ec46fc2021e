import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { EngineError } from "../errors.js";

/** Seals and opens one text. */
export interface Crypter {
  encrypt(plaintext: string): string;
  decrypt(ciphertext: string): string;
}

export const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * AES-256-GCM in Pulumi's text form `v1:<base64 nonce>:<base64 of ciphertext and tag>`
 * (pulumi/pulumi sdk/go/common/resource/config/crypt.go).
 */
export function symmetricCrypter(key: Buffer): Crypter {
  if (key.length !== KEY_BYTES) {
    throw new EngineError("internal", `AES-256-GCM needs a key of ${KEY_BYTES} bytes`);
  }
  return {
    encrypt: (plaintext) => encryptWithNonce(key, randomBytes(NONCE_BYTES), plaintext),
    decrypt: (ciphertext) => decrypt(key, ciphertext),
  };
}

/** With a given nonce, for known-answer tests; everything else takes a random one. */
export function encryptWithNonce(key: Buffer, nonce: Buffer, plaintext: string): string {
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  const body = Buffer.concat([cipher.update(plaintext, "utf8"), cipher.final()]);
  const sealed = Buffer.concat([body, cipher.getAuthTag()]);
  return `v1:${nonce.toString("base64")}:${sealed.toString("base64")}`;
}

function decrypt(key: Buffer, ciphertext: string): string {
  const [version, nonceText, sealedText, ...rest] = ciphertext.split(":");
  if (version !== "v1" || nonceText === undefined || sealedText === undefined || rest.length > 0) {
    throw new EngineError("corrupt", "a ciphertext is not of the form v1:<nonce>:<ciphertext>");
  }
  const nonce = Buffer.from(nonceText, "base64");
  const sealed = Buffer.from(sealedText, "base64");
  if (nonce.length !== NONCE_BYTES || sealed.length < TAG_BYTES) {
    throw new EngineError("corrupt", "a ciphertext is too short");
  }
  const body = sealed.subarray(0, sealed.length - TAG_BYTES);
  const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(body), decipher.final()]).toString("utf8");
  } catch (cause) {
    throw new EngineError("corrupt", "a ciphertext does not open with this stack's passphrase", {
      hint: "It was made with another passphrase, or it was changed.",
      cause,
    });
  }
}
