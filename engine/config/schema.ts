import { EngineError } from "../errors.js";
import type { ConfigSchema, Project } from "./project.js";
import { holdsSecret, textOf, type ConfigTree } from "./value.js";

/**
 * Lays the project's defaults under the stack's values and checks the values against the project's types
 * (pulumi/pulumi pkg/workspace/config.go). Lists everything that is wrong at once. Without `validate` it
 * only lays the defaults.
 */
export function applySchema(
  project: Project,
  stack: string,
  values: ReadonlyMap<string, ConfigTree>,
  validate = true,
): Map<string, ConfigTree> {
  const result = new Map(values);
  const missing: string[] = [];
  const wrong: string[] = [];
  for (const [key, schema] of Object.entries(project.config)) {
    const name = key.startsWith(`${project.name}:`) ? key.slice(project.name.length + 1) : key;
    const given = values.get(key);
    if (given === undefined) {
      const fallback = schema.default ?? schema.value;
      if (fallback !== undefined) result.set(key, fallback);
      else if (key.startsWith(`${project.name}:`)) missing.push(name);
    } else if (schema.type !== undefined) {
      wrong.push(...complaints(name, schema, given));
    }
  }
  if (!validate || (missing.length === 0 && wrong.length === 0)) return result;
  const reasons = [...missing.map((name) => `${name} is not set`), ...wrong];
  throw new EngineError(
    "invalid-input",
    `the configuration of stack ${stack} does not fit the project`,
    {
      reasons,
      hint: "Set values with `clocker config set`, secrets with --secret.",
    },
  );
}

function complaints(name: string, schema: ConfigSchema, given: ConfigTree): string[] {
  if (schema.secret && !holdsSecret(given)) return [`${name} must be a secret`];
  // A secret's type shows only when it is opened; a lone one is a text of any type.
  const { value, object, secret } = textOf(given, undefined);
  if (secret) return [];
  const content: unknown = object ? JSON.parse(value) : value;
  return fits(schema, content) ? [] : [`${name} must be of type ${typeName(schema)}`];
}

function fits(schema: ConfigSchema, value: unknown): boolean {
  switch (schema.type) {
    case "string":
      return typeof value === "string";
    case "integer":
      return Number.isInteger(value) || (typeof value === "string" && /^[+-]?\d+$/.test(value));
    case "boolean":
      return typeof value === "boolean" || value === "true" || value === "false";
    case "object":
      return value !== null && typeof value === "object" && !Array.isArray(value);
    case "array": {
      const { items } = schema;
      return Array.isArray(value) && items !== undefined && value.every((one) => fits(items, one));
    }
    default:
      return false;
  }
}

function typeName(schema: ConfigSchema): string {
  if (schema.type !== "array" || !schema.items) return schema.type ?? "?";
  return `array<${typeName(schema.items)}>`;
}
