import type { PropertyMap } from "../state/model.js";
import { formatPath, type PathPart } from "./path.js";
import { deepEquals, isObject, signatureOf } from "./wire.js";

export type DiffKind =
  "add" | "add-replace" | "delete" | "delete-replace" | "update" | "update-replace";

export interface PropertyDiff {
  diffKind: DiffKind;
  inputDiff: boolean;
}

export type DetailedDiff = Record<string, PropertyDiff>;

export interface ObjectDiff {
  changedKeys: string[];
  detailed: DetailedDiff;
}

const absent = (value: unknown): boolean => value === undefined || value === null;
const container = (value: unknown): boolean =>
  Array.isArray(value) || (isObject(value) && signatureOf(value) === undefined);

function compare(old: unknown, now: unknown, path: PathPart[], into: DetailedDiff): void {
  if (absent(old) && absent(now)) return;
  const at = (diffKind: DiffKind): void =>
    void (into[formatPath(path)] = { diffKind, inputDiff: true });
  if (absent(old)) return at("add");
  if (absent(now)) return at("delete");
  if (deepEquals(old, now)) return;
  if (Array.isArray(old) && Array.isArray(now)) {
    for (let i = 0; i < Math.max(old.length, now.length); i++)
      compare(old[i], now[i], [...path, i], into);
    return;
  }
  if (container(old) && container(now) && isObject(old) && isObject(now)) {
    for (const key of new Set([...Object.keys(old), ...Object.keys(now)]))
      compare(old[key], now[key], [...path, key], into);
    return;
  }
  at("update");
}

/** What differs between two property maps. Both must be free of secrets. */
export function diffObjects(old: PropertyMap, now: PropertyMap): ObjectDiff {
  const detailed: DetailedDiff = {};
  const changedKeys: string[] = [];
  for (const key of [...new Set([...Object.keys(old), ...Object.keys(now)])].sort()) {
    if (deepEquals(old[key], now[key])) continue;
    changedKeys.push(key);
    compare(old[key], now[key], [key], detailed);
  }
  return { changedKeys, detailed };
}

const INVERSE: Record<DiffKind, DiffKind> = {
  add: "delete",
  "add-replace": "delete-replace",
  delete: "add",
  "delete-replace": "add-replace",
  update: "update",
  "update-replace": "update-replace",
};

/** A refresh compares what is with what was wanted: seen from the other side. */
export function invertDetailed(diff: DetailedDiff): DetailedDiff {
  return Object.fromEntries(
    Object.entries(diff).map(([path, { diffKind, inputDiff }]) => [
      path,
      { diffKind: INVERSE[diffKind], inputDiff },
    ]),
  );
}

export function toReplaceKind(kind: DiffKind): DiffKind {
  return kind.endsWith("-replace") ? kind : (`${kind}-replace` as DiffKind);
}
