import type {
  CheckRequest,
  CheckResult,
  DiffRequest,
  DiffResult,
  Judge,
} from "../providers/provider.js";
import type { PropertyMap, ResourceState } from "../state/model.js";

/** A provider that was asked already: gives the answers it gave to the same questions, and passes on any others. */
export class EarlyAnswers implements Judge {
  readonly #provider: Judge;
  readonly #question: CheckRequest;
  readonly #checked: Promise<CheckResult>;
  #isTold = false;
  #old: ResourceState | undefined;
  #compared: Promise<DiffResult | undefined> | undefined;

  constructor(provider: Judge, question: CheckRequest) {
    this.#provider = provider;
    this.#question = question;
    this.#checked = provider.check(question);
    // Heard by whoever asks the same.
    this.#checked.catch(() => undefined);
  }

  get randomSeed(): Uint8Array {
    return this.#question.randomSeed;
  }

  /** Asks what differs, too, once the inputs are known and good. */
  compareWith(old: ResourceState): void {
    this.#old = old;
    this.#compared = this.#checked.then(({ inputs, failures }) =>
      failures.length > 0 ? undefined : this.#provider.diff(this.#comparison(old, inputs)),
    );
    this.#compared.catch(() => undefined);
  }

  check(request: CheckRequest): Promise<CheckResult> {
    const { olds, news } = this.#question;
    const isSame = !this.#isTold && isSameMap(request.olds, olds) && request.news === news;
    this.#isTold = true;
    return isSame ? this.#checked : this.#provider.check(request);
  }

  async diff(request: DiffRequest): Promise<DiffResult> {
    const { inputs } = await this.#checked;
    const isSame = request.newInputs === inputs && isSameMap(request.oldInputs, this.#old?.inputs);
    const early = isSame ? await this.#compared : undefined;
    return early ?? this.#provider.diff(request);
  }

  #comparison(old: ResourceState, inputs: PropertyMap): DiffRequest {
    return {
      urn: old.urn,
      id: old.id ?? "",
      oldInputs: old.inputs ?? {},
      oldOutputs: old.outputs ?? {},
      newInputs: inputs,
      allowUnknowns: this.#question.allowUnknowns,
      ignoreChanges: [],
    };
  }
}

/** What is missing is written as empty. */
function isSameMap(one: PropertyMap | undefined, other: PropertyMap | undefined): boolean {
  return one === other || [one, other].every((map) => Object.keys(map ?? {}).length === 0);
}
