import { randomUUID } from "node:crypto";
import type { PropertyMap, ResourceState } from "../state/model.js";
import {
  isProviderType,
  packageOfProviderType,
  parseProviderReference,
  parseUrn,
  providerReference,
} from "../urn.js";
import { UNKNOWN_STRING } from "../values/signatures.js";
import { deepEquals, unwrapSecrets } from "../values/wire.js";
import { BuiltinProvider, type BuiltinContext } from "./builtin.js";
import type { PluginHost } from "./plugin-host.js";
import { PluginProvider } from "./plugin-provider.js";
import {
  type CheckRequest,
  type CheckResult,
  type CreateRequest,
  type CreateResult,
  type DiffRequest,
  type DiffResult,
  type InvokeResult,
  NO_DIFF,
  type Provider,
  ProviderError,
  type ReadResult,
  type UpdateRequest,
  type UpdateResult,
} from "./provider.js";

type Instance = PluginProvider | BuiltinProvider;

/**
 * The providers of one operation. It is itself the provider of provider resources: checking one loads its plugin, creating
 * (or keeping) it configures the plugin and makes it available under its reference.
 */
export class ProviderRegistry implements Provider {
  readonly #host: PluginHost;
  readonly #builtin: BuiltinProvider;
  /** Looked up in what the stack had before. */
  readonly #old: (urn: string) => ResourceState | undefined;
  /** Loaded by a check, by URN. */
  readonly #loaded = new Map<string, Promise<Instance>>();
  /** Configured, by reference. */
  readonly #configured = new Map<string, Promise<Instance>>();
  /** old URN -> new URN */
  readonly #aliases = new Map<string, string>();

  constructor(
    host: PluginHost,
    builtin: BuiltinContext,
    old: (urn: string) => ResourceState | undefined,
  ) {
    this.#host = host;
    this.#builtin = new BuiltinProvider(builtin);
    this.#old = old;
  }

  alias(urn: string, oldUrn: string): void {
    this.#aliases.set(oldUrn, urn);
  }

  /** Who manages a resource: the registry for provider resources, else what its reference names. */
  async forResource(state: ResourceState): Promise<Provider> {
    if (isProviderType(state.type)) return this;
    return this.get(state.provider ?? "");
  }

  async get(reference: string): Promise<Provider> {
    if (reference === "") throw new Error("a custom resource must have a provider");
    await this.ensure(reference);
    const found = this.#lookup(reference);
    if (found === undefined) throw new Error(`unknown provider '${reference}'`);
    return found;
  }

