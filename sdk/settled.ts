import * as pulumi from "@pulumi/pulumi";

/** Stands in a settled value for a part that comes from a resource of the same program. No user's text can be it. */
export const LATER = "\u0000later";

/**
 * Watches a value with outputs in it and returns a function that gives it plain, with LATER for every part that has
 * not settled by then. What depends on no resource settles before the next macrotask; what depends on one
 * cannot, since that takes a round trip to the engine. So which parts are LATER is decided by the program's text, not by
 * its timing, and a plan that waits for nothing of its own making can never wait for itself.
 */
export function watch<T>(value: T): () => T {
  if (pulumi.Output.isInstance(value)) {
    let seen: unknown = LATER;
    const output = value as unknown as pulumi.Output<unknown> & {
      isKnown: Promise<boolean>;
      promise(): Promise<unknown>;
    };
    void Promise.all([output.promise(), output.isKnown]).then(
      ([settled, known]) => {
        if (known) seen = settled;
      },
      () => undefined, // the resource itself reports it
    );
    return () => seen as T;
  }
  if (value instanceof Promise) return watch(pulumi.output(value)) as unknown as () => T;
  if (isPlain(value)) return () => value;
  if (Array.isArray(value)) {
    const parts = value.map((part: unknown) => watch(part));
    return () => parts.map((part) => part()) as T;
  }
  const parts = Object.entries(value as object).map(([key, part]) => [key, watch(part)] as const);
  return () => Object.fromEntries(parts.map(([key, part]) => [key, part()])) as T;
}

/** No output or promise is in it. */
function isPlain(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (pulumi.Output.isInstance(value) || value instanceof Promise) return false;
  return Object.values(value).every(isPlain);
}
