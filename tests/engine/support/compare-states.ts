import { isDeepStrictEqual } from "node:util";
import type { ResourceState, Snapshot } from "../../../engine/state/model.js";
import { encodeResource } from "../../../engine/state/resource-codec.js";
import { isProviderType, parseProviderReference } from "../../../engine/urn.js";
import { nameOf, readable } from "./describe-state.js";

/** Different in every run, and where the program stood when it registered: the two engines run it from different folders. */
const FREE = new Set(["created", "modified", "sourcePosition", "stackTrace"]);

/** A resource as it would stand in the file: secrets in the clear, without what is free, and what is a set in order. */
function written(state: ResourceState): Record<string, unknown> {
  const { fields } = encodeResource(state, (_place, plaintext) => ({ plaintext }));
  for (const field of FREE) delete fields[field];
  if (isProviderType(state.type)) delete fields["id"];
  if (state.provider !== undefined && state.provider !== "")
    fields["provider"] = parseProviderReference(state.provider).urn;
  for (const field of ["dependencies", "replaceWith"] as const) {
    if (state[field] !== undefined && field in fields) fields[field] = [...state[field]].sort();
  }
  if ("propertyDependencies" in fields)
    fields["propertyDependencies"] = Object.fromEntries(
      Object.entries(state.propertyDependencies ?? {}).map(([key, urns]) => [
        key,
        [...urns].sort(),
      ]),
    );
  return readable(fields) as Record<string, unknown>;
}

/** Copies of one resource that wait for their deletion stand beside it, in whatever order: here behind it. */
function byName(snapshot: Snapshot | null): Map<string, Record<string, unknown>[]> {
  const found = new Map<string, Record<string, unknown>[]>();
  for (const state of snapshot?.resources ?? []) {
    const name = nameOf(state.urn);
    found.set(name, [...(found.get(name) ?? []), written(state)]);
  }
  for (const entries of found.values())
    entries.sort((a, b) => Number(a["delete"] === true) - Number(b["delete"] === true));
  return found;
}

/** What two states say differently of a resource, field by field; every field is compared. */
export function stateDifferences(ours: Snapshot | null, theirs: Snapshot | null): string[] {
  const [left, right] = [byName(ours), byName(theirs)];
  const differences: string[] = [];
  for (const name of new Set([...left.keys(), ...right.keys()])) {
    const [mine, other] = [left.get(name) ?? [], right.get(name) ?? []];
    if (mine.length !== other.length) {
      differences.push(`${name}: ${mine.length} entries here, ${other.length} there`);
      continue;
    }
    for (const [index, fields] of mine.entries()) {
      const others = other[index] ?? {};
      for (const field of new Set([...Object.keys(fields), ...Object.keys(others)])) {
        if (isDeepStrictEqual(fields[field], others[field])) continue;
        differences.push(
          `${name}.${field}: ${JSON.stringify(fields[field])} here, ${JSON.stringify(others[field])} there`,
        );
      }
    }
  }
  return differences.sort();
}
