import type { PropertyMap } from "../state/model.js";
import type { PathPart } from "./path.js";
import { isObject, isSecret, makeSecret, type Plain } from "./wire.js";

/** A value on the way down a path, and whether it stands inside a secret. */
interface Place {
  value: unknown;
  secret: boolean;
}

const place = (value: unknown, secret: boolean): Place =>
  isSecret(value) ? place(value.value, true) : { value, secret };

const has = (value: unknown, key: PathPart): value is Plain =>
  isObject(value) && Object.hasOwn(value, key);

/** What is put back must not come out of its secret. */
function restored(value: unknown, old: Place, now: Place): unknown {
  return old.secret && !now.secret ? makeSecret(value) : value;
}

function resetIndex(old: Place, now: Place, index: number, rest: readonly PathPart[]): boolean {
  if (!Array.isArray(old.value) || !Array.isArray(now.value))
    return !Array.isArray(old.value) && !Array.isArray(now.value);
  const before: unknown[] = old.value;
  const current: unknown[] = now.value;
  if (rest.length === 0) {
    if (index >= before.length && index >= current.length) return true;
    if (index >= before.length || index >= current.length) return false;
    current[index] = restored(before[index], old, now);
    return true;
  }
  if (index >= before.length || index >= current.length) return false;
  return reset(place(before[index], old.secret), place(current[index], now.secret), rest);
}

function resetKey(old: Place, now: Place, key: string, rest: readonly PathPart[]): boolean {
  if (rest.length === 0) {
    if (has(old.value, key)) {
      if (!isObject(now.value)) return false;
      now.value[key] = restored(old.value[key], old, now);
    } else if (isObject(now.value)) {
      delete now.value[key];
    }
    return true;
  }
  if (!isObject(old.value) || !isObject(now.value))
    return !isObject(old.value) && !isObject(now.value);
  const [hasOld, hasNow] = [has(old.value, key), has(now.value, key)];
  if (!hasOld && !hasNow) return true;
  if (hasOld && !hasNow) return false;
  return reset(place(old.value[key], old.secret), place(now.value[key], now.secret), rest);
}

function resetAll(old: Place, now: Place, rest: readonly PathPart[]): boolean {
  if (Array.isArray(now.value)) {
    if (!Array.isArray(old.value)) return rest.length === 0;
    const before: unknown[] = old.value;
    const current: unknown[] = now.value;
    for (let index = 0; index < Math.min(before.length, current.length); index += 1)
      if (!resetIndex(old, now, index, rest)) return false;
    return before.length === current.length;
  }
  if (!isObject(now.value)) return false;
  if (!isObject(old.value)) return rest.length === 0;
  if (rest.length > 0)
    return Object.keys(old.value).every(
      (key) => has(now.value, key) && resetKey(old, now, key, rest),
    );
  for (const key of new Set([...Object.keys(old.value), ...Object.keys(now.value)]))
    resetKey(old, now, key, rest);
  return true;
}

function reset(old: Place, now: Place, [part, ...rest]: readonly PathPart[]): boolean {
  if (part === undefined) return false;
  if (part === "*") return resetAll(old, now, rest);
  return typeof part === "number"
    ? resetIndex(old, now, part, rest)
    : resetKey(old, now, part, rest);
}

/**
 * A copy of `now` with what lies at `path` put back to what it is in `old`. `complete` is false when a part of the path is on
 * one side only, or lists differ in length: then what could be put back is.
 */
export function resetPath(
  old: PropertyMap,
  now: PropertyMap,
  path: readonly PathPart[],
): { value: PropertyMap; complete: boolean } {
  const value = structuredClone(now);
  const complete = reset(place(old, false), place(value, false), path);
  return { value, complete };
}
