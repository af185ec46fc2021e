import { Bail, type Deployment } from "../deployment/deployment.js";
import type { UrnSet } from "../deployment/urn-set.js";
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
  /** A preview of what an update would refuse. */
  refused: boolean;
}

/** Once the program is done: everything of the base that it did not mention, and what replacements have left over. */
export async function planDeletions(
  deployment: Deployment,
  progress: Progress,
): Promise<Deletions> {
  const { base, providers } = deployment;
  const mayGo = await whoMayGo(deployment, progress);
  const sames: Step[] = [];
  const steps = new Map<ResourceState, Step>();
  for (const state of base.resources) {
    if (!mayGo(state)) {
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
  const refused = isUnasked(deployment, [...steps.values()]);
  const groups = base.graph
    .deletionOrder(new Set(steps.keys()))
    .map((group) => group.flatMap((state) => steps.get(state) ?? []));
  return { sames, groups, refused };
}

/** What a targeted operation would delete besides its targets must have been asked for; an update ends here, a preview shows it. */
function isUnasked({ options, events }: Deployment, steps: Step[]): boolean {
  const { targets } = options;
  if (targets === undefined || options.targetDependents) return false;
  const unasked = steps.filter((step) => !targets.has(step.urn));
  for (const { urn } of unasked) {
    events.diagnostic(
      "error",
      `Resource '${urn}' will be destroyed but was not specified in the target list: add it, or pass --target-dependents`,
      { urn },
    );
  }
  if (unasked.length > 0 && !options.dryRun) throw new Bail("delete untargeted resource");
  return unasked.length > 0;
}

/** Whether a resource may be deleted, as far as targets and excludes go. */
async function whoMayGo(
  deployment: Deployment,
  progress: Progress,
): Promise<(state: ResourceState) => boolean> {
  const { targets, excludes } = deployment.options;
  if (targets !== undefined) {
    const allowed = await allowedTargets(deployment, progress, targets);
    return ({ urn }) => allowed.has(urn);
  }
  if (excludes === undefined) return () => true;
  const kept = keptByExcludes(deployment, excludes);
  return ({ urn }) => !kept.has(urn);
}

/** The targets, what depends on them, and what would be replaced with any of these. */
async function allowedTargets(
  deployment: Deployment,
  progress: Progress,
  targets: UrnSet,
): Promise<Set<string>> {
  const { base } = deployment;
  const cascade = new Cascade(deployment, progress);
  const named = base.resources.filter(({ urn }) => targets.has(urn));
  const roots = new Set([...named, ...base.graph.dependents(named, () => false, true)]);
  const allowed = new Set<string>();
  for (const root of roots) {
    allowed.add(root.urn);
    const replaced = [...(await cascade.dependentsToReplace(root)), ...cascade.followers(root.urn)];
    for (const { state } of replaced) allowed.add(state.urn);
  }
  return allowed;
}

/** What is left alone, whatever it depends on, and (with excludeDependents) whatever depends on that. */
function keptByExcludes({ base, options }: Deployment, excludes: UrnSet): Set<string> {
  const kept = new Set<string>();
  const open = base.resources.filter(({ urn }) => excludes.has(urn));
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (kept.has(next.urn)) continue;
    kept.add(next.urn);
    open.push(...base.graph.dependencies(next));
    if (options.excludeDependents)
      open.push(...base.graph.dependents([next], (urn) => kept.has(urn), true));
  }
  return kept;
}
