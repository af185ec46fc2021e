import type { PropertyMap } from "../state/model.js";
import { SIGNATURE_KEY, SIGNATURES, UNKNOWN_STRING } from "./signatures.js";
import { isObject, isSecret, makeSecret, type Plain, rewrite, signatureOf } from "./wire.js";

/**
 * Output values: a value that knows what it depends on. They are what transforms see; everything else of the engine knows
 * plain values, secrets and unknowns.
 */
function isOutput(value: unknown): value is Plain {
  return signatureOf(value) === SIGNATURES.output;
}

function output(fields: {
  value?: unknown;
  secret?: boolean;
  dependencies?: readonly string[];
}): Plain {
  return {
    [SIGNATURE_KEY]: SIGNATURES.output,
    ...("value" in fields ? { value: fields.value } : {}),
    ...(fields.secret === true ? { secret: true } : {}),
    ...((fields.dependencies ?? []).length > 0 ? { dependencies: fields.dependencies } : {}),
  };
}

/** Every secret and every unknown becomes an output value. */
export function toOutputValues(map: PropertyMap): PropertyMap {
  const raise = (value: unknown): unknown => {
    if (value === UNKNOWN_STRING) return output({});
    if (!isSecret(value)) return value;
    return value.value === UNKNOWN_STRING
      ? output({ secret: true })
      : output({ value: rewrite(value.value, raise), secret: true });
  };
  return rewrite(map, raise) as PropertyMap;
}

/** Output values become what they stand for again. */
export function fromOutputValues<T>(value: T): T {
  const lower = (item: unknown): unknown => {
    if (!isOutput(item)) return item;
    const plain = "value" in item ? rewrite(item["value"], lower) : UNKNOWN_STRING;
    return item["secret"] === true ? makeSecret(plain) : plain;
  };
  return rewrite(value, lower) as T;
}

/** Adds what a property is said to depend on to the property itself, where it does not say so already. */
export function withDependencies(
  map: PropertyMap,
  dependencies: Readonly<Record<string, readonly string[]>>,
): PropertyMap {
  return Object.fromEntries(
    Object.entries(map).map(([key, value]) => {
      const own = new Set<string>();
      collectDependencies(value, own);
      const wanted = dependencies[key] ?? [];
      if (wanted.every((urn) => own.has(urn))) return [key, value];
      if (!isOutput(value)) return [key, output({ value, dependencies: wanted })];
      const all = new Set([...((value["dependencies"] as string[] | undefined) ?? []), ...wanted]);
      return [key, { ...value, dependencies: [...all] }];
    }),
  );
}

/** What the output values in a value depend on. */
export function collectDependencies(value: unknown, into: Set<string>): void {
  if (Array.isArray(value)) for (const item of value) collectDependencies(item, into);
  if (!isObject(value)) return;
  if (isOutput(value)) {
    for (const urn of (value["dependencies"] as string[] | undefined) ?? []) into.add(urn);
    collectDependencies(value["value"], into);
    return;
  }
  for (const item of Object.values(value)) collectDependencies(item, into);
}
