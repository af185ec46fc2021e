import { createHash } from "node:crypto";

/**
 * One form for values that are compared or hashed: keys sorted, `undefined` members dropped, as Pulumi's wire form
 * does to everything that passes the engine.
 */
export function canonical(value: unknown): string {
  return JSON.stringify(sorted(value)) ?? "null";
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => (item === undefined ? null : sorted(item)));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  // fromEntries defines own properties, so a key "__proto__" stays a key.
  return Object.fromEntries(entries.map(([key, member]) => [key, sorted(member)]));
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
