import { isUnknown } from "../unknown.js";
import type { DriverOptions } from "./driver.js";

/** For each option of a driver, what is wrong with a value, or undefined when nothing is. */
export type OptionRules = Readonly<Record<string, (value: unknown) => string | undefined>>;

/** Options that are not the driver's, and those with a wrong value. */
export function optionProblems(
  driver: string,
  rules: OptionRules,
  options: DriverOptions,
): { option: string; reason: string }[] {
  return Object.entries(options).flatMap(([option, value]) => {
    const rule = Object.hasOwn(rules, option) ? rules[option] : undefined;
    if (!rule) {
      const known = Object.keys(rules).join(", ");
      const reason = `is no option of driver ${driver}, which has ${known === "" ? "none" : known}`;
      return [{ option, reason }];
    }
    if (value === undefined || isUnknown(value)) return [];
    const reason = rule(value);
    return reason === undefined ? [] : [{ option, reason }];
  });
}

export function whole(min: number, max: number) {
  return (value: unknown): string | undefined =>
    typeof value === "number" && Number.isInteger(value) && value >= min && value <= max
      ? undefined
      : `must be a whole number from ${min} to ${max}`;
}

/** A whole number that was checked, as a word for the program on the host; or the default. */
export function numberWord(value: unknown, otherwise: number): string {
  return String(typeof value === "number" ? value : otherwise);
}

/** Text of one word that goes into a command's arguments or a settings file. */
export function word(pattern: RegExp, what: string) {
  return (value: unknown): string | undefined =>
    typeof value === "string" && pattern.test(value) ? undefined : `must be ${what}`;
}
