import type { StepEventMetadata } from "../../engine/events.js";
import { isInternalKey, readable, same } from "./values.js";

/** What happened to one property. `old` and `new` are readable values (secrets masked). */
export interface PropertyChange {
  key: string;
  kind: "add" | "delete" | "update";
  old?: unknown;
  new?: unknown;
  /** This change is why the resource is replaced. */
  replaces: boolean;
}

type Properties = Record<string, unknown>;

const topKey = (path: string): string => /^[^.[]+/.exec(path)?.[0] ?? path;

/**
 * The properties that a step changes, by name. A changed secret looks equal on both sides, so the names the
 * engine gives as differing count too.
 */
export function propertyChanges(step: StepEventMetadata): PropertyChange[] {
  if (step.op === "same" || step.old === null || step.new === null) return [];
  const named = new Set(
    [...(step.diffs ?? []), ...Object.keys(step.detailedDiff ?? {})].map(topKey),
  );
  const forcing = new Set((step.keys ?? []).map(topKey));
  const inInputs = compare(step.old.inputs, step.new.inputs, named, forcing);
  // Before it is done a step has no outputs yet: that takes none away.
  const isDone = Object.keys(step.new.outputs ?? {}).length > 0;
  const changes =
    inInputs.length > 0 || !isDone
      ? inInputs
      : compare(step.old.outputs, step.new.outputs, named, forcing);
  if (step.old.provider !== step.new.provider && step.new.provider !== "") {
    changes.push(metadataChange("provider", step.old.provider, step.new.provider, forcing));
  }
  if ((step.old.protect ?? false) !== (step.new.protect ?? false)) {
    changes.push(
      metadataChange("protect", step.old.protect ?? false, step.new.protect ?? false, forcing),
    );
  }
  return changes.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}

const metadataChange = (
  key: string,
  old: unknown,
  now: unknown,
  forcing: ReadonlySet<string>,
): PropertyChange => ({ key, kind: "update", old, new: now, replaces: forcing.has(key) });

function compare(
  oldProperties: Properties,
  newProperties: Properties,
  named: ReadonlySet<string>,
  forcing: ReadonlySet<string>,
): PropertyChange[] {
  const before = visible(oldProperties);
  const after = visible(newProperties);
  const changes: PropertyChange[] = [];
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const replaces = forcing.has(key);
    const isNamed = named.has(key) || replaces;
    if (!(key in before)) {
      changes.push({ key, kind: "add", new: after[key], replaces });
    } else if (!(key in after)) {
      changes.push({ key, kind: "delete", old: before[key], replaces });
    } else if (isNamed || !same(before[key], after[key])) {
      changes.push({ key, kind: "update", old: before[key], new: after[key], replaces });
    }
  }
  // When the provider names what differs, other differences are of no consequence.
  if (named.size === 0) return changes;
  return changes.filter((change) => named.has(change.key) || forcing.has(change.key));
}

/** Properties that users know of, in readable form. */
export function visible(properties: Properties | undefined): Properties {
  return Object.fromEntries(
    Object.entries(properties ?? {})
      .filter(([key]) => !isInternalKey(key))
      .map(([key, value]) => [key, readable(value)]),
  );
}

/**
 * The changes in a few words for a row: `diff: +labels-port~image`, and for a replacement the property that
 * forces it.
 */
export function shortDiff(step: StepEventMetadata): string {
  const changes = propertyChanges(step);
  const group = (kind: PropertyChange["kind"], symbol: string): string => {
    const keys = changes.filter((change) => change.kind === kind).map((change) => change.key);
    return keys.length === 0 ? "" : symbol + keys.join(",");
  };
  const groups = group("add", "+") + group("delete", "-") + group("update", "~");
  if (groups === "") return "";
  const forcing = changes.filter((change) => change.replaces).map((change) => change.key);
  const why =
    forcing.length === 0
      ? ""
      : `; ${forcing.join(", ")} ${forcing.length === 1 ? "forces" : "force"} replacement`;
  return `[diff: ${groups}${why}]`;
}
