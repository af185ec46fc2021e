import { EngineError } from "../errors.js";
import { parsePath, type ConfigPath } from "./path.js";

/** A configuration key in the form `namespace:name`. A bare name belongs to the project. */
export function normaliseKey(key: string, project: string): string {
  const parts = key.split(":");
  const [first = "", second = "", third = ""] = parts;
  if (parts.length === 1 && first !== "") return `${project}:${first}`;
  if (parts.length === 2 && first !== "" && second !== "") return key;
  // The old long form.
  if (parts.length === 3 && second === "config" && third !== "") return `${first}:${third}`;
  throw new EngineError("invalid-input", `${JSON.stringify(key)} is no configuration key`, {
    hint: "A key is <name> or <namespace>:<name>.",
  });
}

/** Splits a key used with `--path` into the key proper and the path below it. */
export function splitKeyPath(key: string, project: string): { key: string; path: ConfigPath } {
  const full = normaliseKeyOfPath(key, project);
  const colon = full.indexOf(":");
  const [first, ...path] = parsePath(full.slice(colon + 1));
  if (typeof first !== "string" || first === "") {
    throw new EngineError("invalid-input", `${JSON.stringify(key)} must start with a name`);
  }
  return { key: `${full.slice(0, colon)}:${first}`, path };
}

/** A colon counts as the end of the namespace only before the path begins. */
function normaliseKeyOfPath(key: string, project: string): string {
  const head = /^[^.["]*/.exec(key)?.[0] ?? "";
  if (!head.includes(":")) return `${project}:${key}`;
  return `${normaliseKey(head, project)}${key.slice(head.length)}`;
}
