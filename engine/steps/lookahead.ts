import type { Deployment } from "../deployment/deployment.js";
import type { Goal } from "../deployment/goal.js";
import { edgesOf } from "../graph/edges.js";
import type { Provider } from "../providers/provider.js";
import type { ResourceState } from "../state/model.js";
import { isProviderType, makeUrn } from "../urn.js";
import { EarlyAnswers } from "./early-answers.js";
import type { Progress } from "./progress.js";
import { newSeed } from "./subject.js";

/**
 * Asks providers about registrations that still wait for their turn. Decisions are made one after the other; the trips to the
 * provider need not be, and are what an unchanged resource costs. Asked is only what nothing that is decided before can
 * change, so that a provider gets the calls it would get anyway, earlier. All others are asked when their turn comes.
 */
export class Lookahead {
  readonly #deployment: Deployment;
  readonly #progress: Progress;
  /** In the order of their turns. */
  readonly #waiting = new Set<Goal>();
  readonly #asked = new Map<Goal, EarlyAnswers | undefined>();
  readonly #urns = new Set<string>();
  readonly #isUseful: boolean;

  constructor(deployment: Deployment, progress: Progress) {
    this.#deployment = deployment;
    this.#progress = progress;
    const { askedAhead, parallel, targets, excludes, replaceTargets } = deployment.options;
    const { purpose, refreshesAsRegistered } = deployment.options;
    const isPartial = [targets, excludes, replaceTargets].some((named) => named !== undefined);
    const isPlain = purpose === "update" && !refreshesAsRegistered && !isPartial;
    this.#isUseful = askedAhead !== "none" && parallel > 1 && isPlain;
  }

  /** A registration waits for its turn behind another. */
  announce(goal: Goal): void {
    // Policies see, and may change, the inputs between the two questions.
    if (!this.#isUseful || this.#deployment.policies !== undefined) return;
    this.#waiting.add(goal);
    this.#askMore();
  }

  /** Its turn has come, and who it is has been decided. Undefined when its provider has not been asked. */
  take(goal: Goal): EarlyAnswers | undefined {
    const answers = this.#asked.get(goal);
    this.#waiting.delete(goal);
    this.#asked.delete(goal);
    this.#askMore();
    return answers;
  }

  /** As many as there may be steps at once. */
  #askMore(): void {
    for (const goal of this.#waiting) {
      if (this.#asked.size >= this.#deployment.options.parallel || this.#mayRename(goal)) return;
      this.#waiting.delete(goal);
      const urn = this.#urnOf(goal);
      const old = this.#deployment.base.get(urn);
      if (!this.#urns.has(urn) && this.#isSettled(goal, urn, old)) void this.#ask(goal, urn, old);
      this.#urns.add(urn);
    }
  }

  async #ask(goal: Goal, urn: string, old: ResourceState | undefined): Promise<void> {
    this.#asked.set(goal, undefined);
    try {
      const provider = await this.#deployment.providers.get(goal.provider);
      if (!this.#asked.has(goal) || !this.#isAsked(provider)) return;
      const allowUnknowns = this.#deployment.options.dryRun;
      const question = { urn, olds: old?.inputs, news: goal.inputs, allowUnknowns };
      const answers = new EarlyAnswers(provider, { ...question, randomSeed: newSeed() });
      if (old !== undefined && this.#isCompared(goal, old)) answers.compareWith(old);
      this.#asked.set(goal, answers);
    } catch {
      // It has no provider: said when its turn comes.
      this.#asked.delete(goal);
    }
  }

  #isAsked({ isLinked }: Provider): boolean {
    return isLinked === true || this.#deployment.options.askedAhead === "all";
  }

  #urnOf({ parent, type, name }: Goal): string {
    const { stack, project } = this.#deployment.options;
    return makeUrn(stack, project, parent, type, name);
  }

  /** One without an old resource under its own URN may take that of any other by an alias. */
  #mayRename(goal: Goal): boolean {
    const hasAliases = goal.aliases.length > 0 || this.#progress.aliases.has(goal.parent);
    return hasAliases && this.#deployment.base.get(this.#urnOf(goal)) === undefined;
  }

  /**
   * Whether the questions about it can be no others when its turn comes. All that it needs or needed has been done: so nothing
   * to come can have it deleted or replaced along.
   */
  #isSettled(goal: Goal, urn: string, old: ResourceState | undefined): boolean {
    const { urns, aliased, deletes } = this.#progress;
    if (!goal.custom || isProviderType(goal.type) || goal.importId !== "") return false;
    if (goal.ignoreChanges.length > 0) return false;
    if (urns.has(urn) || aliased.has(urn) || deletes.has(urn)) return false;
    if (old?.external === true || old?.taint === true || old?.pendingReplacement === true)
      return false;
    const { news, reads } = this.#deployment;
    const edges = old === undefined ? edgesOf(goal) : [...edgesOf(goal), ...edgesOf(old)];
    return edges.every((edge) => news.has(edge.urn) || reads.has(edge.urn));
  }

  /** Whether the provider is going to be asked what differs: not where something else decides. */
  #isCompared(goal: Goal, old: ResourceState): boolean {
    const { replaces } = this.#progress;
    if (old.provider !== goal.provider) return false;
    if ([goal.deletedWith, ...goal.replaceWith].some((urn) => replaces.has(urn))) return false;
    return old.replacementTrigger === undefined && goal.replacementTrigger === undefined;
  }
}
