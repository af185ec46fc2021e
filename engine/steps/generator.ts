import { randomBytes } from "node:crypto";
import { Bail, type Deployment } from "../deployment/deployment.js";
import type { Goal, ReadGoal, Registration } from "../deployment/goal.js";
import { edgesOf } from "../graph/edges.js";
import {
  asksReplace,
  type CheckResult,
  type DiffResult,
  NO_DIFF,
  type Provider,
  ProviderError,
} from "../providers/provider.js";
import type { PolicySubject } from "../policies/analyzer.js";
import type { PropertyMap, ResourceState } from "../state/model.js";
import {
  isProviderType,
  makeUrn,
  parseProviderReference,
  ROOT_STACK_TYPE,
  urnName,
} from "../urn.js";
import { containsUnknown, deepEquals, unwrapSecrets } from "../values/wire.js";
import { expandAliases } from "./aliases.js";
import { Cascade } from "./cascade.js";
import { CreateStep, ReplaceStep } from "./create.js";
import { DeleteStep } from "./delete.js";
import { applyIgnoreChanges, applyReplaceOnChanges, diffResource, replaceBecause } from "./diff.js";
import { ImportStep } from "./import.js";
import { Progress } from "./progress.js";
import { ReadStep } from "./read.js";
import { SameStep } from "./same.js";
import type { Step } from "./step.js";
import { UpdateStep } from "./update.js";

/** Hands an import's result back into the queue of the generator. */
export type Continue = (work: () => Promise<Step[]>) => void;

interface Subject {
  goal: Goal;
  registration: Registration;
  urn: string;
  old: ResourceState | undefined;
  /** Built up as the steps are applied. */
  state: ResourceState;
  provider: Provider | undefined;
  /** Deleted earlier in this operation because of another's delete-before-replace. */
  recreating: boolean;
  randomSeed: Uint8Array;
  invalid: boolean;
}

/**
 * Decides, for one registration after the other, what is to be done. Calls never overlap: the sets in `Progress` rely on it.
 */
export class StepGenerator {
  readonly #deployment: Deployment;
  readonly #continue: Continue;
  readonly progress = new Progress();
  readonly #cascade: Cascade;
  sawError = false;

  constructor(deployment: Deployment, onContinue: Continue) {
    this.#deployment = deployment;
    this.#continue = onContinue;
    this.#cascade = new Cascade(deployment, this.progress);
  }

  async register(goal: Goal, registration: Registration): Promise<Step[]> {
    const { options } = this.#deployment;
    this.#checkParent(goal.parent);
    const urn = this.#claimUrn(goal.parent, goal.type, goal.name);
    const { old, invalid } = this.#findOld(urn, goal);
    const state = newState(goal, urn, old);
    if (isProviderType(goal.type)) this.progress.providers.set(urn, state);
    const subject: Subject = {
      goal,
      registration,
      urn,
      old,
      state,
      invalid,
      provider: await this.#provider(state, urn),
      recreating: this.progress.deletes.has(urn),
      randomSeed: randomBytes(32),
    };
    const previousId = old?.importID || old?.id;
    const imports =
      goal.custom &&
      goal.importId !== "" &&
      (old === undefined || old.external === true || previousId !== goal.importId);
    const steps = imports ? this.#import(subject) : await this.#decide(subject);
    return this.#validated(steps, options.dryRun);
  }

