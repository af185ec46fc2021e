import type { Deployment } from "./deployment.js";
import { Bail, BaseState, reportMissing } from "./deployment.js";
import { edgesOf } from "../graph/edges.js";
import { hasDangling, withReferencesTo } from "../graph/references.js";
import type { StepExecutor } from "../steps/executor.js";
import { Progress } from "../steps/progress.js";
import { RefreshInPlaceStep, RefreshStep } from "../steps/refresh.js";
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
  const concerned = inScope(deployment, deployment.base.resources, new Progress());
  const steps = new Map(concerned.map((state) => [state, new RefreshStep(state)]));
  await ensureProviders(deployment, concerned);
  executor.keepGoing = true;
  await executor.all([...steps.values()]);
  executor.keepGoing = false;
  if (!counted) executor.forgetCounts();
  deployment.base = new BaseState(rebuild(deployment.base.resources, steps));
  // What was read is what was there before. Nothing is made or confirmed yet.
  deployment.news.clear();
}

/** The end of a refresh with the program: reads what that has not registered. */
export async function refreshUnregistered(
  deployment: Deployment,
  executor: StepExecutor,
  progress: Progress,
): Promise<void> {
  const { base, snapshot } = deployment;
  const resources = snapshot?.amend(withoutIndependentProperties) ?? base.resources;
  const unregistered = resources.filter(({ urn }) => !progress.isOperatedOn(urn));
  const concerned = inScope(deployment, unregistered, progress);
  await ensureProviders(deployment, concerned);
  await executor.all(
    concerned.map(
      (state) => new RefreshInPlaceStep(state, (now) => void progress.succeed(state, now)),
    ),
  );
}

/** Those that the operation is about. */
function inScope(
  { options }: Deployment,
  resources: readonly ResourceState[],
  progress: Progress,
): ResourceState[] {
  return resources.filter((state) => {
    // As with the CLI, what a provider has made does not depend on it here.
    const edges = edgesOf(state).filter(({ kind }) => kind !== "provider");
    const isTargeted = progress.isTargeted(options, state, edges);
    progress.lead(state, isTargeted);
    return isTargeted;
  });
}

/** The first use of a provider starts its plugin: one error for it, not one for each resource. */
async function ensureProviders(
  { providers }: Deployment,
  resources: readonly ResourceState[],
): Promise<void> {
  for (const reference of new Set(resources.map(({ provider }) => provider ?? "")))
    if (reference !== "") await providers.ensure(reference);
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
    const state = withoutIndependentProperties(now);
    result.push(hasDangling(state, present) ? withReferencesTo(present, state) : state);
    present.add(state.urn);
  }
  return result;
}

/** Properties that come from nowhere are left out by a refresh, as by the CLI's. */
function withoutIndependentProperties(state: ResourceState): ResourceState {
  const properties = Object.entries(state.propertyDependencies ?? {});
  const dependent = properties.filter(([, urns]) => urns.length > 0);
  if (dependent.length === properties.length) return state;
  return { ...state, propertyDependencies: Object.fromEntries(dependent) };
}
