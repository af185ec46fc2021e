import type { Deployment } from "../deployment/deployment.js";
import { asksReplace, type DiffResult, NO_DIFF, ProviderError } from "../providers/provider.js";
import type { ResourceState } from "../state/model.js";
import { parseProviderReference } from "../urn.js";
import { containsUnknown, deepEquals, unwrapSecrets } from "../values/wire.js";
import type { Complaints } from "./complaints.js";
import { diffResource, replaceBecause } from "./diff.js";
import type { Progress } from "./progress.js";
import type { Subject } from "./subject.js";

/** What differs between a resource and what the program says of it now. */
export interface Comparison {
  diff: DiffResult;
  /** Its `replacementTrigger` has changed: it is replaced, whatever else is the same. */
  triggered: boolean;
}

/** Compares: first for reasons of the engine's own to replace, then by the provider. */
export class Comparer {
  readonly #deployment: Deployment;
  readonly #progress: Progress;
  readonly #complaints: Complaints;

  constructor(deployment: Deployment, progress: Progress, complaints: Complaints) {
    this.#deployment = deployment;
    this.#progress = progress;
    this.#complaints = complaints;
  }

  async compare(subject: Subject, old: ResourceState): Promise<Comparison> {
    const { urn, state } = subject;
    if (!this.#deployment.options.dryRun && containsUnknown(state.replacementTrigger))
      this.#complaints.refuse(urn, `replacement trigger contains unknowns for ${urn}`);
    if (isTriggered(old.replacementTrigger, state.replacementTrigger))
      return { diff: { ...NO_DIFF, changes: "some" }, triggered: true };
    return { diff: await this.#diff(subject, old), triggered: false };
  }

  /** By `--replace`, or by a taint. */
  isReplacedByName(urn: string, old: ResourceState | undefined): boolean {
    return this.#deployment.options.replaceTargets?.has(urn) === true || old?.taint === true;
  }

  async #diff(subject: Subject, old: ResourceState): Promise<DiffResult> {
    const { urn, state, provider, goal } = subject;
    const { replaces } = this.#progress;
    if (this.isReplacedByName(urn, old)) return replaceBecause("id");
    if (goal.replaceWith.some((other) => replaces.has(other))) return replaceBecause("replaceWith");
    if (goal.deletedWith !== "" && replaces.has(goal.deletedWith))
      return replaceBecause("deletedWith");
    if (await this.#providerChanged(old, state)) return replaceBecause("provider");
    const inputs = state.inputs ?? {};
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
      // A provider's refusal belongs to its resource.
      if (error instanceof ProviderError) this.#complaints.refuse(urn, error.message);
      throw error;
    }
  }

  /** Whether another provider has it now, and cannot carry on what the old one made. */
  async #providerChanged(old: ResourceState, state: ResourceState): Promise<boolean> {
    const before = old.provider ?? "";
    const now = state.provider ?? "";
    if (before === now) return false;
    // A component has none.
    if (before === "" || now === "") return true;
    const [oldUrn, newUrn] = [before, now].map((text) => parseProviderReference(text).urn) as [
      string,
      string,
    ];
    if (this.#progress.aliased.get(oldUrn) === newUrn) return false;
    const oldProvider = this.#deployment.base.get(oldUrn);
    const newProvider = this.#progress.providers.get(newUrn);
    if (oldProvider === undefined || newProvider === undefined) return true;
    const diff = await this.#deployment.providers.diffConfig(now, oldProvider, newProvider);
    return asksReplace(diff);
  }
}

/** What is unknown may be anything; a trigger that comes or goes is no change. */
function isTriggered(before: unknown, now: unknown): boolean {
  if (containsUnknown(before) || containsUnknown(now)) return true;
  const [old, next] = [unwrapSecrets(before), unwrapSecrets(now)];
  if (old === undefined || old === null || next === undefined || next === null) return false;
  return !deepEquals(old, next);
}
