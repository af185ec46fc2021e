/** The part of JSON schema that the configuration of a policy can use (PolicyConfigJSONSchema of `@pulumi/policy`). */
export type JsonSchema = Record<string, unknown>;

/** Everything that is wrong with a value, each with where: in the words of the CLI, so that both read the same. */
export function schemaProblems(value: unknown, schema: JsonSchema, path = ""): string[] {
  const at = (problem: string): string => (path === "" ? problem : `${path}: ${problem}`);
  const type = typeOf(value);
  const wanted = listOf(schema["type"]);
  if (wanted.length > 0 && !wanted.some((each) => fits(type, each))) {
    return [at(`Invalid type. Expected: ${wanted.join("/")}, given: ${type}`)];
  }
  const problems = valueProblems(value, schema, path).map(at);
  if (typeof value === "number") problems.push(...numberProblems(value, schema).map(at));
  if (typeof value === "string") problems.push(...stringProblems(value, schema).map(at));
  if (Array.isArray(value)) problems.push(...listProblems(value, schema, path));
  else if (type === "object") {
    problems.push(...objectProblems(value as Record<string, unknown>, schema, path));
  }
  return problems;
}

function valueProblems(value: unknown, schema: JsonSchema, path: string): string[] {
  const name = path === "" ? "(root)" : path;
  const same = (other: unknown): boolean => JSON.stringify(other) === JSON.stringify(value);
  const problems: string[] = [];
  const allowed = schema["enum"];
  if (Array.isArray(allowed) && !allowed.some(same)) {
    const list = allowed.map((each) => JSON.stringify(each)).join(", ");
    problems.push(`${name} must be one of the following: ${list}`);
  }
  if ("const" in schema && !same(schema["const"])) {
    problems.push(`${name} does not match: ${JSON.stringify(schema["const"])}`);
  }
  return problems;
}

type Rule<T> = [keyword: string, holds: (value: T, limit: number) => boolean, words: string];

const NUMBER_RULES: Rule<number>[] = [
  ["minimum", (value, limit) => value >= limit, "Must be greater than or equal to"],
  ["exclusiveMinimum", (value, limit) => value > limit, "Must be greater than"],
  ["maximum", (value, limit) => value <= limit, "Must be less than or equal to"],
  ["exclusiveMaximum", (value, limit) => value < limit, "Must be less than"],
  ["multipleOf", (value, limit) => Number.isInteger(value / limit), "Must be a multiple of"],
];

const LENGTH_RULES: Rule<number>[] = [
  [
    "minLength",
    (length, limit) => length >= limit,
    "String length must be greater than or equal to",
  ],
  ["maxLength", (length, limit) => length <= limit, "String length must be less than or equal to"],
];

function broken(rules: Rule<number>[], value: number, schema: JsonSchema): string[] {
  return rules.flatMap(([keyword, holds, words]) => {
    const limit = schema[keyword];
    return typeof limit === "number" && !holds(value, limit) ? [`${words} ${limit}`] : [];
  });
}

const numberProblems = (value: number, schema: JsonSchema): string[] =>
  broken(NUMBER_RULES, value, schema);

function stringProblems(value: string, schema: JsonSchema): string[] {
  const problems = broken(LENGTH_RULES, [...value].length, schema);
  const { pattern } = schema;
  if (typeof pattern === "string" && !new RegExp(pattern, "u").test(value))
    problems.push(`Does not match pattern '${pattern}'`);
  return problems;
}

function listProblems(list: unknown[], schema: JsonSchema, path: string): string[] {
  const at = (problem: string): string => (path === "" ? problem : `${path}: ${problem}`);
  const problems: string[] = [];
  const { minItems, maxItems, uniqueItems, items } = schema;
  if (typeof minItems === "number" && list.length < minItems)
    problems.push(at(`Array must have at least ${minItems} items`));
  if (typeof maxItems === "number" && list.length > maxItems)
    problems.push(at(`Array must have at most ${maxItems} items`));
  if (uniqueItems === true) {
    const texts = list.map((item) => JSON.stringify(item));
    const second = texts.findIndex((text, index) => texts.indexOf(text) < index);
    if (second >= 0) {
      const first = texts.indexOf(texts[second] ?? "");
      problems.push(at(`array items[${first},${second}] must be unique`));
    }
  }
  list.forEach((item, index) => {
    const own: unknown = Array.isArray(items) ? items[index] : items;
    if (isSchema(own)) problems.push(...schemaProblems(item, own, below(path, String(index))));
  });
  return problems;
}

function objectProblems(map: Record<string, unknown>, schema: JsonSchema, path: string): string[] {
  const at = (problem: string): string => (path === "" ? problem : `${path}: ${problem}`);
  const properties = isSchema(schema["properties"]) ? schema["properties"] : {};
  const problems = listOf(schema["required"])
    .filter((key) => !(key in map))
    .map((key) => at(`${key} is required`));
  const additional = schema["additionalProperties"];
  for (const [key, value] of Object.entries(map)) {
    const own = properties[key];
    if (isSchema(own)) problems.push(...schemaProblems(value, own, below(path, key)));
    else if (additional === false) problems.push(at(`Additional property ${key} is not allowed`));
    else if (isSchema(additional))
      problems.push(...schemaProblems(value, additional, below(path, key)));
  }
  return problems;
}

const below = (path: string, key: string): string => (path === "" ? key : `${path}.${key}`);

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

const fits = (type: string, wanted: string): boolean =>
  type === wanted || (wanted === "number" && type === "integer");

const listOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.map(String) : typeof value === "string" ? [value] : [];

const isSchema = (value: unknown): value is JsonSchema =>
  value !== null && typeof value === "object" && !Array.isArray(value);
