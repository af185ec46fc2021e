import { isUnknown } from "../../unknown.js";
import { isRecord } from "./defaults.js";

type Rule = (value: unknown) => string | undefined;

/**
 * Collects what is wrong with a value, as `path: rule`. Rules are shown, values never: a value may be a secret.
 * Unknown values pass at every place.
 */
export class Problems {
  readonly found: { path: string; rule: string }[] = [];

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
        this.add(
          path === "" ? shown(key) : `${path}.${shown(key)}`,
          "is not a property of a container",
        );
      }
    }
    body(value);
  }
}

/** A key as it may be printed: a user can put anything there, also half a secret or a line break. */
function shown(key: string): string {
  return /^[A-Za-z0-9_.-]{1,63}$/.test(key) ? key : "(a name with other characters)";
}

// The rules: each says what is wanted, in one sentence without the value.

export const text: Rule = (value) => (typeof value === "string" ? undefined : "must be text");

export const plainText: Rule = (value) =>
  typeof value !== "string"
    ? "must be text"
    : value.includes("\0")
      ? "must not hold a NUL character"
      : undefined;

export const flag: Rule = (value) =>
  typeof value === "boolean" ? undefined : "must be true or false";

export const oneOf =
  (...choices: string[]): Rule =>
  (value) =>
    typeof value === "string" && choices.includes(value)
      ? undefined
      : `must be one of ${choices.map((choice) => JSON.stringify(choice)).join(", ")}`;

export const whole =
  (from: number, to: number, what = "a whole number"): Rule =>
  (value) =>
    typeof value === "number" && Number.isInteger(value) && value >= from && value <= to
      ? undefined
      : `must be ${what} from ${from} to ${to}`;

export const number =
  (from: number, to: number): Rule =>
  (value) =>
    typeof value === "number" && value >= from && value <= to
      ? undefined
      : `must be a number from ${from} to ${to}`;

export const matching =
  (pattern: RegExp, sentence: string): Rule =>
  (value) =>
    typeof value === "string" && pattern.test(value) ? undefined : sentence;