  #lookup(reference: string): Promise<Instance> | undefined {
    const found = this.#configured.get(reference);
    if (found !== undefined) return found;
    const { urn, id } = parseProviderReference(reference);
    const renamed = this.#aliases.get(urn);
    return renamed === undefined ? undefined : this.#configured.get(providerReference(renamed, id));
  }

  /** Makes an old resource's provider available, with the configuration it had. */
  async ensure(reference: string): Promise<void> {
    if (reference === "") return;
    if (this.#lookup(reference) === undefined) {
      const { urn, id } = parseProviderReference(reference);
      const old = this.#old(urn);
      if (old === undefined || old.id !== id) throw new Error(`unknown provider '${reference}'`);
      this.#configured.set(
        reference,
        this.#load(urn, old.inputs ?? {}).then((instance) =>
          this.#configure(instance, urn, id, old.inputs ?? {}),
        ),
      );
    }
    await this.#lookup(reference);
  }

  /** A provider resource that stays as it was. */
  async same(state: ResourceState): Promise<void> {
    // A refresh may have configured it already.
    const known = this.#configured.get(providerReference(state.urn, state.id ?? ""));
    if (known !== undefined) return void (await known);
    await this.#install(state.urn, state.id ?? "", state.inputs ?? {});
  }

  async diffConfig(reference: string, old: ResourceState, now: ResourceState): Promise<DiffResult> {
    const instance = await this.get(reference);
    if (!(instance instanceof PluginProvider)) return NO_DIFF;
    return instance.diffConfig({
      urn: now.urn,
      id: now.id ?? "",
      oldInputs: withoutInternal(old.inputs ?? {}),
      oldOutputs: old.outputs ?? {},
      newInputs: withoutInternal(now.inputs ?? {}),
      allowUnknowns: true,
      ignoreChanges: [],
    });
  }

  async check({ urn, olds, news, allowUnknowns }: CheckRequest): Promise<CheckResult> {
    const loaded = this.#load(urn, news);
    this.#loaded.set(urn, loaded);
    const instance = await loaded;
    // The engine's own provider has no configuration.
    if (!(instance instanceof PluginProvider)) return { inputs: {}, failures: [] };
    const { inputs, failures } = await instance.checkConfig(
      urn,
      withoutInternal(olds ?? {}),
      withoutInternal(news),
      allowUnknowns,
    );
    if (failures.length > 0) return { inputs, failures };
    return { inputs: { ...inputs, ...engineOwn(urn, news, inputs) }, failures };
  }

  async diff(request: DiffRequest): Promise<DiffResult> {
    const instance = await (this.#loaded.get(request.urn) ??
      this.#load(request.urn, request.newInputs));
    const oldOutputs = withoutInternal(request.oldOutputs);
    const newInputs = withoutInternal(request.newInputs);
    if (!(instance instanceof PluginProvider)) return NO_DIFF;
    const diff = await instance.diffConfig({
      ...request,
      oldInputs: withoutInternal(request.oldInputs),
      oldOutputs,
      newInputs,
    });
    if (diff.changes !== "unknown") return diff;
    return { ...NO_DIFF, changes: deepEquals(oldOutputs, newInputs) ? "none" : "some" };
  }

  async create({ urn, inputs, preview }: CreateRequest): Promise<CreateResult> {
    const id = preview ? UNKNOWN_STRING : randomUUID();
    await this.#install(urn, id, inputs);
    return { id, outputs: withoutInternal(inputs) };
  }

  async update({ urn, id, newInputs }: UpdateRequest): Promise<UpdateResult> {
    await this.#install(urn, id, newInputs);
    return { outputs: withoutInternal(newInputs) };
  }

  async delete(): Promise<void> {
    // Its plugin runs on until the end of the operation: other deletions may need it.
  }

  async read(): Promise<ReadResult> {
    throw new ProviderError("provider resources may not be read", "ok");
  }

  async invoke(): Promise<InvokeResult> {
    throw new ProviderError("provider resources may not be invoked", "ok");
  }

  /** Configures what the check has loaded (or loads it) and makes it available. */
  async #install(urn: string, id: string, inputs: PropertyMap): Promise<void> {
    const loaded = this.#loaded.get(urn) ?? this.#load(urn, inputs);
    const configured = loaded.then((instance) => this.#configure(instance, urn, id, inputs));
    // A failure belongs to those who use the provider; who does not, is not concerned.
    configured.catch(() => undefined);
    this.#configured.set(providerReference(urn, id), configured);
  }

  async #load(urn: string, inputs: PropertyMap): Promise<Instance> {
    const pkg = packageOfProviderType(parseUrn(urn).type);
    if (pkg === "pulumi") return this.#builtin;
    const version = unwrapSecrets(inputs["version"]);
    return this.#host.load(pkg, typeof version === "string" ? version : "");
  }

  async #configure(
    instance: Instance,
    urn: string,
    id: string,
    inputs: PropertyMap,
  ): Promise<Instance> {
    if (instance instanceof PluginProvider)
      await instance.configure(urn, id, withoutInternal(inputs));
    return instance;
  }
}

/** What a provider may not take out of its configuration, or change: it says which plugin is to be loaded. */
function engineOwn(urn: string, news: PropertyMap, checked: PropertyMap): PropertyMap {
  const { version, __internal: internal } = news;
  if (version !== undefined && !deepEquals(checked["version"] ?? version, version))
    throw new ProviderError(
      `provider "${urn}" attempted to change version from ${JSON.stringify(version)} to ${JSON.stringify(checked["version"])}`,
      "ok",
    );
  return {
    ...(version === undefined ? {} : { version }),
    ...(internal === undefined ? {} : { __internal: internal }),
  };
}

/** `__internal` is between the engine and the state: plugins never see it. */
function withoutInternal(map: PropertyMap): PropertyMap {
  if (!("__internal" in map)) return map;
  const { __internal: _, ...rest } = map;
  return rest;
}
