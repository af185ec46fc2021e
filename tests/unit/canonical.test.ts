import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonical, same } from "../../provider/canonical.js";

/** As it was written first: hashes of this text are in states and on containers. */
function reference(value: unknown): string {
  return JSON.stringify(sorted(value)) ?? "null";
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => (item === undefined ? null : sorted(item)));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Object.fromEntries(entries.map(([key, member]) => [key, sorted(member)]));
}

const values = fc.anything({
  key: fc.oneof(fc.string(), fc.nat(30).map(String), fc.constantFrom("__proto__", "4294967295")),
  withBoxedValues: false,
  withNullPrototype: true,
  withUnicodeString: true,
});

describe("canonical", () => {
  it("stays the text that it was", () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(canonical(value)).toBe(reference(value));
      }),
    );
  });

  it.each([
    [{ b: 1, a: undefined, "10": 2, "9": 3 }, '{"9":3,"10":2,"b":1}'],
    [{ b: [undefined, { d: 1, c: 2 }] }, '{"b":[null,{"c":2,"d":1}]}'],
    [
      { "01": 1, "1": 2, "4294967295": 3, "4294967294": 4 },
      '{"1":2,"4294967294":4,"01":1,"4294967295":3}',
    ],
    [undefined, "null"],
    [NaN, "null"],
  ])("%j", (value, text) => {
    expect(canonical(value)).toBe(text);
    expect(reference(value)).toBe(text);
  });

  it("is equal exactly for what is the same", () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        expect(same(a, b)).toBe(canonical(a) === canonical(b));
      }),
    );
  });
});
