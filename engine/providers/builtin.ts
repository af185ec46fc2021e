import { randomUUID } from "node:crypto";
import type { ResourceState } from "../state/model.js";
import { ROOT_STACK_TYPE, parseUrn, STACK_REFERENCE_TYPE } from "../urn.js";
import { containsSecret, deepEquals, unwrapSecrets } from "../values/wire.js";
import type { PropertyMap } from "../state/model.js";
import {
  type CheckRequest,
  type CheckResult,
  type CreateRequest,
  type CreateResult,
  type DiffRequest,
  type DiffResult,
  type InvokeRequest,
  type InvokeResult,
  NO_DIFF,
  type Provider,
  ProviderError,
  type ReadRequest,
  type ReadResult,
  type UpdateResult,
} from "./provider.js";

export interface BuiltinContext {
  /** The resources of another stack, by `stack`, `project/stack` or `organization/project/stack`; undefined: no such stack. */
  readStack(name: string): Promise<ResourceState[] | undefined>;
  /** A resource of this operation. */
  resource(urn: string): ResourceState | undefined;
}

/** The package `pulumi`: stack references, and the functions the SDK itself calls. */
export class BuiltinProvider implements Provider {
  readonly #context: BuiltinContext;

  constructor(context: BuiltinContext) {
    this.#context = context;
  }

  async check({ urn, news }: CheckRequest): Promise<CheckResult> {
    const { type } = parseUrn(urn);
    if (type !== STACK_REFERENCE_TYPE) throw unsupported(type);
    const failures =
      typeof news["name"] === "string"
        ? []
        : [{ property: "name", reason: "a stack reference needs the name of a stack" }];
    return { inputs: news, failures };
  }

  async diff({ oldInputs, newInputs }: DiffRequest): Promise<DiffResult> {
    if (deepEquals(oldInputs["name"], newInputs["name"])) return NO_DIFF;
    return { ...NO_DIFF, changes: "some", replaceKeys: ["name"], changedKeys: ["name"] };
  }

  async create({ inputs, preview }: CreateRequest): Promise<CreateResult> {
    return { id: preview ? "" : randomUUID(), outputs: await this.#reference(inputs) };
  }

  async update(): Promise<UpdateResult> {
    throw new ProviderError("stack references are never updated in place", "ok");
  }

  async delete(): Promise<void> {
    // Only the entry in the state goes.
  }

  async read({ urn, id, inputs, state }: ReadRequest): Promise<ReadResult> {
    const { type } = parseUrn(urn);
    if (type !== STACK_REFERENCE_TYPE) throw unsupported(type);
    const outputs = await this.#reference(state ?? {});
    return { id, outputs, inputs: inputs ?? {} };
  }

  async invoke({ token, args }: InvokeRequest): Promise<InvokeResult> {
    switch (token) {
      case "pulumi:pulumi:getResource":
        return { value: this.#resource(String(args["urn"])), failures: [] };
      case "pulumi:pulumi:readStackOutputs":
        return { value: await this.#reference(args), failures: [] };
      case "pulumi:pulumi:readStackResourceOutputs":
        return { value: await this.#resourceOutputs(String(args["stackName"])), failures: [] };
      default:
        throw new ProviderError(`unrecognized function name: '${token}'`, "ok");
    }
  }

  #resource(urn: string): PropertyMap {
    const state = this.#context.resource(urn);
    if (state === undefined) throw new ProviderError(`unknown resource ${urn}`, "ok");
    return { urn, id: state.id ?? "", provider: state.provider ?? "", state: state.outputs ?? {} };
  }

  async #stack(name: string): Promise<ResourceState[]> {
    const resources = await this.#context.readStack(name);
    if (resources === undefined) throw new ProviderError(`unknown stack "${name}"`, "ok");
    return resources;
  }

  async #reference(inputs: PropertyMap): Promise<PropertyMap> {
    const name = unwrapSecrets(inputs["name"]);
    if (typeof name !== "string")
      throw new ProviderError("a stack reference needs the name of a stack", "ok");
    const root = (await this.#stack(name)).find(
      ({ type, delete: gone }) => type === ROOT_STACK_TYPE && gone !== true,
    );
    const outputs = root?.outputs ?? {};
    const secretOutputNames = Object.keys(outputs)
      .filter((key) => containsSecret(outputs[key]))
      .sort();
    return { name, outputs, secretOutputNames };
  }

  async #resourceOutputs(name: string): Promise<PropertyMap> {
    const outputs: PropertyMap = {};
    for (const state of await this.#stack(name)) {
      if (state.delete !== true)
        outputs[state.urn] = { type: state.type, id: state.id ?? "", outputs: state.outputs ?? {} };
    }
    return { name, outputs };
  }
}

function unsupported(type: string): ProviderError {
  return new ProviderError(
    `${type} resources need the pulumi CLI: run this operation with pulumi.`,
    "ok",
  );
}
