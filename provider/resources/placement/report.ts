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

  /**
   * As Pulumi wants them: the top-level property, and a sentence with the whole path and the resource in the user's
   * program that it comes from.
   */
  failures(news: unknown): CheckFailure[] {
    return this.found.map(({ path, rule }) => {
      const owner = ownerOf(path, news);
      return {
        property: /^[^.[]*/.exec(path)?.[0] ?? "",
        reason: `${path === "" ? "the plan" : path} ${rule}${owner ? ` (${owner})` : ""}`,
      };
    });
  }
}

const RESOURCES: Readonly<Record<string, string>> = {
  hosts: "DockerHost",
  requests: "PlacedContainer",
  networks: "VirtualNetwork",
};

/** `PlacedContainer web-0`: whose property a path of the plan's inputs is. */
function ownerOf(path: string, news: unknown): string | undefined {
  if (!isRecord(news)) return undefined;
  const item = /^(hosts|requests|networks)\[(\d+)\]/.exec(path);
  if (item?.[1] !== undefined) {
    const list = news[item[1]];
    const entry: unknown = Array.isArray(list) ? list[Number(item[2])] : undefined;
    const name = isRecord(entry) ? entry["name"] : undefined;
    if (typeof name !== "string" || isUnknown(name)) return undefined;
    return `${RESOURCES[item[1]] ?? item[1]} ${shown(name)}`;
  }
  const cloud = news["cloud"];
  return path !== "" && typeof cloud === "string" && !isUnknown(cloud)
    ? `DockerCloud ${shown(cloud)}`
    : undefined;
}
