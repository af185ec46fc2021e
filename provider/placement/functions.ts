/** A function of the program that cannot be relied on. The sentence is for the user. */
export class FunctionFault extends Error {
  override readonly name = "FunctionFault";
}

/**
 * Asks a function of the program twice and gives its answer. It throws a `FunctionFault` when the function throws, or
 * says something else the second time.
 */
export function askTwice<T>(what: string, about: () => string, ask: () => T): T {
  const first = askOnce(what, about, ask);
  const second = askOnce(what, about, ask);
  if (!Object.is(first, second)) {
    throw new FunctionFault(
      `${what} is not deterministic: for ${about()} it said ${show(first)}, then ${show(second)}`,
    );
  }
  return first;
}

/** The same without the second question. */
export function askOnce<T>(what: string, about: () => string, ask: () => T): T {
  try {
    return ask();
  } catch (error) {
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    throw new FunctionFault(`${what} failed for ${about()}: ${message}`);
  }
}

function show(value: unknown): string {
  return typeof value === "string" ? `"${value}"` : String(value);
}
