import { Bail, type Deployment } from "../deployment/deployment.js";
import type { UrnSet } from "../deployment/urn-set.js";
import { DependencyGraph } from "../graph/dependency-graph.js";
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
  /** What depends on what among those that were there before the first group. */
  graph: DependencyGraph;
  /** A preview of what an update would refuse. */
  refused: boolean;
}

/** What there is when the program is done. */
interface Inventory {
  /** What a destroy has registered: all of it goes. */
  condemned: readonly ResourceState[];
  /** The base as it is now. */
  rest: readonly ResourceState[];
  /** Of all of these. */
  graph: DependencyGraph;
}

/** Once the program is done: everything of the base that it did not mention, and what replacements have left over. */
export async function planDeletions(
  deployment: Deployment,
  progress: Progress,
): Promise<Deletions> {
  const { providers } = deployment;
  const inventory = takeStock(deployment, progress);
  const mayGo = await whoMayGo(deployment, progress, inventory);
  const sames: Step[] = [];
  const steps = new Map<ResourceState, Step>();
  const condemn = (state: ResourceState, replacing: boolean): void => {
    progress.deletes.add(state.urn);
    const options = { replacing, pendingReplacement: false, deletions: progress.deletes };
    steps.set(
      state,
      state.pendingReplacement === true && !replacing
        ? new RemovePendingReplaceStep(state)
        : new DeleteStep(state, options),
    );
  };
  for (const state of inventory.rest) {
    if (!mayGo(state)) {
      if (!progress.isOperatedOn(state.urn) && state.delete !== true)
        sames.push(new SameStep(state, { ...state }, { untargeted: true }));
      continue;
    }
    if (state.delete === true) {
      if (progress.pendingDeletes.has(state)) continue;
      condemn(state, true);
    } else if (!progress.isOperatedOn(state.urn)) {
      condemn(state, false);
    } else {
      continue;
    }
    await providers.ensure(state.provider ?? "");
  }
  for (const state of inventory.condemned) if (mayGo(state)) condemn(state, false);
  const refused = isUnasked(deployment, progress, [...steps.values()]);
  const groups = inventory.graph
    .deletionOrder(new Set(steps.keys()))
    .map((group) => group.flatMap((state) => steps.get(state) ?? []));
  return { sames, groups, graph: inventory.graph, refused };
}

function takeStock({ base, news, reads }: Deployment, progress: Progress): Inventory {
  const { successors, aliased } = progress;
  // What failed to be made, or was left out, is not there.
  const condemned = progress.condemned.filter(
    (state) => news.get(state.urn) === state || reads.get(state.urn) === state,
  );
  if (condemned.length === 0 && successors.size === 0)
    return { condemned, rest: base.resources, graph: base.graph };
  const names = new Set(condemned.map(({ urn }) => urn));
  const rest = base.resources
    .flatMap((state) => {
      const now = successors.get(state);
      return now === undefined ? [state] : now === null ? [] : [now];
    })
    .filter((state) => state.delete === true || !names.has(aliased.get(state.urn) ?? state.urn));
  return { condemned, rest, graph: new DependencyGraph([...condemned, ...rest]) };
}

/** What a targeted operation would delete besides its targets must have been asked for; an update ends here, a preview shows it. */
function isUnasked({ options, events }: Deployment, { aliases }: Progress, steps: Step[]): boolean {
  const { targets } = options;
  if (targets === undefined || options.targetDependents) return false;
  const unasked = steps.filter(({ urn }) => !isNamed(targets, aliases, urn));
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
  inventory: Inventory,
): Promise<(state: ResourceState) => boolean> {
  const { targets, excludes, excludeDependents } = deployment.options;
  const named = (set: UrnSet): ResourceState[] =>
    [...inventory.condemned, ...inventory.rest].filter(({ urn }) =>
      isNamed(set, progress.aliases, urn),
    );
  if (targets !== undefined) {
    const allowed = await allowedTargets(deployment, progress, inventory, named(targets));
    return ({ urn }) => allowed.has(urn);
  }
  if (excludes === undefined) return () => true;
  const kept = keptByExcludes(inventory, named(excludes), excludeDependents);
  return ({ urn }) => !kept.has(urn);
}

/** By its name, or by the one it had before. */
const isNamed = (set: UrnSet, aliases: ReadonlyMap<string, string>, urn: string): boolean =>
  set.has(urn) || set.has(aliases.get(urn) ?? urn);

/** The targets, what depends on them, and what would be replaced with any of these. */
async function allowedTargets(
  deployment: Deployment,
  progress: Progress,
  { graph }: Inventory,
  targets: readonly ResourceState[],
): Promise<Set<string>> {
  const cascade = new Cascade(deployment, progress);
  const roots = new Set([...targets, ...graph.dependents(targets, () => false, true)]);
  const allowed = new Set<string>();
  for (const root of roots) {
    allowed.add(root.urn);
    const replaced = [
      ...(await cascade.dependentsToReplace(progress.originOf(root))),
      ...cascade.followers(root.urn),
    ];
    for (const { state } of replaced) allowed.add(state.urn);
  }
  return allowed;
}

/** What is left alone, whatever it depends on, and (with excludeDependents) whatever depends on that. */
function keptByExcludes(
  { graph }: Inventory,
  excludes: readonly ResourceState[],
  withDependents: boolean,
): Set<string> {
  const kept = new Set<string>();
  const seen = new Set<ResourceState>();
  const open = [...excludes];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    kept.add(next.urn);
    open.push(...graph.dependencies(next));
    if (withDependents) open.push(...graph.dependents([next], (urn) => kept.has(urn), true));
  }
  return kept;
}
