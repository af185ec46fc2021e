import type { PropertyMap } from "../state/model.js";
import { isObject } from "./wire.js";

/** A step of a property path: a key, an index, or `*` for every one. */
export type PathPart = string | number;

const PLAIN_KEY = /^[A-Za-z_$#][\w$#-]*$/;

/** Parses `a.b[0]["c.d"].*`. Throws when it cannot. */
export function parsePath(text: string): PathPart[] {
  const parts: PathPart[] = [];
  let rest = text;
  while (rest.length > 0) {
    if (rest.startsWith(".")) {
      if (parts.length === 0 && rest.length === 1)
        throw new Error(`"${text}" is not a property path`);
      rest = rest.slice(1);
    } else if (rest.startsWith("[")) {
      const quoted = /^\["((?:[^"\\]|\\.)*)"\]/.exec(rest);
      const index = /^\[(\d+|\*)\]/.exec(rest);
      if (quoted?.[1] !== undefined) parts.push(quoted[1].replace(/\\(.)/g, "$1"));
      else if (index?.[1] !== undefined) parts.push(index[1] === "*" ? "*" : Number(index[1]));
      else throw new Error(`"${text}" is not a property path`);
      rest = rest.slice((quoted ?? index)?.[0].length ?? 0);
    } else {
      const key = /^[^.[]+/.exec(rest)?.[0] ?? "";
      parts.push(key);
      rest = rest.slice(key.length);
    }
  }
  return parts;
}

export function formatPath(parts: readonly PathPart[]): string {
  let text = "";
  for (const part of parts) {
    if (typeof part === "number") text += `[${part}]`;
    else if (part === "*" || PLAIN_KEY.test(part)) text += text === "" ? part : `.${part}`;
    else text += `["${part.replace(/[\\"]/g, "\\$&")}"]`;
  }
  return text;
}

/** True if `other` is this path or lies below it. */
export function pathContains(path: readonly PathPart[], other: readonly PathPart[]): boolean {
  return path.length <= other.length && path.every((part, i) => part === "*" || part === other[i]);
}

const MISSING = Symbol("missing");

function child(value: unknown, part: PathPart): unknown {
  if (Array.isArray(value))
    return typeof part === "number" && part < value.length ? (value[part] as unknown) : MISSING;
  if (isObject(value)) return Object.hasOwn(value, part) ? value[String(part)] : MISSING;
  return MISSING;
}

function keysOf(value: unknown): PathPart[] {
  if (Array.isArray(value)) return value.map((_, i) => i);
  return isObject(value) ? Object.keys(value) : [];
}

/** A copy of `value` with `part` set, or removed when `to` is MISSING. undefined: cannot be done. */
function withChild(value: unknown, part: PathPart, to: unknown): { value: unknown } | undefined {
  if (Array.isArray(value)) {
    if (typeof part !== "number" || to === MISSING || part >= value.length) return undefined;
    return { value: value.map((item: unknown, i) => (i === part ? to : item)) };
  }
  if (!isObject(value)) return undefined;
  const copy = { ...value };
  if (to === MISSING) delete copy[String(part)];
  else copy[String(part)] = to;
  return { value: copy };
}

function reset(
  old: unknown,
  now: unknown,
  path: readonly PathPart[],
): { value: unknown } | undefined {
  const [part, ...rest] = path;
  if (part === undefined) return { value: old };
  if (part === "*") {
    if (Array.isArray(old) !== Array.isArray(now)) return undefined;
    if (Array.isArray(old) && Array.isArray(now) && old.length !== now.length) return undefined;
    let value = now;
    for (const key of new Set([...keysOf(old), ...keysOf(now)])) {
      const next = reset(old, value, [key, ...rest]);
      if (next === undefined) return undefined;
      value = next.value;
    }
    return { value };
  }
  const before = child(old, part);
  const current = child(now, part);
  if (rest.length === 0) {
    if (before === MISSING && current === MISSING) return { value: now };
    return withChild(now, part, before);
  }
  if (before === MISSING && current === MISSING) return { value: now };
  if (before === MISSING || current === MISSING) return undefined;
  const inner = reset(before, current, rest);
  return inner === undefined ? undefined : withChild(now, part, inner.value);
}

/**
 * `now` with what lies at `path` put back to what it is in `old`. undefined when the path is in one of them only, so that
 * there is nothing to put back.
 */
export function resetPath(
  old: PropertyMap,
  now: PropertyMap,
  path: readonly PathPart[],
): PropertyMap | undefined {
  return reset(old, now, path)?.value as PropertyMap | undefined;
}
