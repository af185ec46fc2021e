import { Bail, type Deployment } from "../deployment/deployment.js";
import type { Goal, ReadGoal, Registration } from "../deployment/goal.js";
import { asksReplace, type Provider } from "../providers/provider.js";
import type { PropertyMap, ResourceState } from "../state/model.js";
import { isProviderType, ROOT_STACK_TYPE } from "../urn.js";
import { InputCheck } from "./check.js";
import { Comparer, type Comparison } from "./comparison.js";
import { Complaints } from "./complaints.js";
import { CreateStep, ReplaceStep } from "./create.js";
import { applyIgnoreChanges, applyReplaceOnChanges } from "./diff.js";
import { Identity } from "./identity.js";
import { ImportStep } from "./import.js";
import { Lookahead } from "./lookahead.js";
import { messageOf } from "./messages.js";
import { Progress } from "./progress.js";
import { ReadStep } from "./read.js";
import { Replacement } from "./replacement.js";
import { Rereading } from "./rereading.js";
import { SameStep } from "./same.js";
import type { Step } from "./step.js";
import { newSeed, newState, type Registered, type Subject } from "./subject.js";
import { Untargeted } from "./untargeted.js";
import { UpdateStep } from "./update.js";
import { WithoutEffect } from "./without-effect.js";

/** Hands an import's result back into the queue of the generator. */
export type Continue = (work: () => Promise<Step[]>) => void;

/**
 * Decides, for one registration after the other, what is to be done: who it is (`identity.ts`), its inputs (`check.ts`), what
 * differs (`comparison.ts`), and the steps that follow. Calls never overlap: the sets in `Progress` rely on it.
 */
export class StepGenerator {
  readonly progress = new Progress();
  readonly check: InputCheck;
  readonly lookahead: Lookahead;
  readonly #deployment: Deployment;
  readonly #continue: Continue;
  readonly #complaints: Complaints;
  readonly #identity: Identity;
  readonly #comparer: Comparer;
  readonly #replacement: Replacement;
  readonly #untargeted: Untargeted;
  readonly #withoutEffect: WithoutEffect;
  readonly #rereading: Rereading;

  constructor(deployment: Deployment, onContinue: Continue) {
    this.#deployment = deployment;
    this.#continue = onContinue;
    this.#complaints = new Complaints(deployment.events, deployment.options.dryRun);
    const shared = [deployment, this.progress, this.#complaints] as const;
    this.check = new InputCheck(...shared);
    this.lookahead = new Lookahead(deployment, this.progress);
    this.#identity = new Identity(...shared);
    this.#comparer = new Comparer(...shared);
    this.#replacement = new Replacement(...shared, this.check);
    this.#untargeted = new Untargeted(...shared);
    this.#withoutEffect = new WithoutEffect(deployment, this.progress);
    this.#rereading = new Rereading(deployment, this.progress, (registered) =>
      onContinue(() => this.#settle(registered)),
    );
  }

  get sawError(): boolean {
    return this.#complaints.any;
  }

  async register(goal: Goal, registration: Registration): Promise<Step[]> {
    const urn = this.#identity.claim(goal.parent, goal.type, goal.name);
    const { old, invalid } = this.#identity.findOld(urn, goal);
    const state = newState(goal, urn, old);
    if (isProviderType(goal.type)) this.progress.providers.set(urn, state);
    const registered = { goal, registration, urn, old, state, invalid };
    return this.#rereading.steps(registered) ?? this.#settle(registered);
  }

  async #settle(registered: Registered): Promise<Step[]> {
    const { goal, urn, old, state, invalid } = registered;
    if (invalid && this.#deployment.options.purpose !== "update") this.#endInvalid(urn);
    const early = this.lookahead.take(goal);
    const instead = this.#withoutEffect.steps(registered);
    if (instead !== undefined) return this.#validated(instead);
    const subject: Subject = {
      ...registered,
      provider: early ?? (await this.#provider(state)),
      recreating: this.progress.deletes.has(urn),
      randomSeed: early?.randomSeed ?? newSeed(),
    };
    return this.#validated(
      isImported(goal, old) ? this.#import(subject) : await this.#decide(subject),
    );
  }

  #endInvalid(urn: string): never {
    this.#complaints.note();
    throw new Bail(`resource ${urn} is invalid`);
  }

