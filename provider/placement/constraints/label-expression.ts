import { satisfies, validRange } from "semver";
import { toVersion } from "./version.js";

/** A condition on a host's labels. */
export type LabelExpression =
  | { operator: "in" | "notin" | "contains"; key: string; values: string[] }
  | { operator: "=" | "!="; key: string; value: string }
  | { operator: "exists" | "!exists"; key: string }
  /** Numbers. */
  | { operator: ">" | ">=" | "<" | "<="; key: string; value: number; text: string }
  /** A regular expression, found anywhere in the value. */
  | { operator: "~" | "!~"; key: string; value: string; pattern: RegExp }
  /** A range of semantic versions; `range` is as npm's semver reads it. */
  | { operator: "version"; key: string; value: string; range: string };

export type ParsedLabelExpression =
  { ok: true; expression: LabelExpression } | { ok: false; error: string };

interface Token {
  kind: "word" | "symbol" | "end";
  text: string;
  /** Position of the first character, from 1. */
  at: number;
}

const OPERATORS =
  "=, !=, in (a,b), notin (a,b), contains (a,b), exists, !exists, >, >=, <, <=, ~, !~ or version";

/** Longest regular expression: matching must stay quick. */
const MOST_PATTERN = 200;

/**
 * Parses `zone=eu`, `zone != eu`, `zone in (eu,us)`, `zone notin (eu)`, `ssd exists`, `ssd !exists`, `cores >= 8`,
 * `model ~ "^A1"`, `tags contains (a,b)`, `engine version ">=24 <27"`. Values may stand in double quotes. Errors name
 * the token that is wrong and where it stands.
 */
export function parseLabelExpression(text: string): ParsedLabelExpression {
  const tokens = tokenize(text);
  let position = 0;
  const next = (): Token => tokens[position++] ?? { kind: "end", text: "", at: text.length + 1 };
  const fail = (what: string): ParsedLabelExpression => ({
    ok: false,
    error: `label expression "${text}": ${what}`,
  });
  const show = (token: Token): string =>
    token.kind === "end" ? "it ends there" : `found "${token.text}" at character ${token.at}`;
  const done = (expression: LabelExpression): ParsedLabelExpression => {
    const rest = next();
    return rest.kind === "end"
      ? { ok: true, expression }
      : fail(`nothing may follow, but ${show(rest)}`);
  };

  const key = next();
  if (key.kind !== "word") return fail(`a label's name is expected first, but ${show(key)}`);
  const operator = next();
  if (operator.text === "=" || operator.text === "!=") {
    const value = next();
    if (value.kind !== "word")
      return fail(`a value is expected after "${operator.text}", but ${show(value)}`);
    return done({ operator: operator.text, key: key.text, value: value.text });
  }
  const { text: sign } = operator;
  if (sign === ">" || sign === ">=" || sign === "<" || sign === "<=") {
    const value = next();
    const number = value.kind === "word" && value.text.trim() !== "" ? Number(value.text) : NaN;
    if (Number.isFinite(number)) {
      return done({ operator: sign, key: key.text, value: number, text: value.text });
    }
    if (value.kind === "word" && toVersion(value.text)) {
      return fail(
        `"${value.text}" is a version, not a number; write ${key.text} version "${sign}${value.text}"`,
      );
    }
    return fail(`a number is expected after "${sign}", but ${show(value)}`);
  }
  if (sign === "~" || sign === "!~") {
    const value = next();
    if (value.kind !== "word")
      return fail(`a regular expression is expected after "${sign}", but ${show(value)}`);
    const pattern = readPattern(value.text);
    return typeof pattern === "string"
      ? fail(pattern)
      : done({ operator: sign, key: key.text, value: value.text, pattern });
  }
  if (operator.text === "version") {
    const value = next();
    if (value.kind !== "word")
      return fail(`a range is expected after "version", such as ">=24 <27", but ${show(value)}`);
    const range = readRange(value.text);
    if (range === null)
      return fail(
        `"${value.text}" is no range of versions; write one such as ">=24 <27" or "~>1.2"`,
      );
    return done({ operator: "version", key: key.text, value: value.text, range });
  }
  if (operator.text === "exists" || operator.text === "!exists") {
    return done({ operator: operator.text, key: key.text });
  }
  if (operator.text === "in" || operator.text === "notin" || operator.text === "contains") {
    const open = next();
    if (open.text !== "(")
      return fail(`"(" is expected after "${operator.text}", but ${show(open)}`);
    const values: string[] = [];
    for (;;) {
      const value = next();
      if (value.kind !== "word") return fail(`a value is expected in the list, but ${show(value)}`);
      values.push(value.text);
      const separator = next();
      if (separator.text === ")") return done({ operator: operator.text, key: key.text, values });
      if (separator.text !== ",")
        return fail(`"," or ")" is expected in the list, but ${show(separator)}`);
    }
  }
  if (operator.kind === "end")
    return fail(`an operator is missing after "${key.text}"; use ${OPERATORS}`);
  return fail(`unknown operator "${operator.text}" at character ${operator.at}; use ${OPERATORS}`);
}

