import type { Matchers, Resident } from "./matchers.js";
import type { AffinityRule } from "./rule.js";

/** A rule whose matcher is known. */
export interface CompiledRule {
  readonly quantifier: AffinityRule["quantifier"];
  readonly empty: boolean;
  readonly matcher: number;
  readonly text: string;
}

/** Reads rules for one container; `error` says which cannot be read, and why. */
export function compileRules(
  rules: readonly AffinityRule[],
  matchers: Matchers,
  self: Resident,
): { rules: CompiledRule[] } | { error: string } {
  const compiled: CompiledRule[] = [];
  for (const rule of rules) {
    const matcher = rule.verb === "EMPTY" ? -1 : matchers.idOf(rule, self);
    if (typeof matcher === "string") return { error: matcher };
    compiled.push({
      quantifier: rule.quantifier,
      empty: rule.verb === "EMPTY",
      matcher,
      text: rule.text,
    });
  }
  return { rules: compiled };
}

/** Whether a rule can come true by what is placed later: it asks for somebody to be there. */
export function needsPresence({ quantifier, empty }: CompiledRule): boolean {
  return quantifier === "some" || (empty && quantifier === "none");
}
