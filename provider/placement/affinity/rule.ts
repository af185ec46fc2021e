/** One affinity rule as it was written, e.g. `NOT TYPE db`. */
export interface AffinityRule {
  /** `all`: every container on the host must match. `none`: none may (NOT). `some`: at least one must. */
  readonly quantifier: "all" | "none" | "some";
  readonly verb: "TYPE" | "NAME" | "ID" | "APPLICATION" | "PREDICATE" | "EMPTY";
  /** Absent: the container being placed is meant. */
  readonly parameter?: string;
  /** The rule in one spelling, for sentences. */
  readonly text: string;
}

export type ParsedRules = { ok: true; rules: AffinityRule[] } | { ok: false; error: string };

const VERBS = ["TYPE", "NAME", "ID", "APPLICATION", "PREDICATE", "EMPTY"] as const;
const PARAMETER: Readonly<Record<AffinityRule["verb"], "required" | "optional" | "none">> = {
  TYPE: "optional",
  NAME: "required",
  ID: "optional",
  APPLICATION: "optional",
  PREDICATE: "required",
  EMPTY: "none",
};

/** Reads rules: a list, or one text with a rule on each line or between commas. Verbs may be in any case. */
export function parseAffinityRules(text: string | readonly string[]): ParsedRules {
  const lines = (typeof text === "string" ? [text] : text).flatMap((each) => each.split(/[\n,]/));
  const rules: AffinityRule[] = [];
  for (const line of lines) {
    const tokens = line.split(/\s+/).filter((token) => token !== "");
    if (tokens.length === 0) continue;
    const rule = parseRule(tokens);
    if (typeof rule === "string") {
      return { ok: false, error: `affinity rule "${tokens.join(" ")}": ${rule}` };
    }
    rules.push(rule);
  }
  return rules.length > 0
    ? { ok: true, rules }
    : { ok: false, error: "affinity: there is no rule; write one such as NOT TYPE db" };
}

/** The rule, or what is wrong with it. */
function parseRule(tokens: readonly string[]): AffinityRule | string {
  const [first = ""] = tokens;
  const negated = first.toUpperCase() === "NOT";
  const some = first.toUpperCase() === "SOME";
  const [word, parameter, ...extra] = negated || some ? tokens.slice(1) : tokens;
  const verbs = VERBS.join(", ");
  if (word === undefined) return `a verb is missing after ${first.toUpperCase()}; use ${verbs}`;
  const verb = VERBS.find((each) => each === word.toUpperCase());
  if (!verb) return `unknown verb "${word}"; use ${verbs}`;
  if (PARAMETER[verb] === "required" && parameter === undefined) {
    return verb === "NAME"
      ? "NAME needs a part of a name"
      : "PREDICATE needs the name of a function";
  }
  if (PARAMETER[verb] === "none" && parameter !== undefined) {
    return `nothing may follow ${verb}, but found "${parameter}"`;
  }
  if (extra.length > 0) return `nothing may follow "${parameter}", but found "${extra.join(" ")}"`;
  if (some && verb === "EMPTY") return "SOME EMPTY says nothing; use NOT EMPTY";
  return {
    quantifier: negated ? "none" : some ? "some" : "all",
    verb,
    ...(parameter === undefined ? {} : { parameter }),
    text: [
      ...(negated ? ["NOT"] : some ? ["SOME"] : []),
      verb,
      ...(parameter ? [parameter] : []),
    ].join(" "),
  };
}
