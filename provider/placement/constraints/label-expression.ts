/** A condition on a host's labels. */
export type LabelExpression =
  | { operator: "in" | "notin"; key: string; values: string[] }
  | { operator: "=" | "!="; key: string; value: string }
  | { operator: "exists" | "!exists"; key: string };

export type ParsedLabelExpression =
  { ok: true; expression: LabelExpression } | { ok: false; error: string };

interface Token {
  kind: "word" | "symbol" | "end";
  text: string;
  /** Position of the first character, from 1. */
  at: number;
}

const OPERATORS = "=, !=, in (a,b), notin (a,b), exists or !exists";

/**
 * Parses `zone=eu`, `zone != eu`, `zone in (eu,us)`, `zone notin (eu)`, `ssd exists`, `ssd !exists`. Values may
 * stand in double quotes. Errors name the token that is wrong and where it stands.
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
  if (operator.text === "exists" || operator.text === "!exists") {
    return done({ operator: operator.text, key: key.text });
  }
  if (operator.text === "in" || operator.text === "notin") {
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

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  const pattern =
    /\s+|"([^"]*)"|!exists\b|!=|[A-Za-z0-9_][A-Za-z0-9_.:/@+-]*|[(),]|=+|[^\sA-Za-z0-9_(),"=]+|"/gy;
  for (const match of text.matchAll(pattern)) {
    if (match[0].trim() === "") continue;
    const quoted = match[1] !== undefined;
    const isWord = quoted || /^[A-Za-z0-9_]/.test(match[0]);
    tokens.push({
      kind: isWord ? "word" : "symbol",
      text: quoted ? (match[1] ?? "") : match[0],
      at: match.index + 1,
    });
  }
  return tokens;
}

/** Whether labels meet the expression. `!=` and `notin` also hold where the label is missing. */
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
    case "exists":
      return value !== undefined;
    case "!exists":
      return value === undefined;
  }
}

/** What a host that does not match lacks or has, for a sentence: `lacks label zone=eu`, `has label zone=eu`. */
export function labelComplaint(expression: LabelExpression): { lacks: boolean; what: string } {
  switch (expression.operator) {
    case "=":
      return { lacks: true, what: `${expression.key}=${expression.value}` };
    case "!=":
      return { lacks: false, what: `${expression.key}=${expression.value}` };
    case "in":
      return { lacks: true, what: `${expression.key} in (${expression.values.join(",")})` };
    case "notin":
      return { lacks: false, what: `${expression.key} in (${expression.values.join(",")})` };
    case "exists":
      return { lacks: true, what: expression.key };
    case "!exists":
      return { lacks: false, what: expression.key };
  }
}