  async read(goal: ReadGoal, registration: Registration): Promise<Step[]> {
    this.#checkParent(goal.parent);
    const urn = this.#claimUrn(goal.parent, goal.type, goal.name);
    if (goal.id === "") throw new Error(`Expected an ID for ${urn}`);
    const old = this.#deployment.base.get(urn);
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
    if (old !== undefined && old.external !== true && old.id !== goal.id) {
      this.progress.replaces.add(urn);
      const details = { old, keys: [], diffs: [], pendingDelete: true };
      return this.#validated(
        [new ReadStep(registration, old, state, true), new ReplaceStep(state, details)],
        this.#deployment.options.dryRun,
      );
    }
    this.progress.reads.add(urn);
    return [new ReadStep(registration, old ?? null, state, false)];
  }

  #checkParent(parent: string): void {
    if (parent !== "" && !this.progress.urns.has(parent))
      throw new Error(`could not find parent resource ${parent}`);
  }

  #claimUrn(parent: string, type: string, name: string): string {
    const { stack, project } = this.#deployment.options;
    const urn = makeUrn(stack, project, parent, type, name);
    if (this.progress.urns.has(urn) && !this.progress.carried.has(urn))
      this.#refuse(urn, `Duplicate resource URN '${urn}'; try giving it a unique name`);
    this.progress.urns.add(urn);
    return urn;
  }

  /** Reports an error that ends the operation. */
  #refuse(urn: string, message: string): never {
    this.#deployment.events.diagnostic("error", message, { urn });
    this.sawError = true;
    throw new Bail(message);
  }

  #findOld(urn: string, goal: Goal): { old: ResourceState | undefined; invalid: boolean } {
    const { base, events, options } = this.#deployment;
    const { progress } = this;
    let invalid = false;
    const complain = (message: string): void => {
      invalid = true;
      events.diagnostic("error", message, { urn });
    };
    const claimed = progress.aliased.get(urn);
    if (claimed !== undefined)
      complain(
        `Duplicate resource URN '${urn}' conflicting with alias on resource with URN '${claimed}'`,
      );
    const own = progress.carried.get(urn) ?? base.get(urn);
    progress.carried.delete(urn);
    if (own !== undefined) return { old: own, invalid };
    const { stack, project } = options;
    const parentAlias = goal.parent === "" ? undefined : progress.aliases.get(goal.parent);
    const aliases = expandAliases({ stack, project, ...goal }, goal.aliases, parentAlias);
    for (const alias of aliases) {
      const old = base.get(alias);
      if (old === undefined) continue;
      if (alias !== urn) {
        const other = progress.aliased.get(alias);
        if (progress.urns.has(alias))
          complain(
            `Duplicate resource alias '${alias}' applied to resource with URN '${urn}' conflicting with resource with URN '${alias}'`,
          );
        else if (other !== undefined)
          complain(
            `Duplicate resource alias '${alias}' applied to resource with URN '${urn}' conflicting with resource with URN '${other}'`,
          );
        progress.aliased.set(alias, urn);
        progress.aliases.set(urn, alias);
        this.#deployment.providers.alias(urn, alias);
      }
      return { old, invalid };
    }
    return { old: undefined, invalid };
  }

  async #provider(state: ResourceState, urn: string): Promise<Provider | undefined> {
    if (!state.custom) return undefined;
    try {
      return await this.#deployment.providers.forResource(state);
    } catch (error) {
      this.#refuse(urn, error instanceof Error ? error.message : String(error));
    }
  }

  #import(subject: Subject): Step[] {
    const { goal, old, urn, recreating, registration } = subject;
    const state: ResourceState = { ...subject.state, importID: goal.importId };
    this.progress.imports.add(urn);
    const replacing = old !== undefined && !recreating;
    const step = new ImportStep(
      registration,
      replacing ? old : null,
      state,
      replacing,
      (imported) =>
        this.#continue(async () => {
          const next = { ...newState(goal, urn, imported), importID: goal.importId };
          const steps = await this.#decide({
            ...subject,
            old: imported,
            state: next,
            registration,
          });
          return this.#validated(steps, this.#deployment.options.dryRun);
        }),
    );
    if (!replacing) return [step];
    return [step, new ReplaceStep(state, { old, keys: [], diffs: [], pendingDelete: true })];
  }

  async #decide(subject: Subject): Promise<Step[]> {
    const { goal, urn, old, state, registration, recreating } = subject;
    const { options, events } = this.#deployment;
    const { progress } = this;
    let inputs = state.inputs ?? {};
    if (old !== undefined) {
      const ignored = applyIgnoreChanges(inputs, old.inputs ?? {}, goal.ignoreChanges);
      inputs = ignored.inputs;
      if (ignored.invalid.length > 0) {
        const paths = ignored.invalid.join(", ");
        events.diagnostic(
          "info",
          `cannot ignore changes in added or removed elements of the path: "${paths}"`,
          { urn },
        );
      }
    }
    const wasExternal = old?.external === true;
    const forgetful =
      recreating || wasExternal || this.#isTargetedReplace(urn, old) || old === undefined;
    const named = progress.isTargeted(options, state);
    const targeted = named || isProviderType(goal.type) || goal.type === ROOT_STACK_TYPE;
    if (subject.provider !== undefined) {
      if (targeted) {
        const checked = await this.#check(
          subject,
          forgetful ? undefined : (old?.inputs ?? {}),
          forgetful ? goal.inputs : inputs,
        );
        inputs = checked.inputs;
        if (this.#reportFailures(state, checked)) subject.invalid = true;
      } else {
        inputs = old?.inputs ?? goal.inputs;
      }
    }
    state.inputs = inputs;
    if (await this.#violatesPolicy(subject)) subject.invalid = true;
    inputs = state.inputs;
    if (subject.invalid) {
      this.sawError = true;
      throw new Bail(`resource ${urn} is invalid`);
    }

    if (recreating && old !== undefined) {
      progress.deletes.delete(urn);
      progress.replaces.add(urn);
      const keys = progress.dependentKeys.get(urn) ?? [];
      const details = { old, keys: [], diffs: [], pendingDelete: false };
      return [
        new ReplaceStep(state, details),
        new CreateStep(registration, state, { ...details, keys }),
      ];
    }
    if (wasExternal && old !== undefined) {
      progress.creates.add(urn);
      const details = { old, keys: [], diffs: [], pendingDelete: true };
      return [new CreateStep(registration, state, details), new ReplaceStep(state, details)];
    }
    if (old === undefined) {
      if (!targeted) {
        progress.sames.add(urn);
        progress.skippedCreates.add(urn);
        return [new SameStep(state, state, { registration, skippedCreate: true })];
      }
      progress.creates.add(urn);
      return [new CreateStep(registration, state)];
    }
    if (!targeted) return this.#untargeted(old, urn, registration);

    if (!options.dryRun && containsUnknown(state.replacementTrigger))
      this.#refuse(urn, `replacement trigger contains unknowns for ${urn}`);
    const triggered = triggers(old.replacementTrigger, state.replacementTrigger);
    const diff = triggered
      ? { ...NO_DIFF, changes: "some" as const }
      : await this.#diff(subject, old, inputs);
    return this.#fromDiff(subject, old, diff, triggered);
  }

  /** Lets the policies change the inputs, then asks them; in a preview what is forbidden is only reported. */
  async #violatesPolicy(subject: Subject): Promise<boolean> {
    const { policies, options } = this.#deployment;
    if (policies === undefined) return false;
    const about = this.#policySubject(subject);
    subject.state.inputs = await policies.remediate(about);
    const properties = subject.state.inputs;
    if (!(await policies.analyze({ ...about, properties }))) return false;
    this.sawError = true;
    return !options.dryRun;
  }

  #policySubject({ state, goal }: Subject): PolicySubject {
    return {
      state,
      properties: state.inputs ?? {},
      deleteBeforeReplace: goal.deleteBeforeReplace,
      provider: this.providerOf(state),
    };
  }

  /** The provider resource behind a reference, as it is now or was before. */
  providerOf({ provider }: ResourceState): ResourceState | undefined {
    if (provider === undefined || provider === "") return undefined;
    const { urn } = parseProviderReference(provider);
    return this.progress.providers.get(urn) ?? this.#deployment.base.get(urn);
  }

  async #check(
    subject: Subject,
    olds: PropertyMap | undefined,
    news: PropertyMap,
  ): Promise<CheckResult> {
    const { provider, urn, randomSeed } = subject;
    if (provider === undefined) return { inputs: news, failures: [] };
    const allowUnknowns = this.#deployment.options.dryRun;
    try {
      return await provider.check({ urn, olds, news, allowUnknowns, randomSeed });
    } catch (error) {
      this.#rethrow(urn, error);
    }
  }

  /** A provider's refusal belongs to its resource. */
  #rethrow(urn: string, error: unknown): never {
    if (error instanceof ProviderError) this.#refuse(urn, error.message);
    throw error;
  }

  #reportFailures(state: ResourceState, { failures }: CheckResult): boolean {
    const name = urnName(state.urn);
    for (const { property, reason } of failures) {
      const where = property === "" ? "" : ` property ${property}`;
      this.#deployment.events.diagnostic(
        "error",
        `${state.type} resource '${name}':${where} has a problem: ${reason}`,
        {
          urn: state.urn,
        },
      );
    }
    return failures.length > 0;
  }

  #isTargetedReplace(urn: string, old: ResourceState | undefined): boolean {
    return this.#deployment.options.replaceTargets?.has(urn) === true || old?.taint === true;
  }

  async #diff(subject: Subject, old: ResourceState, inputs: PropertyMap): Promise<DiffResult> {
    const { urn, state, provider, goal } = subject;
    const { progress } = this;
    if (this.#isTargetedReplace(urn, old)) return replaceBecause("id");
    if (goal.replaceWith.some((other) => progress.replaces.has(other)))
      return replaceBecause("replaceWith");
    if (goal.deletedWith !== "" && progress.replaces.has(goal.deletedWith))
      return replaceBecause("deletedWith");
    if (await this.#providerChanged(old, state)) return replaceBecause("provider");
    if (provider === undefined)
      return deepEquals(old.inputs ?? {}, inputs) ? NO_DIFF : { ...NO_DIFF, changes: "some" };
    try {
      return await diffResource(provider, {
        urn,
        id: old.id ?? "",
        oldInputs: old.inputs ?? {},
        oldOutputs: old.outputs ?? {},
        newInputs: inputs,
        allowUnknowns: this.#deployment.options.dryRun,
        ignoreChanges: goal.ignoreChanges,
      });
    } catch (error) {
      this.#rethrow(urn, error);
    }
  }

  async #providerChanged(old: ResourceState, state: ResourceState): Promise<boolean> {
    const before = old.provider ?? "";
    const now = state.provider ?? "";
    if (before === now) return false;
    if (before === "" || now === "") return true;
    const oldReference = parseProviderReference(before);
    const newReference = parseProviderReference(now);
    if (this.progress.aliased.get(oldReference.urn) === newReference.urn) return false;
    const oldProvider = this.#deployment.base.get(oldReference.urn);
    const newProvider = this.progress.providers.get(newReference.urn);
    if (oldProvider === undefined || newProvider === undefined) return true;
    const diff = await this.#deployment.providers.diffConfig(now, oldProvider, newProvider);
    return asksReplace(diff);
  }

  async #fromDiff(
    subject: Subject,
    old: ResourceState,
    answer: DiffResult,
    triggered: boolean,
  ): Promise<Step[]> {
    const { goal, urn, state, registration } = subject;
    const { events } = this.#deployment;
    const { progress } = this;
    if (answer.unavailable !== undefined) events.diagnostic("warning", answer.unavailable, { urn });
    const hasInitErrors = (old.initErrors ?? []).length > 0;
    const diff = applyReplaceOnChanges(answer, goal.replaceOnChanges, hasInitErrors);
    if (diff.changes === "some" || old.pendingReplacement === true) {
      if (asksReplace(diff) || triggered || old.pendingReplacement === true)
        return this.#replace(subject, old, diff);
      progress.updates.add(urn);
      return [new UpdateStep(registration, old, state, diff, goal.ignoreChanges)];
    }
    if (hasInitErrors) {
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

  async #replace(subject: Subject, old: ResourceState, diff: DiffResult): Promise<Step[]> {
    const { goal, urn, state, registration } = subject;
    const { options, events } = this.#deployment;
    const { progress } = this;
    if (state.protect === true && old.protect === true && !options.ignoreProtect) {
      const message =
        `unable to replace resource "${urn}"\nas it is currently marked for protection. To unprotect the resource, remove the ` +
        "`protect` flag from the resource in your Pulumi program and run `up`";
      if (!options.dryRun) this.#refuse(urn, message);
      events.diagnostic("error", message, { urn });
      this.sawError = true;
    }
    if (goal.importId !== "") {
      const message =
        "previously-imported resources that still specify an ID may not be replaced; please remove the `import` declaration from your program";
      if (!options.dryRun) this.#refuse(urn, message);
      events.diagnostic("warning", message, { urn });
    }
    progress.replaces.add(urn);
    if (subject.provider !== undefined && !this.#isTargetedReplace(urn, old)) {
      // What was carried over from the old resource does not hold for a new one.
      const checked = await this.#check(subject, undefined, goal.inputs);
      if (this.#reportFailures(state, checked)) {
        this.sawError = true;
        throw new Bail(`resource ${urn} has check errors`);
      }
      state.inputs = checked.inputs;
      // Checked anew, so what the policies have changed must be changed again.
      const { policies } = this.#deployment;
      if (policies !== undefined)
        state.inputs = await policies.remediate(this.#policySubject(subject), { quiet: true });
    }
    const details = {
      old,
      keys: diff.replaceKeys,
      diffs: diff.changedKeys,
      ...(diff.detailedDiff === undefined ? {} : { detailedDiff: diff.detailedDiff }),
    };
    if (!(goal.deleteBeforeReplace ?? diff.deleteBeforeReplace)) {
      const pending = { ...details, pendingDelete: true };
      return [new CreateStep(registration, state, pending), new ReplaceStep(state, pending)];
    }
    const steps: Step[] = [];
    const { graph } = this.#deployment.base;
    const dependents = graph.has(old) ? await this.#cascade.dependentsToReplace(old) : [];
    dependents.push(...this.#cascade.followers(urn));
    for (const { state: dependent, keys } of dependents.reverse()) {
      if (progress.pendingDeletes.has(dependent)) continue;
      progress.dependentKeys.set(dependent.urn, keys);
      if (dependent.delete !== true && dependent.protect === true && !options.ignoreProtect) {
        this.#refuse(
          urn,
          `unable to replace resource "${dependent.urn}" as part of replacing "${urn}" as it is currently marked for protection. ` +
            "To unprotect the resource, remove the `protect` flag from the resource in your Pulumi program and run `up`",
        );
      }
      const replacing = dependent.delete !== true;
      steps.push(
        new DeleteStep(dependent, {
          replacing,
          pendingReplacement: replacing,
          deletions: progress.deletes,
        }),
      );
      progress.deletes.add(dependent.urn);
      progress.pendingDeletes.add(dependent);
    }
    await this.#deployment.providers.ensure(old.provider ?? "");
    if (old.pendingReplacement !== true) {
      progress.deletes.add(old.urn);
      steps.push(
        new DeleteStep(old, {
          replacing: true,
          pendingReplacement: true,
          deletions: progress.deletes,
        }),
      );
    }
    const pending = { ...details, pendingDelete: false };
    return [
      ...steps,
      new ReplaceStep(state, pending),
      new CreateStep(registration, state, pending),
    ];
  }

  /** A resource outside the targets stays as it was, and so does what it depends on, in case nothing else brings that along. */
  #untargeted(old: ResourceState, urn: string, registration: Registration): Step[] {
    const { base } = this.#deployment;
    const { progress } = this;
    const visit = (state: ResourceState, answers: boolean): Step[] => {
      if (state.delete === true) return [];
      const steps: Step[] = [];
      progress.urns.add(state.urn);
      progress.sames.add(state.urn);
      if (answers) progress.sames.add(urn);
      for (const { kind, urn: dependency } of edgesOf(state)) {
        if (progress.hasStep(dependency)) continue;
        const found = base.get(dependency);
        if (found !== undefined) steps.push(...visit(found, false));
        else if (kind !== "provider")
          this.#refuse(urn, `${kind} ${dependency} of untargeted resource ${urn} has no old state`);
      }
      const copy = { ...state };
      if (!answers) progress.carried.set(state.urn, copy);
      steps.push(
        new SameStep(state, copy, { untargeted: true, ...(answers ? { registration } : {}) }),
      );
      return steps;
    };
    return visit(old, true);
  }

  /** Nothing may depend on what a targeted operation does not create. */
  #validated(steps: Step[], dryRun: boolean): Step[] {
    const { targets, excludes } = this.#deployment.options;
    if (targets === undefined && excludes === undefined) return steps;
    for (const step of steps) {
      if (step.next === null || step.skippedCreate === true) continue;
      for (const { urn } of edgesOf(step.next)) {
        if (!this.progress.skippedCreates.has(urn)) continue;
        const message = `resource ${step.urn} depends on ${urn}, which was not specified in the target list: add it to the targets`;
        this.#deployment.events.diagnostic("error", message, { urn: step.urn });
        this.sawError = true;
        if (!dryRun) throw new Bail(message);
      }
    }
    return steps;
  }
}

