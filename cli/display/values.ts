import { SIGNATURES, SIGNATURE_KEY, UNKNOWN_STRING } from "../../engine/values/signatures.js";

export const SECRET = "[secret]";
export const UNKNOWN = "[unknown]";

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const signatureOf = (value: unknown): unknown =>
  isRecord(value) ? value[SIGNATURE_KEY] : undefined;

export const isSecret = (value: unknown): boolean => signatureOf(value) === SIGNATURES.secret;

/**
 * A wire value as people read it: secrets and unknowns become words, assets and references a short
 * description. Whatever a secret carries is dropped here, also if the engine had not masked it.
 */
export function readable(value: unknown): unknown {
  if (value === UNKNOWN_STRING) return UNKNOWN;
  if (Array.isArray(value)) return value.map(readable);
  if (!isRecord(value)) return value;
  switch (value[SIGNATURE_KEY]) {
    case undefined:
      return Object.fromEntries(
        Object.entries(value).map(([key, entry]) => [key, readable(entry)]),
      );
    case SIGNATURES.secret:
      return SECRET;
    case SIGNATURES.output:
      if (value["secret"] === true) return SECRET;
      return "value" in value ? readable(value["value"]) : UNKNOWN;
    case SIGNATURES.asset:
      return `asset(${describeAsset(value)})`;
    case SIGNATURES.archive:
      return `archive(${describeAsset(value)})`;
    case SIGNATURES.resource:
      return typeof value["urn"] === "string" ? value["urn"] : UNKNOWN;
    default:
      return UNKNOWN;
  }
}

function describeAsset(asset: Record<string, unknown>): string {
  if (typeof asset["path"] === "string" && asset["path"] !== "") return `file:${asset["path"]}`;
  if (typeof asset["uri"] === "string" && asset["uri"] !== "") return `uri:${asset["uri"]}`;
  const hash = typeof asset["hash"] === "string" ? asset["hash"].slice(0, 7) : "";
  return `text${hash === "" ? "" : `:${hash}`}`;
}

/** A readable value in one line: strings quoted, the words for secrets and unknowns bare. */
export function oneLine(value: unknown): string {
  if (value === SECRET || value === UNKNOWN) return value;
  if (Array.isArray(value)) return `[${value.map(oneLine).join(", ")}]`;
  if (isRecord(value)) {
    const entries = Object.entries(value).map(([key, entry]) => `${key}: ${oneLine(entry)}`);
    return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
  }
  return JSON.stringify(value) ?? "undefined";
}

/** Keys the SDK and dynamic providers keep for themselves. */
export const isInternalKey = (key: string): boolean => key.startsWith("__");

/** Deep equality of JSON values; the order of keys does not count. */
export function same(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((each, at) => same(each, right[at]));
  }
  if (!isRecord(left) || !isRecord(right)) return false;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => key in right && same(left[key], right[key]))
  );
}
