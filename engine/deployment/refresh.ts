import type { Deployment } from "./deployment.js";
import { Bail, BaseState, reportMissing } from "./deployment.js";
import { edgesOf } from "../graph/edges.js";
import type { StepExecutor } from "../steps/executor.js";
import { Progress } from "../steps/progress.js";
import { RefreshStep } from "../steps/refresh.js";
import type { ResourceState } from "../state/model.js";

/**
 * Reads everything (or what the operation is about) at once, then rebuilds the base from what was found. What cannot be read
 * stays as it is. `counted`: the summary is about the refresh, and not about what follows it.
 */
export async function refresh(
  deployment: Deployment,
  executor: StepExecutor,
  counted: boolean,
): Promise<void> {
  const { targets, excludes } = deployment.options;
  const missing = [targets, excludes].filter((named) => reportMissing(deployment, named));
  if (missing.length > 0) throw new Bail("what was to be refreshed could not be found");
  const progress = new Progress();
  const steps = new Map<ResourceState, RefreshStep>();
  for (const state of deployment.base.resources) {
    // As with the CLI, what a provider has made does not depend on it here.
    const edges = edgesOf(state).filter(({ kind }) => kind !== "provider");
    const isTargeted = progress.isTargeted(deployment.options, state, edges);
    progress.lead(state, isTargeted);
    if (isTargeted) steps.set(state, new RefreshStep(state));
  }
  // The first use of a provider starts its plugin: one error for it, not one for each resource.
  for (const reference of new Set([...steps.keys()].map((state) => state.provider ?? "")))
    if (reference !== "") await deployment.providers.ensure(reference);
  executor.keepGoing = true;
  await executor.all([...steps.values()]);
  executor.keepGoing = false;
  if (!counted) executor.forgetCounts();
  deployment.base = new BaseState(rebuild(deployment.base.resources, steps));
  // What was read is what was there before. Nothing is made or confirmed yet.
  deployment.news.clear();
}

/** What is gone is left out, and so are the references to it, also as a parent: as with the CLI, its children then have none. */
function rebuild(
  resources: readonly ResourceState[],
  steps: ReadonlyMap<ResourceState, RefreshStep>,
): ResourceState[] {
  const result: ResourceState[] = [];
  const present = new Set<string>();
  for (const old of resources) {
    const step = steps.get(old);
    const now = step === undefined ? old : step.next;
    if (now === null) continue;
    const state = repaired(now, present);
    result.push(state);
    present.add(state.urn);
  }
  return result;
}

/** Without references to what is gone. Properties that then come from nowhere are left out, as the CLI does. */
function repaired(state: ResourceState, present: ReadonlySet<string>): ResourceState {
  const dangling = edgesOf(state).some(({ kind, urn }) => kind !== "provider" && !present.has(urn));
  const independent = Object.values(state.propertyDependencies ?? {}).some(
    (urns) => urns.length === 0,
  );
  if (!dangling && !independent) return state;
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
