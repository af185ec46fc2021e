import type { CheckFailure } from "../../lifecycle.js";
import { isUnknown } from "../../unknown.js";
import { isRecord, Problems, shown } from "../../validation/problems.js";
import { userPath } from "../../validation/user-path.js";

/** What is wrong with a plan's inputs: `host h1: privateAddress must be ...`. */
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
  unique(path: string, value: unknown, key = "name"): void {
    if (!Array.isArray(value)) return;
    const seen = new Set<unknown>();
    value.forEach((item: unknown, i) => {
      const name = isRecord(item) ? item[key] : undefined;
      if (typeof name !== "string" || isUnknown(name)) return;
      if (seen.has(name)) this.add(`${path}[${i}].${key}`, `${shown(name)} is used twice`);
      seen.add(name);
    });
  }

  /**
   * One sentence each, about the resource and the property as they stand in the user's program. As the engine prints
   * the whole value of a property that a failure names, none is named: the sentence does.
   */
  failures(news: unknown): CheckFailure[] {
    return this.found.map(({ path, rule }) => ({
      property: "",
      reason: `${subjectOf(path, news)} ${rule}`,
    }));
  }
}

interface Subject {
  /** What users call it. */
  what: string;
  /** Properties that the program writes otherwise, beside those of `userPath`. */
  renamed: readonly (readonly [RegExp, string])[];
}

/** By the list of the plan's inputs in which a resource stands. */
const SUBJECTS: Readonly<Record<string, Subject>> = {
  hosts: {
    what: "host",
    renamed: [
      [/^underlay$/, "privateAddress"],
      [/^groups\[\d+\]/, "group"],
      [/^location\.coordinates/, "location"],
      [/^location\.jurisdictions/, "location.jurisdiction"],
    ],
  },
  requests: {
    what: "container",
    renamed: [
      // Only published ports, named volumes and folders that are written to are in the plan: their numbers are not the program's.
      [/^ports\[\d+\]/, "ports[]"],
      [/^volumes\[\d+\]/, "mounts[].volume"],
      [/^folders\[\d+\]/, "mounts[].bind"],
      [/^devices\[\d+\]/, "accelerators[]"],
      [/^platforms\[\d+\].*/, "platform"],
    ],
  },
  networks: { what: "network", renamed: [] },
  machines: { what: "NetworkMember", renamed: [] },
};

const CLOUD: Subject = {
  what: "cloud",
  renamed: [
    [/^pool(\.cidr)?$/, "addressPool"],
    [/^pool\.networkPrefix$/, "networkPrefix"],
    [/^functions\.containers/, "containerPredicates"],
  ],
};

/** `container web-0: cpus`: the resource, and its property as the program writes it. */
function subjectOf(path: string, news: unknown): string {
  if (!isRecord(news)) return "the plan";
  const [, list = "", index = "", rest = ""] = /^(\w+)\[(\d+)\]\.?(.*)$/.exec(path) ?? [];
  const subject = SUBJECTS[list];
  if (!subject) return `cloud ${nameOf(news["cloud"])}: ${propertyOf(CLOUD, path)}`;
  const items = news[list];
  const item: unknown = Array.isArray(items) ? items[Number(index)] : undefined;
  if (list === "networks" && rest.startsWith("machines[")) return subjectOf(rest, item);
  const name = isRecord(item) ? nameOf(item["name"]) : `number ${Number(index) + 1}`;
  return rest === ""
    ? `${subject.what} ${name}`
    : `${subject.what} ${name}: ${propertyOf(subject, rest)}`;
}

function nameOf(name: unknown): string {
  return typeof name === "string" && !isUnknown(name) ? shown(name) : "(without a name)";
}

function propertyOf({ renamed }: Subject, path: string): string {
  return userPath(renamed.reduce((text, [from, to]) => text.replace(from, to), path));
}
