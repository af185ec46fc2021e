import { isUnknown } from "../unknown.js";
import type { Rule } from "./rules.js";

/**
 * Collects what is wrong with a value, as `path: rule`. Rules are shown, values never: a value may be a secret.
 * Unknown values pass at every place.
 */
export class Problems {
  readonly found: { path: string; rule: string }[] = [];

  /** `unknownMember`: what to say of a property that nobody knows, given those there are. */
  constructor(private readonly unknownMember: (members: readonly string[]) => string) {}

  add(path: string, rule: string): void {
    this.found.push({ path, rule });
  }

  /** True when the value is known and keeps the rule. */
  keeps(path: string, value: unknown, rule: Rule): boolean {
    if (isUnknown(value)) return false;
    const broken = rule(value);
    if (broken !== undefined) this.add(path, broken);
    return broken === undefined;
  }

  /** The same for a value that may be absent. */
  keepsIfGiven(path: string, value: unknown, rule: Rule): boolean {
    return value !== undefined && this.keeps(path, value, rule);
  }

  /** Each known item of a known list. */
  list(path: string, value: unknown, body: (item: unknown, path: string) => void): void {
    if (isUnknown(value)) return;
    if (!Array.isArray(value)) return this.add(path, "must be a list");
    value.forEach((item: unknown, index) => {
      if (!isUnknown(item)) body(item, `${path}[${index}]`);
    });
  }

  /** Each entry of a known record; keys are always known. */
  entries(
    path: string,
    value: unknown,
    body: (key: string, item: unknown, path: string) => void,
  ): void {
    if (isUnknown(value)) return;
    if (!isRecord(value)) return this.add(path, "must be an object");
    for (const [key, item] of Object.entries(value)) body(key, item, `${path}.${shown(key)}`);
  }

  /** A known object with these members and no other; a member the rule cannot find is `undefined` to it. */
  object(
    path: string,
    value: unknown,
    members: readonly string[],
    body: (object: Record<string, unknown>) => void,
  ): void {
    if (isUnknown(value)) return;
    if (!isRecord(value)) return this.add(path, "must be an object");
    for (const key of Object.keys(value)) {
      if (!members.includes(key) && !key.startsWith("__")) {
        const at = path === "" ? shown(key) : `${path}.${shown(key)}`;
        this.add(at, this.unknownMember(members));
      }
    }
    body(value);
  }
}

/** A key as it may be printed: a user can put anything there, also half a secret or a line break. */
export function shown(key: string): string {
  return /^[A-Za-z0-9_.:/@+-]{1,63}$/.test(key) ? key : "(a name with other characters)";
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