  async read(goal: ReadGoal, registration: Registration): Promise<Step[]> {
    const urn = this.#identity.claim(goal.parent, goal.type, goal.name);
    if (goal.id === "") throw new Error(`Expected an ID for ${urn}`);
    const { old } = this.#identity.findOld(urn, { ...goal, aliases: [] });
    const state: ResourceState = {
      urn,
      type: goal.type,
      custom: true,
      external: true,
      id: goal.id,
      inputs: goal.inputs,
      outputs: {},
      parent: goal.parent,
      dependencies: goal.dependencies,
      provider: goal.provider,
      additionalSecretOutputs: goal.additionalSecretOutputs,
      ...(goal.sourcePosition === undefined ? {} : { sourcePosition: goal.sourcePosition }),
      ...(goal.stackTrace === undefined ? {} : { stackTrace: goal.stackTrace }),
    };
    if (this.#deployment.options.purpose === "destroy") this.progress.condemned.push(state);
    if (old !== undefined && old.external !== true && old.id !== goal.id) {
      this.progress.replaces.add(urn);
      const details = { old, keys: [], diffs: [], pendingDelete: true };
      return this.#validated([
        new ReadStep(registration, old, state, true),
        new ReplaceStep(state, details),
      ]);
    }
    this.progress.reads.add(urn);
    return [new ReadStep(registration, old ?? null, state, false)];
  }

  async #provider(state: ResourceState): Promise<Provider | undefined> {
    if (!state.custom) return undefined;
    try {
      return await this.#deployment.providers.forResource(state);
    } catch (error) {
      this.#complaints.refuse(state.urn, messageOf(error));
    }
  }

  #validated(steps: Step[]): Step[] {
    this.#untargeted.refuseDependents(steps);
    return steps;
  }

  #import(subject: Subject): Step[] {
    const { goal, old, urn, recreating, registration } = subject;
    const state: ResourceState = { ...subject.state, importID: goal.importId };
    this.progress.imports.add(urn);
    const replacing = old !== undefined && !recreating;
    // What exists is read first, and then compared with what the program says, as if it had always been in the state.
    const compare = (imported: ResourceState): void =>
      this.#continue(async () => {
        const next = { ...newState(goal, urn, imported), importID: goal.importId };
        return this.#validated(await this.#decide({ ...subject, old: imported, state: next }));
      });
    const step = new ImportStep(registration, replacing ? old : null, state, replacing, compare);
    if (!replacing) return [step];
    return [step, new ReplaceStep(state, { old, keys: [], diffs: [], pendingDelete: true })];
  }

  async #decide(subject: Subject): Promise<Step[]> {
    const { urn, old, state, registration, recreating, invalid } = subject;
    const { progress } = this;
    const named = progress.isTargeted(this.#deployment.options, state);
    const targeted = named || isProviderType(state.type) || state.type === ROOT_STACK_TYPE;
    if (!(await this.#settleInputs(subject, targeted)) || invalid) this.#endInvalid(urn);
    if (recreating && old !== undefined) return this.#recreate(subject, old);
    if (old?.external === true) {
      progress.creates.add(urn);
      const details = { old, keys: [], diffs: [], pendingDelete: true };
      return [new CreateStep(registration, state, details), new ReplaceStep(state, details)];
    }
    // What is made anew because of another takes nobody else along.
    progress.lead(state, named);
    if (old === undefined && targeted) {
      progress.creates.add(urn);
      return [new CreateStep(registration, state)];
    }
    if (old === undefined) {
      progress.sames.add(urn);
      progress.skippedCreates.add(urn);
      return [new SameStep(state, state, { registration, skippedCreate: true })];
    }
    if (!targeted) return this.#untargeted.carry(old, urn, registration);
    return this.#fromComparison(subject, old, await this.#comparer.compare(subject, old));
  }

  /** Sets the inputs: without ignored changes, as provider and policies want them. False when they are not acceptable. */
  async #settleInputs(subject: Subject, targeted: boolean): Promise<boolean> {
    const { goal, urn, old, state, recreating } = subject;
    const wanted = old === undefined ? goal.inputs : this.#withoutIgnored(subject, old);
    let acceptable = true;
    state.inputs = wanted;
    if (subject.provider !== undefined && !targeted) {
      state.inputs = old?.inputs ?? goal.inputs;
    } else if (subject.provider !== undefined) {
      const anew =
        old === undefined ||
        recreating ||
        old.external === true ||
        this.#comparer.isReplacedByName(urn, old);
      const checked = await this.check.byProvider(
        subject,
        anew ? undefined : (old.inputs ?? {}),
        anew ? goal.inputs : wanted,
      );
      state.inputs = checked.inputs;
      acceptable = !checked.invalid;
    }
    const judged = await this.check.byPolicies(subject);
    state.inputs = judged.inputs;
    return acceptable && !judged.invalid;
  }

  #withoutIgnored({ goal, urn }: Subject, old: ResourceState): PropertyMap {
    const { inputs, invalid } = applyIgnoreChanges(
      goal.inputs,
      old.inputs ?? {},
      goal.ignoreChanges,
    );
    if (invalid.length > 0) {
      const message = `cannot ignore changes in added or removed elements of the path: "${invalid.join(", ")}"`;
      this.#deployment.events.diagnostic("info", message, { urn });
    }
    return inputs;
  }

  /** The second half, for one that another's delete-before-replace has deleted. */
  #recreate({ urn, state, registration }: Subject, old: ResourceState): Step[] {
    const { progress } = this;
    progress.deletes.delete(urn);
    progress.replaces.add(urn);
    const details = { old, keys: [], diffs: [], pendingDelete: false };
    const keys = progress.dependentKeys.get(urn) ?? [];
    return [
      new ReplaceStep(state, details),
      new CreateStep(registration, state, { ...details, keys }),
    ];
  }

  async #fromComparison(
    subject: Subject,
    old: ResourceState,
    { diff: answer, triggered }: Comparison,
  ): Promise<Step[]> {
    const { goal, urn, state, registration } = subject;
    const { progress } = this;
    if (answer.unavailable !== undefined)
      this.#deployment.events.diagnostic("warning", answer.unavailable, { urn });
    const hasInitErrors = (old.initErrors ?? []).length > 0;
    const diff = applyReplaceOnChanges(answer, goal.replaceOnChanges, hasInitErrors);
    const interrupted = old.pendingReplacement === true;
    if (interrupted || (diff.changes === "some" && (triggered || asksReplace(diff)))) {
      const keepsInputs = this.#comparer.isReplacedByName(urn, old);
      return this.#replacement.steps(subject, old, diff, keepsInputs);
    }
    if (diff.changes === "some" || hasInitErrors) {
      progress.updates.add(urn);
      return [new UpdateStep(registration, old, state, diff, goal.ignoreChanges)];
    }
    if (progress.imports.has(urn)) {
      registration.done({ state: old, result: "success" });
      return [];
    }
    progress.sames.add(urn);
    return [new SameStep(old, state, { registration })];
  }
}

/** Whether the program wants what exists under an id, and the state does not have it yet. */
function isImported(goal: Goal, old: ResourceState | undefined): boolean {
  if (!goal.custom || goal.importId === "") return false;
  return old === undefined || old.external === true || (old.importID || old.id) !== goal.importId;
}
