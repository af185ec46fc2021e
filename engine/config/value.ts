import { EngineError } from "../errors.js";
import type { Crypter } from "../secrets/crypter.js";

/** A configuration value as a stack's file holds it: plain data in which `{secure: <ciphertext>}` stands for a secret. */
export type ConfigTree = unknown;

/** A value as a program or a display gets it. */
export interface ConfigText {
  value: string;
  secret: boolean;
  /** The value is JSON of a map or a list. */
  object: boolean;
}

/** The ciphertext of a secret, or undefined for everything else. */
export function ciphertextOf(tree: ConfigTree): string | undefined {
  if (tree === null || typeof tree !== "object" || Array.isArray(tree)) return undefined;
  const keys = Object.keys(tree);
  const secure = (tree as { secure?: unknown }).secure;
  return keys.length === 1 && typeof secure === "string" ? secure : undefined;
}

export function holdsSecret(tree: ConfigTree): boolean {
  if (tree === null || typeof tree !== "object") return false;
  if (ciphertextOf(tree) !== undefined) return true;
  return Object.values(tree).some(holdsSecret);
}

/** The value in plain text. `crypter` opens its secrets; without one they read `[secret]`. */
export function textOf(tree: ConfigTree, crypter: Crypter | undefined): ConfigText {
  const secret = holdsSecret(tree);
  const plain = opened(tree, crypter);
  if (typeof plain === "string") return { value: plain, secret, object: false };
  const object = typeof plain === "object";
  return { value: toJson(plain), secret, object };
}

/** The value as an entry of the history holds it: sealed. */
export function sealedTextOf(tree: ConfigTree): {
  value: string;
  secure?: boolean;
  object?: boolean;
} {
  const ciphertext = ciphertextOf(tree);
  if (ciphertext !== undefined) return { value: ciphertext, secure: true };
  if (typeof tree === "string") return { value: tree };
  const secure = holdsSecret(tree) ? { secure: true } : {};
  return typeof tree === "object" && tree !== null
    ? { value: toJson(tree), object: true, ...secure }
    : { value: toJson(tree) };
}

function opened(tree: ConfigTree, crypter: Crypter | undefined): unknown {
  const ciphertext = ciphertextOf(tree);
  if (ciphertext !== undefined) return crypter ? crypter.decrypt(ciphertext) : "[secret]";
  if (Array.isArray(tree)) return tree.map((item) => opened(item, crypter));
  if (tree !== null && typeof tree === "object") {
    return Object.fromEntries(
      Object.entries(tree).map(([key, item]) => [key, opened(item, crypter)]),
    );
  }
  return tree ?? null;
}

/**
 * JSON byte for byte as Go writes it: keys sorted, `<`, `>` and `&` escaped. The text gets into the inputs of providers, where
 * another spelling of the same would count as a change.
 */
function toJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(toJson).join(",")}]`;
  if (value !== null && typeof value === "object") {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, item]) => `${toJson(key)}:${toJson(item)}`).join(",")}}`;
  }
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Text given on a command line for a place inside an object: booleans and whole numbers become what they look like. */
export function coerce(text: string): string | number | boolean {
  if (text === "true" || text === "false") return text === "true";
  if (text.length > 1 && text.startsWith("0")) return text;
  if (/^[+-]?\d+$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  return text;
}

export type ConfigType = "string" | "int" | "bool" | "float";

/** The text as a value of this type. Refuses one that is none. */
export function ofType(key: string, text: string, type: ConfigType): string | number | boolean {
  const refuse = (): never => {
    throw new EngineError("invalid-input", `${JSON.stringify(text)} for ${key} is no ${type}`);
  };
  switch (type) {
    case "string":
      return text;
    case "int":
      return /^[+-]?\d+$/.test(text) && Number.isSafeInteger(Number(text))
        ? Number(text)
        : refuse();
    case "float":
      return text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : refuse();
    case "bool":
      return text === "true" || text === "false" ? text === "true" : refuse();
  }
}

/** A map or a list from its JSON. */
export function parseTree(key: string, json: string): ConfigTree {
  try {
    const tree = JSON.parse(json) as ConfigTree;
    if (tree !== null && typeof tree === "object") return tree;
  } catch {
    // Said below.
  }
  throw new EngineError("invalid-input", `the value of ${key} is no JSON of a map or a list`);
}

/** The value with every text and number in it as a secret. */
export function sealed(tree: ConfigTree, crypter: Crypter): ConfigTree {
  if (Array.isArray(tree)) return tree.map((item: unknown) => sealed(item, crypter));
  if (tree !== null && typeof tree === "object")
    return Object.fromEntries(
      Object.entries(tree).map(([key, item]) => [key, sealed(item, crypter)]),
    );
  return { secure: crypter.encrypt(typeof tree === "string" ? tree : JSON.stringify(tree)) };
}

/** The value with its secrets sealed by another key. */
export function resealed(
  tree: ConfigTree,
  crypters: { opener: Crypter; sealer: Crypter },
): ConfigTree {
  const ciphertext = ciphertextOf(tree);
  if (ciphertext !== undefined)
    return { secure: crypters.sealer.encrypt(crypters.opener.decrypt(ciphertext)) };
  if (Array.isArray(tree)) return tree.map((item: unknown) => resealed(item, crypters));
  if (tree === null || typeof tree !== "object") return tree;
  return Object.fromEntries(
    Object.entries(tree).map(([key, item]) => [key, resealed(item, crypters)]),
  );
}

export function refuseReserved(): never {
  throw new EngineError(
    "invalid-input",
    'a map with the single key "secure" and a text stands for a secret and cannot be set',
    { hint: "Use --secret to set a secret." },
  );
}
