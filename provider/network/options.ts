import { isUnknown } from "../unknown.js";
import { isRecord } from "../validation/problems.js";
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

export const LINK_NAME = word(
  /^[a-zA-Z][a-zA-Z0-9_.-]{0,14}$/,
  "the name of a link, such as eth0 or eth0.30",
);

/** Texts by name, as drivers of others take them. */
export function words(value: unknown): string | undefined {
  const fits =
    isRecord(value) &&
    Object.values(value).every((each) => isUnknown(each) || typeof each === "string");
  return fits ? undefined : "must be an object of texts";
}

/** An option without which the driver does not know what to do. */
export function required(
  options: DriverOptions,
  option: string,
  reason: string,
): { option: string; reason: string }[] {
  return options[option] === undefined ? [{ option, reason }] : [];
}
