import { Alias } from "@pulumi/pulumi/proto/alias_pb.js";
import type { Callback } from "@pulumi/pulumi/proto/callback_pb.js";
import * as pb from "@pulumi/pulumi/proto/resource_pb.js";
import type { PropertyMap } from "../state/model.js";
import {
  collectDependencies,
  fromOutputValues,
  toOutputValues,
  withDependencies,
} from "../values/outputs.js";
import { fromStruct, toStruct } from "../values/struct.js";
import type { Callbacks } from "./client.js";

const EVERYTHING = { keepUnknowns: true, keepSecrets: true, keepResources: true };

/**
 * The program's own functions that change what it registers: those of the resource first, then its ancestors' from the
 * nearest on, then the stack's. Each sees what the one before it has made.
 */
export class Transforms {
  readonly #callbacks: Callbacks;
  readonly #stack: Callback[] = [];
  readonly #invokes: Callback[] = [];
  readonly #resources = new Map<string, Callback[]>();

  constructor(callbacks: Callbacks) {
    this.#callbacks = callbacks;
  }

  addForStack(callback: Callback): void {
    this.#stack.push(callback);
  }

  addForInvokes(callback: Callback): void {
    this.#invokes.push(callback);
  }

  /** A component's own transforms hold for all below it. */
  remember(urn: string, callbacks: Callback[]): void {
    if (callbacks.length > 0) this.#resources.set(urn, callbacks);
  }

