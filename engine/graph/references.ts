import type { ResourceState } from "../state/model.js";
import { isProviderType, providerReference } from "../urn.js";
import { edgesOf } from "./edges.js";

/** What may be written: nothing stands before what it refers to, and nothing refers to what is not there. What changes is copied. */
export function withSoundReferences(resources: readonly ResourceState[]): ResourceState[] {
  const present = new Set<string>();
  return inOrder(resources).map((state) => {
    const sound = hasDangling(state, present) ? withReferencesTo(present, state) : state;
    present.add(state.urn);
    return sound;
  });
}

/** The same list, with what a resource refers to moved before it where it stands behind. */
function inOrder(resources: readonly ResourceState[]): ResourceState[] {
  const byUrn = new Map<string, ResourceState>();
  const byReference = new Map<string, ResourceState>();
  for (const state of resources) {
    // A copy that waits for its deletion is not what others mean; only providers are told apart by their ids.
    if (state.delete !== true || !byUrn.has(state.urn)) byUrn.set(state.urn, state);
    if (isProviderType(state.type))
      byReference.set(providerReference(state.urn, state.id ?? ""), state);
  }
  const ordered = new Set<ResourceState>();
  const begun = new Set<ResourceState>();
  const place = (state: ResourceState): void => {
    if (begun.has(state)) return;
    begun.add(state);
    const needed = edgesOf(state).map(({ kind, urn }) =>
      kind === "provider" ? byReference.get(state.provider ?? "") : byUrn.get(urn),
    );
    for (const other of needed) if (other !== undefined) place(other);
    ordered.add(state);
  };
  resources.forEach(place);
  return [...ordered];
}

/** Whether a resource refers to what is not `present`; its provider is another matter. */
export const hasDangling = (state: ResourceState, present: ReadonlySet<string>): boolean =>
  edgesOf(state).some(({ kind, urn }) => kind !== "provider" && !present.has(urn));

/**
 * A copy that refers only to what is `present`. Properties that then come from nowhere are left out, and what has lost its
 * parent has none, as with the CLI.
 */
export function withReferencesTo(
  present: ReadonlySet<string>,
  state: ResourceState,
): ResourceState {
  const keep = (urns: string[]): string[] => urns.filter((urn) => present.has(urn));
  const copy: ResourceState = { ...state };
  if (copy.dependencies !== undefined) copy.dependencies = keep(copy.dependencies);
  if (copy.replaceWith !== undefined) copy.replaceWith = keep(copy.replaceWith);
  if (copy.propertyDependencies !== undefined)
    copy.propertyDependencies = Object.fromEntries(
      Object.entries(copy.propertyDependencies)
        .map(([key, urns]) => [key, keep(urns)] as const)
        .filter(([, urns]) => urns.length > 0),
    );
  if (copy.deletedWith !== undefined && !present.has(copy.deletedWith)) delete copy.deletedWith;
  if (copy.parent !== undefined && !present.has(copy.parent)) delete copy.parent;
  return copy;
}
