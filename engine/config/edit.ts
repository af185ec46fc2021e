import { isCollection, type Document } from "yaml";
import { EngineError } from "../errors.js";
import type { ConfigPath } from "./path.js";
import { ciphertextOf, refuseReserved, type ConfigTree } from "./value.js";

/**
 * Puts a value at a path below a configuration key, with the CLI's rules: what is missing is made, a scalar right below the
 * key gives way to a container, one further down does not (object.Set of pulumi/pulumi sdk/go/common/resource/config).
 */
export function setAt(document: Document, key: string, path: ConfigPath, value: ConfigTree): void {
  const full: (string | number)[] = ["config", key];
  let depth = 0;
  let at = treeAt(document, full);
  while (depth < path.length) {
    const accessor = path[depth] as string | number;
    if (at === null || at === undefined) break;
    if (typeof at !== "object" || ciphertextOf(at) !== undefined) {
      if (depth > 0) {
        refuse(full, `expected ${typeof accessor === "number" ? "a list" : "a map"}`);
      }
      at = undefined;
      break;
    }
    if (Array.isArray(at)) {
      if (typeof accessor !== "number") refuse(full, "a list needs a number in brackets");
      if (accessor > at.length) refuse(full, `the list has only ${at.length} items`);
    } else if (typeof accessor !== "string") {
      refuse(full, "a map needs a name");
    }
    if (depth === path.length - 1 && Object.keys(at).length === 0) checkReserved(accessor, value);
    full.push(accessor);
    at = (at as Record<string, unknown>)[accessor as string];
    depth += 1;
  }
  put(document, full, wrap(path.slice(depth), value));
}

/** A scalar takes the place of a scalar, and a ciphertext of a ciphertext, so that a comment beside it stays. */
function put(document: Document, path: (string | number)[], value: ConfigTree): void {
  const ciphertext = ciphertextOf(value);
  if (ciphertext !== undefined && ciphertextOf(treeAt(document, path)) !== undefined) {
    document.setIn([...path, "secure"], ciphertext);
  } else if (value === null || typeof value === "object") {
    document.setIn(path, document.createNode(value));
  } else {
    document.setIn(path, value);
  }
}

/** Removes a key, or what is at a path below it. What is not there is removed already. */
export function removeAt(document: Document, key: string, path: ConfigPath): void {
  const full = ["config", key, ...path];
  const above = treeAt(document, full.slice(0, -1));
  if (above === null || typeof above !== "object" || treeAt(document, full) === undefined) return;
  if (path.length > 0 && !Array.isArray(above)) {
    const rest = Object.entries(above).filter(([name]) => name !== path.at(-1));
    if (ciphertextOf(Object.fromEntries(rest)) !== undefined) refuseReserved();
  }
  document.deleteIn(full);
}

/** The data at a path, or undefined. */
export function treeAt(document: Document, path: (string | number)[]): ConfigTree {
  const node = document.getIn(path, true);
  if (node === undefined || node === null) return node;
  return isCollection(node) || typeof node === "object"
    ? (node as { toJS(document: Document): unknown }).toJS(document)
    : node;
}

function wrap(path: ConfigPath, value: ConfigTree): ConfigTree {
  const [first, ...rest] = path;
  if (first === undefined) return value;
  if (rest.length === 0) checkReserved(first, value);
  const inner = wrap(rest, value);
  if (typeof first === "string") return { [first]: inner };
  const list: unknown[] = Array.from({ length: first + 1 }, () => null);
  list[first] = inner;
  return list;
}

function checkReserved(accessor: string | number, value: ConfigTree): void {
  if (accessor === "secure" && typeof value === "string") refuseReserved();
}

function refuse(path: (string | number)[], why: string): never {
  throw new EngineError("invalid-input", `${path.slice(1).join(".")}: ${why}`);
}