/** The pattern, or what is wrong with it. */
export function readPattern(text: string): RegExp | string {
  if (text.length > MOST_PATTERN) {
    return `a regular expression has at most ${MOST_PATTERN} characters, this one has ${text.length}`;
  }
  try {
    return new RegExp(text, "su");
  } catch {
    return `"${text}" is no regular expression`;
  }
}

/**
 * A range in npm's words; commas may stand between conditions, and `~>1.2` means at least 1.2 and below 2,
 * `~>1.2.3` at least 1.2.3 and below 1.3.
 */
function readRange(text: string): string | null {
  const pessimistic = text.replaceAll(",", " ").replace(/~>\s*(\S+)/g, (_, version: string) => {
    const parts = version.split(/[-+]/)[0]?.split(".") ?? [];
    return parts.length > 2 ? `~${version}` : `^${parts.length > 1 ? version : `${version}.0`}`;
  });
  return pessimistic.trim() === "" ? null : validRange(pessimistic);
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  const pattern =
    /\s+|"([^"]*)"|!exists\b|!=|!~|>=|<=|[<>~]|[A-Za-z0-9_][A-Za-z0-9_.:/@+-]*|-[0-9.]+|[(),]|=+|[^\sA-Za-z0-9_(),"=<>~]+|"/gy;
  for (const match of text.matchAll(pattern)) {
    if (match[0].trim() === "") continue;
    const quoted = match[1] !== undefined;
    const isWord = quoted || /^(-?[A-Za-z0-9_])/.test(match[0]);
    tokens.push({
      kind: isWord ? "word" : "symbol",
      text: quoted ? (match[1] ?? "") : match[0],
      at: match.index + 1,
    });
  }
  return tokens;
}

/** Whether labels meet the expression. `!=`, `notin` and `!~` also hold where the label is missing; nothing else does. */
export function matchesLabels(
  expression: LabelExpression,
  labels: Readonly<Record<string, string>>,
): boolean {
  const value = Object.hasOwn(labels, expression.key) ? labels[expression.key] : undefined;
  switch (expression.operator) {
    case "=":
      return value === expression.value;
    case "!=":
      return value !== expression.value;
    case "in":
      return value !== undefined && expression.values.includes(value);
    case "notin":
      return value === undefined || !expression.values.includes(value);
    case "contains": {
      const items = value?.split(",").map((item) => item.trim());
      return items !== undefined && expression.values.every((each) => items.includes(each));
    }
    case "exists":
      return value !== undefined;
    case "!exists":
      return value === undefined;
    case "~":
      return value !== undefined && expression.pattern.test(value);
    case "!~":
      return value === undefined || !expression.pattern.test(value);
    case "version": {
      const version = value === undefined ? null : toVersion(value);
      return version !== null && satisfies(version, expression.range);
    }
    case ">":
    case ">=":
    case "<":
    case "<=":
      return value !== undefined && compares(expression.operator, value, expression.value);
  }
}

function compares(operator: ">" | ">=" | "<" | "<=", text: string, limit: number): boolean {
  const value = text.trim() === "" ? NaN : Number(text);
  switch (operator) {
    case ">":
      return value > limit;
    case ">=":
      return value >= limit;
    case "<":
      return value < limit;
    case "<=":
      return value <= limit;
  }
}

/** What a host that does not match lacks or has, for a sentence: `lacks label zone=eu`, `has label zone=eu`. */
export function labelComplaint(expression: LabelExpression): { lacks: boolean; what: string } {
  const { key, operator } = expression;
  switch (operator) {
    case "=":
      return { lacks: true, what: `${key}=${expression.value}` };
    case "!=":
      return { lacks: false, what: `${key}=${expression.value}` };
    case "in":
      return { lacks: true, what: `${key} in (${expression.values.join(",")})` };
    case "notin":
      return { lacks: false, what: `${key} in (${expression.values.join(",")})` };
    case "contains":
      return { lacks: true, what: `${key} with ${expression.values.join(",")}` };
    case "exists":
      return { lacks: true, what: key };
    case "!exists":
      return { lacks: false, what: key };
    case "~":
      return { lacks: true, what: `${key} ~ ${expression.value}` };
    case "!~":
      return { lacks: false, what: `${key} ~ ${expression.value}` };
    case "version":
      return { lacks: true, what: `${key} version ${expression.value}` };
    case ">":
    case ">=":
    case "<":
    case "<=":
      return { lacks: true, what: `${key} ${operator} ${expression.text}` };
  }
}
