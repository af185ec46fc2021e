import type { CheckFailure } from "../../lifecycle.js";
import { isUnknown } from "../../unknown.js";
import { isRecord, Problems, shown } from "../../validation/problems.js";

/** What is wrong with a plan's inputs: `hosts[0].name must be ...`. */
export class Report extends Problems {
  constructor() {
    super((members) => `is unknown; the properties here are ${members.join(", ")}`);
  }

  /** The `kind` of a constraint or strategy; undefined when it is none of these. */
  kind(path: string, value: unknown, kinds: readonly string[]): string | undefined {
    const kind = isRecord(value) ? value["kind"] : undefined;
    if (isUnknown(value) || isUnknown(kind)) return undefined;
    if (typeof kind === "string" && kinds.includes(kind)) return kind;
    this.add(`${path}.kind`, `must be one of ${kinds.join(", ")}`);
    return undefined;
  }

  /** No two items have the same name. */
  unique(path: string, value: unknown, what: string, key = "name"): void {
    if (!Array.isArray(value)) return;
    const seen = new Set<unknown>();
    value.forEach((item: unknown, i) => {
      const name = isRecord(item) ? item[key] : undefined;
      if (typeof name !== "string" || isUnknown(name)) return;
      if (seen.has(name)) this.add(`${path}[${i}].${key}`, `names ${what} ${shown(name)} twice`);
      seen.add(name);
    });
  }

  /** As Pulumi wants them: the top-level property, and a sentence with the whole path. */
  failures(): CheckFailure[] {
    return this.found.map(({ path, rule }) => ({
      property: /^[^.[]*/.exec(path)?.[0] ?? "",
      reason: path === "" ? `the plan ${rule}` : `${path} ${rule}`,
    }));
  }
}
