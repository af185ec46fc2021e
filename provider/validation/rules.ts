/** Says what is wanted, as a sentence without the value (it may be a secret) and without a subject; undefined when all is well. */
export type Rule = (value: unknown) => string | undefined;

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
