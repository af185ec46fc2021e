import { createHash } from "node:crypto";

/**
 * One form for values that are compared or hashed: keys sorted, `undefined` members dropped, as Pulumi's wire form
 * does to everything that passes the engine.
 */
export function canonical(value: unknown): string {
  return textOf(value) ?? "null";
}

/** Undefined for what JSON has no text for. */
function textOf(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value))
    return `[${Array.from(value, (item) => textOf(item) ?? "null").join()}]`;
  const members: string[] = [];
  for (const key of sortedKeys(value)) {
    const text = textOf((value as Record<string, unknown>)[key]);
    if (text !== undefined) members.push(`${JSON.stringify(key)}:${text}`);
  }
  return `{${members.join()}}`;
}

/**
 * Whole numbers first and by size, as JavaScript keeps keys of an object, then the others: hashes of this are in states
 * and on containers, so it stays as it is.
 */
function sortedKeys(value: object): string[] {
  const keys = Object.keys(value);
  const isIndex = (key: string | undefined) => /^(?:0|[1-9]\d{0,9})$/.test(key ?? "");
  // They come first; where there is none, as nearly always, the rest need not be looked at.
  if (!isIndex(keys[0]) || Number(keys[0]) >= 2 ** 32 - 1) return keys.sort();
  const first = keys.findIndex((key) => !isIndex(key) || Number(key) >= 2 ** 32 - 1);
  return first < 0 ? keys : [...keys.slice(0, first), ...keys.slice(first).sort()];
}

/** Equal after canonicalisation, found without it: what has not changed is compared for every resource of a preview. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null)
    return canonical(a) === canonical(b);
  if (Array.isArray(a) || Array.isArray(b))
    return (
      Array.isArray(a) &&
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((item, index) => same(item, b[index]))
    );
  const [olds, news] = [a as Record<string, unknown>, b as Record<string, unknown>];
  const keys = Object.keys(olds).filter((key) => olds[key] !== undefined);
  return (
    keys.length === Object.keys(news).filter((key) => news[key] !== undefined).length &&
    keys.every(
      (key) => Object.hasOwn(news, key) && news[key] !== undefined && same(olds[key], news[key]),
    )
  );
}

/** sha256 of the canonical form, hexadecimal. */
export function hashOf(value: unknown): string {
  return createHash("sha256").update(canonical(value)).digest("hex");
}

/** Top-level keys whose values differ, sorted. `ignored` keys never count. */
export function changedKeys(olds: object, news: object, ignored: readonly string[] = []): string[] {
  const a = olds as Record<string, unknown>;
  const b = news as Record<string, unknown>;
  return [...new Set([...Object.keys(a), ...Object.keys(b)])]
    .filter((key) => !ignored.includes(key) && !same(a[key], b[key]))
    .sort();
}
