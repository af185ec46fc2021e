/** What `runtime/dependsOn` of the SDK exports, as far as it is used here. */
export interface DependenciesModule {
  getAllTransitivelyReferencedResourceURNs: (
    resources: ReadonlySet<unknown>,
    exclude: ReadonlySet<unknown>,
  ) => Promise<Set<string>>;
}

/** The SDK goes through components for each property of each resource, also for the many that depend on nothing. */
export function skipEmptyDependencies(module: DependenciesModule): void {
  const original = module.getAllTransitivelyReferencedResourceURNs;
  module.getAllTransitivelyReferencedResourceURNs = async (resources, exclude) =>
    resources.size === 0 ? new Set() : original(resources, exclude);
}
