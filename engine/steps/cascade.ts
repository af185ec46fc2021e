import type { Deployment } from "../deployment/deployment.js";
import { asksReplace } from "../providers/provider.js";
import type { PropertyMap, ResourceState } from "../state/model.js";
import { parseProviderReference } from "../urn.js";
import { UNKNOWN_STRING } from "../values/signatures.js";
import { applyReplaceOnChanges, diffResource } from "./diff.js";
import type { Progress } from "./progress.js";

export interface Dependent {
  state: ResourceState;
  /** The properties whose change would replace it. */
  keys: string[];
}

/** Who must go before a resource that is deleted before it is replaced. */
export class Cascade {
  readonly #deployment: Deployment;
  readonly #progress: Progress;

  constructor(deployment: Deployment, progress: Progress) {
    this.#deployment = deployment;
    this.#progress = progress;
  }

  /** Those that would themselves be replaced, if what they take from the resource were not known. In dependency order. */
  async dependentsToReplace(root: ResourceState): Promise<Dependent[]> {
    const found: Dependent[] = [];
    const replaced = new Set([root.urn]);
    const { graph } = this.#deployment.base;
    for (const state of graph.dependents(
      [root],
      (urn) => this.#progress.impossibleDependent(urn),
      false,
    )) {
      const keys = await this.#replacementKeys(state, replaced);
      if (keys === undefined) continue;
      found.push({ state, keys });
      replaced.add(state.urn);
    }
    return found;
  }

  /** Those that asked to be replaced with, or are deleted with, the resource. */
  followers(urn: string): Dependent[] {
    const found = new Set(this.#deployment.base.followers(urn));
    return [...found].map((state) => ({ state, keys: [] }));
  }

  async #replacementKeys(
    state: ResourceState,
    replaced: Set<string>,
  ): Promise<string[] | undefined> {
    if (!state.custom || state.external === true) return undefined;
    const { providers } = this.#deployment;
    if (state.provider !== undefined && state.provider !== "") {
      if (replaced.has(parseProviderReference(state.provider).urn)) {
        await providers.ensure(state.provider);
        return [];
      }
    }
    if (replaced.has(state.deletedWith ?? "")) return [];
    const inputs: PropertyMap = { ...state.inputs };
    let concerned = false;
    for (const [key, urns] of Object.entries(state.propertyDependencies ?? {})) {
      if (!(key in inputs) || !urns.some((urn) => replaced.has(urn))) continue;
      concerned = true;
      inputs[key] = UNKNOWN_STRING;
    }
    if (!concerned) return undefined;
    await providers.ensure(state.provider ?? "");
    const provider = await providers.forResource(state);
    const answer = await diffResource(provider, {
      urn: state.urn,
      id: state.id ?? "",
      oldInputs: state.inputs ?? {},
      oldOutputs: state.outputs ?? {},
      newInputs: inputs,
      allowUnknowns: true,
      ignoreChanges: state.ignoreChanges ?? [],
    });
    const diff = applyReplaceOnChanges(answer, state.replaceOnChanges ?? [], false);
    return asksReplace(diff) ? diff.replaceKeys : undefined;
  }
}
