import { readFile } from "node:fs/promises";
import { EngineError } from "../errors.js";
import { type JsonSchema, schemaProblems } from "./json-schema.js";

/** What a violation means; `disabled` policies are not run. */
export const LEVELS = ["advisory", "mandatory", "disabled", "remediate"] as const;
export type EnforcementLevel = (typeof LEVELS)[number];

/** The configuration of one policy. */
export interface PolicyConfig {
  level?: EnforcementLevel | undefined;
  properties?: Record<string, unknown> | undefined;
}

/** What a pack says of one of its policies. */
export interface PolicyInfo {
  name: string;
  level: EnforcementLevel;
  kind: "resource" | "stack" | "unknown";
  schema: { properties: Record<string, JsonSchema>; required: string[] } | undefined;
}

/** Reads the file of `--policy-pack-config`: by policy a level, or an object with its properties and `enforcementLevel`. */
export async function readPolicyConfig(path: string): Promise<Map<string, PolicyConfig>> {
  let parsed: unknown;
  try {
    const text = await readFile(path, "utf8");
    parsed = text.trim() === "" ? {} : JSON.parse(text);
  } catch (cause) {
    throw new EngineError("invalid-input", `the policy configuration ${path} cannot be read`, {
      reasons: [cause instanceof Error ? cause.message : String(cause)],
      cause,
    });
  }
  const refuse = (reason: string): never => {
    throw new EngineError("invalid-input", `the policy configuration ${path} is wrong`, {
      reasons: [reason],
    });
  };
  if (!isMap(parsed)) return refuse("it must be a JSON object");
  if ("environments" in parsed) {
    throw new EngineError(
      "unsupported",
      `the policy configuration ${path} takes values from Pulumi ESC environments, which only the pulumi CLI can do: run this operation with pulumi.`,
    );
  }
  const result = new Map<string, PolicyConfig>();
  for (const [policy, value] of Object.entries(parsed)) {
    if (typeof value !== "string" && !isMap(value)) {
      return refuse(
        `parsing ${JSON.stringify(policy)}: ${JSON.stringify(value)} is not a valid value; must be a string or object`,
      );
    }
    const { enforcementLevel, ...properties } =
      typeof value === "string" ? { enforcementLevel: value } : value;
    if (enforcementLevel !== undefined && !isLevel(enforcementLevel)) {
      return refuse(
        `parsing enforcement level for ${JSON.stringify(policy)}: ${JSON.stringify(enforcementLevel)} is not a valid enforcement level`,
      );
    }
    result.set(policy, { level: enforcementLevel, properties });
  }
  return result;
}

/**
 * What a pack is configured with: the defaults of its policies, what the pack itself was given, and what the user gave, the
 * latter winning. `all` sets the level of every policy. `problems` is not empty when the values do not fit their schemas.
 */
export function reconcile(
  policies: readonly PolicyInfo[],
  initial: ReadonlyMap<string, PolicyConfig>,
  given: ReadonlyMap<string, PolicyConfig>,
): { config: Map<string, PolicyConfig>; problems: string[] } {
  const config = new Map<string, PolicyConfig>();
  for (const { name, level, schema } of policies) {
    const defaults = Object.entries(schema?.properties ?? {}).filter(([, own]) => "default" in own);
    const properties = Object.fromEntries(defaults.map(([key, own]) => [key, own["default"]]));
    config.set(name, { level, properties });
  }
  for (const layer of [initial, given]) lay(config, layer);
  const problems = policies.flatMap(({ name, schema }) => {
    if (schema === undefined) return [];
    const values = config.get(name)?.properties ?? {};
    return schemaProblems(values, { type: "object", ...schema }).map((each) => `${name}: ${each}`);
  });
  return { config, problems };
}

function lay(config: Map<string, PolicyConfig>, layer: ReadonlyMap<string, PolicyConfig>): void {
  const all = layer.get("all")?.level;
  if (all !== undefined) for (const [name, own] of config) config.set(name, { ...own, level: all });
  for (const [name, { level, properties }] of layer) {
    const before = config.get(name);
    config.set(name, {
      level: level ?? before?.level,
      properties: { ...before?.properties, ...properties },
    });
  }
}

const isLevel = (value: unknown): value is EnforcementLevel =>
  (LEVELS as readonly unknown[]).includes(value);

const isMap = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === "object" && !Array.isArray(value);