function triggers(before: unknown, now: unknown): boolean {
  if (containsUnknown(before) || containsUnknown(now)) return true;
  const [old, next] = [unwrapSecrets(before), unwrapSecrets(now)];
  if (old === undefined || old === null || next === undefined || next === null) return false;
  return !deepEquals(old, next);
}

function newState(goal: Goal, urn: string, old: ResourceState | undefined): ResourceState {
  return {
    urn,
    type: goal.type,
    custom: goal.custom,
    inputs: goal.inputs,
    parent: goal.parent,
    protect: goal.protect ?? false,
    dependencies: goal.dependencies,
    provider: goal.provider,
    propertyDependencies: goal.propertyDependencies,
    additionalSecretOutputs: goal.additionalSecretOutputs,
    customTimeouts: goal.customTimeouts,
    importID: goal.importId,
    retainOnDelete: goal.retainOnDelete ?? false,
    deletedWith: goal.deletedWith,
    replaceWith: goal.replaceWith,
    ignoreChanges: goal.ignoreChanges,
    hideDiff: goal.hideDiff,
    replaceOnChanges: goal.replaceOnChanges,
    ...(goal.replacementTrigger === undefined
      ? {}
      : { replacementTrigger: goal.replacementTrigger }),
    ...(goal.resourceHooks === undefined ? {} : { resourceHooks: goal.resourceHooks }),
    ...(goal.sourcePosition === undefined ? {} : { sourcePosition: goal.sourcePosition }),
    ...(goal.stackTrace === undefined ? {} : { stackTrace: goal.stackTrace }),
    ...(old?.created === undefined ? {} : { created: old.created }),
    ...(old?.modified === undefined ? {} : { modified: old.modified }),
    ...(old?.unknownFields === undefined ? {} : { unknownFields: old.unknownFields }),
  };
}
