import { hostsThat } from "../words.js";
import type { Constraint } from "./constraint.js";

/** The host's name must match a glob: `*` any text, `?` one character. */
export function hostnameConstraint(pattern: string): Constraint {
  const expression = globToRegExp(pattern);
  return {
    name: "hostname",
    declared: true,
    applies: () => true,
    accepts: (_ask, host) => expression.test(host.name),
    explain: (_ask, hosts) =>
      `${hostsThat(hosts.length, "does", "do")} not match hostname ${pattern}`,
    explainOne: () => `does not match hostname ${pattern}`,
  };
}

/** Runs of `*` are one: a pattern must not be able to make matching slow. */
export function globToRegExp(pattern: string): RegExp {
  const source = pattern
    .replace(/\*+/g, "*")
    .replace(/[.+^${}()|[\]\\/-]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, "s");
}
