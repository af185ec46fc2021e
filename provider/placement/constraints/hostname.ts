import { readPattern } from "./label-expression.js";
import type { Constraint } from "./constraint.js";
import { declaredConstraint } from "./simple.js";

/** The host's name must match a glob (`*` any text, `?` one character), or all of it a regular expression. */
export function hostnameConstraint(
  pattern: string,
  syntax: "glob" | "regexp" = "glob",
): Constraint | { error: string } {
  const expression = syntax === "glob" ? globToRegExp(pattern) : wholeRegExp(pattern);
  if (typeof expression === "string") return { error: `hostname: ${expression}` };
  return declaredConstraint("hostname", (host) =>
    expression.test(host.name)
      ? undefined
      : {
          one: `does not match hostname ${pattern}`,
          many: `do not match hostname ${pattern}`,
        },
  );
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

function wholeRegExp(pattern: string): RegExp | string {
  const readable = readPattern(pattern);
  return typeof readable === "string" ? readable : new RegExp(`^(?:${pattern})$`, "su");
}