  /** Those that concern a registration. `ancestors`: URNs, the nearest first. */
  concerning(own: readonly Callback[], ancestors: Iterable<string>): Callback[] {
    const all = [...own];
    for (const urn of ancestors) all.push(...(this.#resources.get(urn) ?? []));
    return [...all, ...this.#stack];
  }

  /** Runs them on a registration, whose options are changed in place; gives the new inputs. */
  async apply(
    callbacks: readonly Callback[],
    request: pb.RegisterResourceRequest,
    inputs: PropertyMap,
    dependencies: Readonly<Record<string, string[]>>,
  ): Promise<PropertyMap> {
    const hasOwn = request.getTransformsList().length > 0;
    let properties = toOutputValues(inputs);
    if (hasOwn) properties = withDependencies(properties, dependencies);
    let options = optionsOf(request);
    for (const callback of callbacks) {
      const message = new pb.TransformRequest()
        .setName(request.getName())
        .setType(request.getType())
        .setParent(request.getParent())
        .setCustom(request.getCustom())
        .setProperties(toStruct(properties, EVERYTHING))
        .setOptions(options);
      const bytes = await this.#run(callback, message.serializeBinary());
      const response = pb.TransformResponse.deserializeBinary(bytes);
      options = response.getOptions() ?? options;
      if (response.hasProperties()) properties = fromStruct(response.getProperties());
    }
    setOptions(request, options);
    setDependencies(request, properties, dependencies, hasOwn ? options : undefined);
    return fromOutputValues(properties);
  }

  /** Runs the stack's transforms of invokes; the invoke's options are changed in place. */
  async applyToInvoke(request: pb.ResourceInvokeRequest, args: PropertyMap): Promise<PropertyMap> {
    let current = args;
    for (const callback of this.#invokes) {
      const options = new pb.TransformInvokeOptions()
        .setProvider(request.getProvider())
        .setVersion(request.getVersion())
        .setPluginDownloadUrl(request.getPlugindownloadurl());
      const message = new pb.TransformInvokeRequest()
        .setToken(request.getTok())
        .setArgs(toStruct(current, EVERYTHING))
        .setOptions(options);
      const bytes = await this.#callbacks.invoke(callback, message.serializeBinary());
      const response = pb.TransformInvokeResponse.deserializeBinary(bytes);
      const next = response.getOptions() ?? options;
      request.setProvider(next.getProvider()).setVersion(next.getVersion());
      request.setPlugindownloadurl(next.getPluginDownloadUrl());
      if (response.hasArgs()) current = fromOutputValues(fromStruct(response.getArgs()));
    }
    return current;
  }

  get concernInvokes(): boolean {
    return this.#invokes.length > 0;
  }

  async #run(callback: Callback, bytes: Uint8Array): Promise<Uint8Array> {
    try {
      return await this.#callbacks.invoke(callback, bytes);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      throw new Error(`invoke transform: ${message}`, { cause: error });
    }
  }
}

function optionsOf(request: pb.RegisterResourceRequest): pb.TransformResourceOptions {
  const options = new pb.TransformResourceOptions()
    .setImport(request.getImportid())
    .setDependsOnList(request.getDependenciesList())
    .setIgnoreChangesList(request.getIgnorechangesList())
    .setReplaceOnChangesList(request.getReplaceonchangesList())
    .setVersion(request.getVersion())
    .setProvider(request.getProvider())
    .setHideDiffList(request.getHidediffsList())
    .setPluginDownloadUrl(request.getPlugindownloadurl())
    .setDeletedWith(request.getDeletedwith())
    .setReplaceWithList(request.getReplaceWithList())
    .setAdditionalSecretOutputsList(request.getAdditionalsecretoutputsList())
    .setReplacementTrigger(request.getReplacementTrigger())
    .setCustomTimeouts(request.getCustomtimeouts())
    .setHooks(request.getHooks());
  options.setAliasesList([
    ...request.getAliasurnsList().map((urn) => new Alias().setUrn(urn)),
    ...request.getAliasesList(),
  ]);
  if (request.hasProtect()) options.setProtect(request.getProtect() ?? false);
  if (request.hasRetainondelete()) options.setRetainOnDelete(request.getRetainondelete() ?? false);
  if (request.getDeletebeforereplacedefined() || request.getDeletebeforereplace())
    options.setDeleteBeforeReplace(request.getDeletebeforereplace());
  request.getProvidersMap().forEach((reference, pkg) => {
    options.getProvidersMap().set(pkg, reference);
  });
  return options;
}

function setOptions(
  request: pb.RegisterResourceRequest,
  options: pb.TransformResourceOptions,
): void {
  request
    .setImportid(options.getImport())
    .setIgnorechangesList(options.getIgnoreChangesList())
    .setReplaceonchangesList(options.getReplaceOnChangesList())
    .setVersion(options.getVersion())
    .setProvider(options.getProvider())
    .setHidediffsList(options.getHideDiffList())
    .setPlugindownloadurl(options.getPluginDownloadUrl())
    .setDeletedwith(options.getDeletedWith())
    .setReplaceWithList(options.getReplaceWithList())
    .setAdditionalsecretoutputsList(options.getAdditionalSecretOutputsList())
    .setReplacementTrigger(options.getReplacementTrigger())
    .setCustomtimeouts(options.getCustomTimeouts())
    .setHooks(options.getHooks())
    .setAliasurnsList([])
    .setAliasesList(options.getAliasesList())
    .setDeletebeforereplace(options.getDeleteBeforeReplace() ?? false)
    .setDeletebeforereplacedefined(options.hasDeleteBeforeReplace());
  if (options.hasProtect()) request.setProtect(options.getProtect() ?? false);
  else request.clearProtect();
  if (options.hasRetainOnDelete()) request.setRetainondelete(options.getRetainOnDelete() ?? false);
  else request.clearRetainondelete();
  request.clearProvidersMap();
  options.getProvidersMap().forEach((reference, pkg) => {
    request.getProvidersMap().set(pkg, reference);
  });
}

/**
 * What the properties depend on now. As with the CLI, transforms of the resource itself decide its dependencies anew;
 * those of others can only add to what a property depends on.
 */
function setDependencies(
  request: pb.RegisterResourceRequest,
  properties: PropertyMap,
  before: Readonly<Record<string, string[]>>,
  options: pb.TransformResourceOptions | undefined,
): void {
  const all = new Set(options?.getDependsOnList() ?? request.getDependenciesList());
  request.clearPropertydependenciesMap();
  const map = request.getPropertydependenciesMap();
  const keys = options === undefined ? [...Object.keys(before), ...Object.keys(properties)] : [];
  for (const key of new Set([...keys, ...Object.keys(properties)])) {
    const own = new Set(options === undefined ? (before[key] ?? []) : []);
    collectDependencies(properties[key], own);
    if (options !== undefined) for (const urn of own) all.add(urn);
    const message = new pb.RegisterResourceRequest.PropertyDependencies();
    map.set(key, message.setUrnsList([...own]));
  }
  request.setDependenciesList([...all]);
}
