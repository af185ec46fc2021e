import { Bail, type Deployment } from "../deployment/deployment.js";
import type { PolicySubject } from "../policies/analyzer.js";
import { type CheckResult, ProviderError } from "../providers/provider.js";
import type { PropertyMap, ResourceState } from "../state/model.js";
import { parseProviderReference, urnName } from "../urn.js";
import type { Complaints } from "./complaints.js";
import type { Progress } from "./progress.js";
import type { Subject } from "./subject.js";

/** What a provider and the policies say of a resource's inputs, and make of them. */
export class InputCheck {
  readonly #deployment: Deployment;
  readonly #progress: Progress;
  readonly #complaints: Complaints;

  constructor(deployment: Deployment, progress: Progress, complaints: Complaints) {
    this.#deployment = deployment;
    this.#progress = progress;
    this.#complaints = complaints;
  }

  /** The inputs as the provider completes them. Its failures are reported, and make them `invalid`. */
  async byProvider(
    subject: Subject,
    olds: PropertyMap | undefined,
    news: PropertyMap,
  ): Promise<{ inputs: PropertyMap; invalid: boolean }> {
    const { provider, urn, randomSeed, state } = subject;
    if (provider === undefined) return { inputs: news, invalid: false };
    const allowUnknowns = this.#deployment.options.dryRun;
    let checked: CheckResult;
    try {
      checked = await provider.check({ urn, olds, news, allowUnknowns, randomSeed });
    } catch (error) {
      // A provider's refusal belongs to its resource.
      if (error instanceof ProviderError) this.#complaints.refuse(urn, error.message);
      throw error;
    }
    for (const { property, reason } of checked.failures) {
      const where = property === "" ? "" : ` property ${property}`;
      this.#complaints.report(
        urn,
        `${state.type} resource '${urnName(urn)}':${where} has a problem: ${reason}`,
      );
    }
    return { inputs: checked.inputs, invalid: checked.failures.length > 0 };
  }

  /** Lets the policies change the inputs, then asks them; in a preview what is forbidden is only reported. */
  async byPolicies(subject: Subject): Promise<{ inputs: PropertyMap; invalid: boolean }> {
    const { policies, options } = this.#deployment;
    const before = subject.state.inputs ?? {};
    if (policies === undefined) return { inputs: before, invalid: false };
    const about = this.#policySubject(subject, before);
    const inputs = await policies.remediate(about);
    if (!(await policies.analyze({ ...about, properties: inputs })))
      return { inputs, invalid: false };
    this.#complaints.note();
    return { inputs, invalid: !options.dryRun };
  }

  /** For a replacement: what was carried over from the old resource does not hold for a new one. Sets its inputs. */
  async anew(subject: Subject): Promise<void> {
    const { state, urn, goal } = subject;
    const { inputs, invalid } = await this.byProvider(subject, undefined, goal.inputs);
    if (invalid) throw new Bail(`resource ${urn} has check errors`);
    state.inputs = inputs;
    const { policies } = this.#deployment;
    if (policies === undefined) return;
    // What the policies have changed must be changed again.
    state.inputs = await policies.remediate(this.#policySubject(subject, inputs), { quiet: true });
  }

  #policySubject({ state, goal }: Subject, properties: PropertyMap): PolicySubject {
    return {
      state,
      properties,
      deleteBeforeReplace: goal.deleteBeforeReplace,
      provider: this.providerOf(state),
    };
  }

  /** The provider resource behind a reference, as it is now or was before. */
  providerOf({ provider }: ResourceState): ResourceState | undefined {
    if (provider === undefined || provider === "") return undefined;
    const { urn } = parseProviderReference(provider);
    return this.#progress.providers.get(urn) ?? this.#deployment.base.get(urn);
  }
}
