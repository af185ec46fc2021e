import * as pulumi from "@pulumi/pulumi";

/** Every property of a kind of arguments; the compiler sees that none is forgotten. */
export type Known<T> = Record<keyof T, true>;

/**
 * TypeScript refuses misspelt properties; programs in JavaScript, spreads and casts get here.
 *
 * @throws RunError that names the property, never its value.
 */
export function refuseUnknown<T extends object>(what: string, args: T, known: Known<T>): void {
  for (const key of Object.keys(args)) {
    if (Object.hasOwn(known, key)) continue;
    const near = Object.keys(known).find((other) => distance(key, other) <= 2);
    const shown = key.replace(/[^\x20-\x7e]/g, "?").slice(0, 60);
    throw new pulumi.RunError(
      `${what}: ${shown} is not a property${near ? `; did you mean ${near}?` : ""}`,
    );
  }
}

/** How many letters have to be changed, added or left out (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
