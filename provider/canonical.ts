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

/** Equal after canonicalisation. */
export function same(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
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
