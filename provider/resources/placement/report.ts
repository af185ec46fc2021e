import type { CheckFailure } from "../../lifecycle.js";
import { isUnknown } from "../../unknown.js";
import type { Rule } from "./rules.js";

/** Collects failures by path: `hosts[0].name must be ...`. Unknown values pass wherever they stand. */
export class Report {
  private readonly found: { path: string; problem: string }[] = [];

  add(path: string, problem: string): void {
    this.found.push({ path, problem });
  }

  check(path: string, value: unknown, rule: Rule): void {
    const problem = isUnknown(value) ? undefined : rule(value);
    if (problem !== undefined) this.add(path, problem);
  }

  checkIfGiven(path: string, value: unknown, rule: Rule): void {
    if (value !== undefined) this.check(path, value, rule);
  }

  list(path: string, value: unknown, body: (item: unknown, path: string) => void): void {
    if (isUnknown(value)) return;
    if (!Array.isArray(value)) return this.add(path, "must be a list");
    value.forEach((item: unknown, i) => {
      if (!isUnknown(item)) body(item, `${path}[${i}]`);
    });
  }

  record(
    path: string,
    value: unknown,
    body: (key: string, item: unknown, path: string) => void,
  ): void {
    if (isUnknown(value)) return;
    if (!isRecord(value)) return this.add(path, "must be an object");
    for (const [key, item] of Object.entries(value)) body(key, item, `${path}.${shown(key)}`);
  }

  /** An object with no other members than these; keys with two underscores are the engine's. */
  object(
    path: string,
    value: unknown,
    members: readonly string[],
    body: (value: Record<string, unknown>) => void,
  ): void {
    if (isUnknown(value)) return;
    if (!isRecord(value)) return this.add(path, "must be an object");
    for (const key of Object.keys(value)) {
      if (members.includes(key) || key.startsWith("__")) continue;
      const at = path === "" ? shown(key) : `${path}.${shown(key)}`;
      this.add(at, `is unknown; the properties here are ${members.join(", ")}`);
    }
    body(value);
  }

  /** The `kind` of a constraint or strategy; undefined when it is none of these. */
  kind(path: string, value: unknown, kinds: readonly string[]): string | undefined {
    const kind = isRecord(value) ? value["kind"] : undefined;
    if (isUnknown(value) || isUnknown(kind)) return undefined;
    if (typeof kind === "string" && kinds.includes(kind)) return kind;
    this.add(`${path}.kind`, `must be one of ${kinds.join(", ")}`);
    return undefined;
  }

  /** No two items have the same name. */
  unique(path: string, value: unknown, what: string, key = "name"): void {
    if (!Array.isArray(value)) return;
    const seen = new Set<unknown>();
    value.forEach((item: unknown, i) => {
      const name = isRecord(item) ? item[key] : undefined;
      if (typeof name !== "string" || isUnknown(name)) return;
      if (seen.has(name)) this.add(`${path}[${i}].${key}`, `names ${what} ${shown(name)} twice`);
      seen.add(name);
    });
  }

  /** As Pulumi wants them: the top-level property, and a sentence with the whole path. */
  failures(): CheckFailure[] {
    return this.found.map(({ path, problem }) => ({
      property: /^[^.[]*/.exec(path)?.[0] ?? "",
      reason: path === "" ? `the plan ${problem}` : `${path} ${problem}`,
    }));
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A text of the user's as it may be printed. */
function shown(key: string): string {
  return /^[A-Za-z0-9_.:/@+-]{1,63}$/.test(key) ? key : "(a name with other characters)";
}
