import type { ResourceState } from "../state/model.js";
import { parseProviderReference } from "../urn.js";

export type EdgeKind =
  "parent" | "dependency" | "propertyDependency" | "deletedWith" | "replaceWith" | "provider";

export interface Edge {
  kind: EdgeKind;
  urn: string;
}

/** What refers to others: a resource of the state, or what a program wants of one. */
export type Referring = Pick<
  ResourceState,
  "parent" | "dependencies" | "propertyDependencies" | "deletedWith" | "replaceWith" | "provider"
>;

/** Everything a resource must stand after, in no particular order. */
export function edgesOf(state: Referring): Edge[] {
  const edges: Edge[] = [];
  if (state.parent !== undefined && state.parent !== "")
    edges.push({ kind: "parent", urn: state.parent });
  for (const urn of state.dependencies ?? []) edges.push({ kind: "dependency", urn });
  for (const urns of Object.values(state.propertyDependencies ?? {}))
    for (const urn of urns) edges.push({ kind: "propertyDependency", urn });
  if (state.deletedWith !== undefined && state.deletedWith !== "")
    edges.push({ kind: "deletedWith", urn: state.deletedWith });
  for (const urn of state.replaceWith ?? []) edges.push({ kind: "replaceWith", urn });
  if (state.provider !== undefined && state.provider !== "")
    edges.push({ kind: "provider", urn: parseProviderReference(state.provider).urn });
  return edges;
}
