import { Bail, type Deployment } from "../deployment/deployment.js";
import type { ResourceState } from "../state/model.js";
import { Cascade } from "./cascade.js";
import { DeleteStep, RemovePendingReplaceStep } from "./delete.js";
import type { Progress } from "./progress.js";
import { SameStep } from "./same.js";
import type { Step } from "./step.js";

export interface Deletions {
  /** Outside the targets: carried over first. */
  sames: Step[];
  /** Each group at once, one group after the other. */
  groups: Step[][];
}

/** Once the program is done: everything of the base that it did not mention, and what replacements have left over. */
export async function planDeletions(
  deployment: Deployment,
  progress: Progress,
): Promise<Deletions> {
  const { base, options, providers } = deployment;
  const allowed =
    options.targets === undefined ? undefined : await allowedTargets(deployment, progress);
  const sames: Step[] = [];
  const steps = new Map<ResourceState, Step>();
  for (const state of base.resources) {
    if (allowed !== undefined && !allowed.has(state.urn)) {
      if (!progress.isOperatedOn(state.urn) && state.delete !== true)
        sames.push(new SameStep(state, { ...state }, { untargeted: true }));
      continue;
    }
    if (state.delete === true) {
      if (progress.pendingDeletes.has(state)) continue;
      progress.deletes.add(state.urn);
      steps.set(
        state,
        new DeleteStep(state, {
          replacing: true,
          pendingReplacement: false,
          deletions: progress.deletes,
        }),
      );
    } else if (!progress.isOperatedOn(state.urn)) {
      progress.deletes.add(state.urn);
      steps.set(
        state,
        state.pendingReplacement === true
          ? new RemovePendingReplaceStep(state)
          : new DeleteStep(state, {
              replacing: false,
              pendingReplacement: false,
              deletions: progress.deletes,
            }),
      );
    } else {
      continue;
    }
    await providers.ensure(state.provider ?? "");
  }
  refuseUnasked(deployment, [...steps.values()]);
  const groups = base.graph
    .deletionOrder(new Set(steps.keys()))
    .map((group) => group.flatMap((state) => steps.get(state) ?? []));
  return { sames, groups };
}

/** What a targeted operation would delete besides its targets must have been asked for. */
function refuseUnasked({ options, events }: Deployment, steps: Step[]): void {
  const { targets } = options;
  if (targets === undefined || options.targetDependents) return;
  const unasked = steps.filter((step) => !targets.has(step.urn));
  for (const { urn } of unasked) {
    events.diagnostic(
      "error",
      `Resource '${urn}' will be destroyed but was not specified in the target list: add it, or pass --target-dependents`,
      { urn },
    );
  }
  if (unasked.length > 0 && !options.dryRun) throw new Bail("delete untargeted resource");
}

/** The targets, what depends on them, and what would be replaced with them. */
async function allowedTargets(deployment: Deployment, progress: Progress): Promise<Set<string>> {
  const { base, options } = deployment;
  const cascade = new Cascade(deployment, progress);
  const allowed = new Set<string>();
  const roots = base.resources.filter((state) => options.targets?.has(state.urn) === true);
  for (const root of roots) {
    allowed.add(root.urn);
    const dependents = base.graph.dependents(root, () => false, true);
    for (const state of dependents) allowed.add(state.urn);
    for (const { state } of cascade.followers(root.urn)) allowed.add(state.urn);
  }
  return allowed;
}
