import type { PropertyMap } from "../state/model.js";
import { isOrdinary } from "./known-maps.js";
import { SIGNATURE_KEY, SIGNATURES, UNKNOWN_STRING } from "./signatures.js";

/**
 * Reading and making special values of the wire form. Values are never changed in place: what changes is copied, what
 * does not is shared, so that large states cost nothing to pass around.
 */
export type Plain = Record<string, unknown>;

export function isObject(value: unknown): value is Plain {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function signatureOf(value: unknown): string | undefined {
  if (!isObject(value)) return undefined;
  const signature = value[SIGNATURE_KEY];
  return typeof signature === "string" ? signature : undefined;
}

export function isSecret(value: unknown): value is Plain & { value: unknown } {
  return signatureOf(value) === SIGNATURES.secret;
}

export function makeSecret(value: unknown): Plain {
  return { [SIGNATURE_KEY]: SIGNATURES.secret, value };
}

export function isUnknown(value: unknown): boolean {
  return (
    value === UNKNOWN_STRING ||
    (signatureOf(value) === SIGNATURES.output && !("value" in (value as Plain)))
  );
}

/** True if `test` holds for the value or for anything inside it. */
function contains(value: unknown, test: (value: unknown) => boolean): boolean {
  if (test(value)) return true;
  if (Array.isArray(value)) return value.some((item) => contains(item, test));
  if (typeof value === "object" && value !== null) {
    for (const key in value) if (contains((value as Plain)[key], test)) return true;
  }
  return false;
}

export function containsUnknown(value: unknown): boolean {
  return contains(value, isUnknown);
}

export function containsSecret(value: unknown): boolean {
  return contains(value, isSecret);
}

/** Applies `replace` from the outside in; what it leaves alone (same reference) is searched further. */
export function rewrite(value: unknown, replace: (value: unknown) => unknown): unknown {
  const replaced = replace(value);
  if (replaced !== value) return replaced;
  if (Array.isArray(value)) {
    let copy: unknown[] | undefined;
    for (let i = 0; i < value.length; i++) {
      const item = rewrite(value[i], replace);
      if (item !== value[i]) (copy ??= value.slice())[i] = item;
    }
    return copy ?? value;
  }
  if (isObject(value)) {
    let copy: Plain | undefined;
    for (const key in value) {
      const item = rewrite(value[key], replace);
      if (item !== value[key]) (copy ??= { ...value })[key] = item;
    }
    return copy ?? value;
  }
  return value;
}

/** Opens every secret. */
export function unwrapSecrets(value: unknown): unknown {
  return rewrite(value, (item) => (isSecret(item) ? unwrapSecrets(item.value) : item));
}

/** For events and logs: every secret's value becomes `[secret]`. */
export function maskSecrets(map: PropertyMap): PropertyMap {
  if (isOrdinary(map)) return map;
  return rewrite(map, (item) => (isSecret(item) ? makeSecret("[secret]") : item)) as PropertyMap;
}

/**
 * Marks again what a provider that takes no secrets gave back: an output whose same-named input is or holds a secret
 * becomes secret as a whole; objects are followed key by key.
 */
export function annotateSecrets(outs: PropertyMap, ins: PropertyMap): PropertyMap {
  if (isOrdinary(ins)) return outs;
  let result = outs;
  for (const key in ins) {
    if (!(key in outs)) continue;
    const out = outs[key];
    const input = ins[key];
    let marked = out;
    if (
      isObject(out) &&
      isObject(input) &&
      signatureOf(out) === undefined &&
      signatureOf(input) === undefined
    )
      marked = annotateSecrets(out, input);
    else if (!isSecret(out) && containsSecret(input)) marked = makeSecret(out);
    if (marked !== out) {
      if (result === outs) result = { ...outs };
      result[key] = marked;
    }
  }
  return result;
}

/** What is null counts as not there, as in the CLI's comparison. */
function hasValue(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** Assets and archives are what they contain, wherever that comes from. */
function contentHash(value: Plain): unknown {
  const signature = value[SIGNATURE_KEY];
  if (signature !== SIGNATURES.asset && signature !== SIGNATURES.archive) return undefined;
  return value["hash"];
}

export function deepEquals(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, index) => deepEquals(item, b[index]));
  }
  if (isObject(a) && isObject(b)) {
    const hash = contentHash(a);
    if (hash !== undefined && contentHash(b) !== undefined) return hash === contentHash(b);
    for (const key in a)
      if (hasValue(a[key]) ? !deepEquals(a[key], b[key]) : hasValue(b[key])) return false;
    for (const key in b) if (hasValue(b[key]) && !hasValue(a[key])) return false;
    return true;
  }
  if (typeof a === "number" && typeof b === "number") return Number.isNaN(a) && Number.isNaN(b);
  return !hasValue(a) && !hasValue(b);
}
