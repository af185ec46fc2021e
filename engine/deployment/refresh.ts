import type { Deployment } from "./deployment.js";
import { BaseState } from "./deployment.js";
import { edgesOf } from "../graph/edges.js";
import type { StepExecutor } from "../steps/executor.js";
import { RefreshStep } from "../steps/refresh.js";
import type { ResourceState } from "../state/model.js";

/** Reads everything (or the targets) at once, then rebuilds the base from what was found. What cannot be read stays as it is. */
export async function refresh(deployment: Deployment, executor: StepExecutor): Promise<void> {
  const targets = refreshTargets(deployment);
  const steps = new Map<ResourceState, RefreshStep>();
  for (const state of deployment.base.resources) {
    if (targets !== undefined && !targets.has(state.urn)) continue;
    steps.set(state, new RefreshStep(state));
  }
  // The first use of a provider starts its plugin: one error for it, not one for each resource.
  for (const reference of new Set([...steps.keys()].map((state) => state.provider ?? "")))
    if (reference !== "") await deployment.providers.ensure(reference);
  executor.keepGoing = true;
  await executor.all([...steps.values()]);
  executor.keepGoing = false;
  const resources = rebuild(deployment.base.resources, steps);
  deployment.base = new BaseState(resources);
}

function refreshTargets({ options, base }: Deployment): ReadonlySet<string> | undefined {
  const { targets } = options;
  if (targets === undefined || !options.targetDependents) return targets;
  const all = new Set(targets);
  for (const state of base.resources)
    if (targets.has(state.urn))
      for (const { urn } of base.graph.dependents(state, () => false, true)) all.add(urn);
  return all;
}

/** What is gone is left out, and so are the references to it; children of what is gone move up to its parent. */
function rebuild(
  resources: readonly ResourceState[],
  steps: ReadonlyMap<ResourceState, RefreshStep>,
): ResourceState[] {
  const result: ResourceState[] = [];
  const present = new Set<string>();
  const parentOf = new Map<string, string>();
  for (const old of resources) {
    const step = steps.get(old);
    const now = step === undefined ? old : step.next;
    if (now === null) {
      parentOf.set(old.urn, standing(old.parent ?? "", present, parentOf));
      continue;
    }
    const dangling = edgesOf(now).some(({ kind, urn }) => kind !== "provider" && !present.has(urn));
    const state = dangling ? repaired(now, present, parentOf) : now;
    result.push(state);
    present.add(state.urn);
    parentOf.set(state.urn, state.parent ?? "");
  }
  return result;
}

function standing(
  parent: string,
  present: ReadonlySet<string>,
  parentOf: ReadonlyMap<string, string>,
): string {
  let at = parent;
  while (at !== "" && !present.has(at)) at = parentOf.get(at) ?? "";
  return at;
}

function repaired(
  state: ResourceState,
  present: ReadonlySet<string>,
  parentOf: ReadonlyMap<string, string>,
): ResourceState {
  const keep = (urns: string[]): string[] => urns.filter((urn) => present.has(urn));
  const copy: ResourceState = { ...state };
  if (copy.dependencies !== undefined) copy.dependencies = keep(copy.dependencies);
  if (copy.replaceWith !== undefined) copy.replaceWith = keep(copy.replaceWith);
  if (copy.propertyDependencies !== undefined)
    copy.propertyDependencies = Object.fromEntries(
      Object.entries(copy.propertyDependencies).map(([key, urns]) => [key, keep(urns)]),
    );
  if (copy.deletedWith !== undefined && !present.has(copy.deletedWith)) delete copy.deletedWith;
  if (copy.parent !== undefined) copy.parent = standing(copy.parent, present, parentOf);
  return copy;
}
