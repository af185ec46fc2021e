import type { ResourceState } from "./model.js";

/**
 * Rewrites URNs everywhere they stand in a list of resources. A resource in which nothing changes stays the same object,
 * so that what is cached for it stays valid; others are new objects. Aliases have then served and are dropped.
 */
export function renameUrns(
  resources: readonly ResourceState[],
  renamed: ReadonlyMap<string, string>,
): ResourceState[] {
  if (renamed.size === 0 && resources.every((resource) => !resource.aliases?.length)) {
    return [...resources];
  }
  return resources.map((resource) => renameIn(resource, renamed));
}

function renameIn(resource: ResourceState, renamed: ReadonlyMap<string, string>): ResourceState {
  let changed = false;
  const fix = (urn: string): string => {
    const now = renamed.get(urn);
    if (now === undefined || now === urn) return urn;
    changed = true;
    return now;
  };
  const fixAll = (urns: readonly string[]): string[] => urns.map(fix);

  const next: ResourceState = { ...resource, urn: fix(resource.urn) };
  if (resource.parent) next.parent = fix(resource.parent);
  if (resource.provider) next.provider = renameProviderReference(resource.provider, fix);
  if (resource.dependencies) next.dependencies = fixAll(resource.dependencies);
  if (resource.propertyDependencies) {
    const entries = Object.entries(resource.propertyDependencies);
    next.propertyDependencies = Object.fromEntries(
      entries.map(([key, urns]) => [key, fixAll(urns)]),
    );
  }
  if (resource.deletedWith) next.deletedWith = fix(resource.deletedWith);
  if (resource.replaceWith) next.replaceWith = fixAll(resource.replaceWith);
  if (resource.viewOf) next.viewOf = fix(resource.viewOf);
  if (resource.aliases) {
    changed ||= resource.aliases.length > 0;
    delete next.aliases;
  }
  return changed ? next : resource;
}

/** `<urn>::<id>`; a URN has `::` in it, an id of a provider does not. */
function renameProviderReference(reference: string, fix: (urn: string) => string): string {
  const end = reference.lastIndexOf("::");
  if (end < 0) return reference;
  return `${fix(reference.slice(0, end))}${reference.slice(end)}`;
}
