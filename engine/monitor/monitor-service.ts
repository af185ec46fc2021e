import * as grpc from "@grpc/grpc-js";
import type { Callback } from "@pulumi/pulumi/proto/callback_pb.js";
import { CheckFailure } from "@pulumi/pulumi/proto/provider_pb.js";
import type { IResourceMonitorServer } from "@pulumi/pulumi/proto/resource_grpc_pb.js";
import * as pb from "@pulumi/pulumi/proto/resource_pb.js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb.js";
import type { Callbacks } from "../callbacks/client.js";
import { Transforms } from "../callbacks/transforms.js";
import { type Conductor, ShutDown } from "../deployment/conductor.js";
import type { Deployment } from "../deployment/deployment.js";
import { EngineError } from "../errors.js";
import {
  isDefaultProviderDenied,
  type StackConfiguration,
  versionInState,
} from "../providers/defaults.js";
import type { PropertyMap } from "../state/model.js";
import { isProviderType, makeUrn, packageOfProviderType, packageOfType, parseUrn } from "../urn.js";
import { hashAssets } from "../values/assets.js";
import { fromOutputValues } from "../values/outputs.js";
import { isOrdinary } from "../values/known-maps.js";
import { fromStruct, toStruct } from "../values/struct.js";
import { containsUnknown } from "../values/wire.js";
import { Inheritance } from "./inheritance.js";
import {
  goalOf,
  propertyDependencies,
  refuseFeature,
  refuseUnsupported,
  sourcePosition,
  stackTrace,
} from "./requests.js";

/** What is advertised; the SDK refuses the rest by itself, in words of its own. */
const FEATURES = [
  pb.ResourceMonitorFeature.RESOURCE_MONITOR_FEATURE_SECRETS,
  pb.ResourceMonitorFeature.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
  pb.ResourceMonitorFeature.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
  pb.ResourceMonitorFeature.RESOURCE_MONITOR_FEATURE_REPLACEMENT_TRIGGER,
  pb.ResourceMonitorFeature.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
  pb.ResourceMonitorFeature.RESOURCE_MONITOR_FEATURE_REPLACE_WITH,
  pb.ResourceMonitorFeature.RESOURCE_MONITOR_FEATURE_OUTPUT_VALUES,
  pb.ResourceMonitorFeature.RESOURCE_MONITOR_FEATURE_TRANSFORMS,
  pb.ResourceMonitorFeature.RESOURCE_MONITOR_FEATURE_INVOKE_TRANSFORMS,
  pb.ResourceMonitorFeature.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS,
  pb.ResourceMonitorFeature.RESOURCE_MONITOR_FEATURE_ERROR_HOOKS,
];

/** The same by the names older SDKs ask for. */
const FEATURE_IDS = new Set([
  "secrets",
  "resourceReferences",
  "aliasSpecs",
  "deletedWith",
  "replaceWith",
  "outputValues",
  "transforms",
  "invokeTransforms",
  "resourceHooks",
  "errorHooks",
]);

/** What a request says of the provider it needs. */
interface ProviderAsked {
  getVersion(): string;
  getPlugindownloadurl(): string;
}

export interface MonitorOptions {
  deployment: Deployment;
  conductor: Conductor;
  config: StackConfiguration;
  /** The project's folder, for positions in the source. */
  root: string;
  /** Where relative paths of assets start. */
  programDirectory: string;
  /** The program's own functions. */
  callbacks: Callbacks;
  /** The program has said that nothing more will come; answered when the deletions are done. */
  onShutdown: () => Promise<void>;
}

/** The ResourceMonitor service: what the SDK in the program talks to. */
export class MonitorService {
  readonly #options: MonitorOptions;
  readonly #inheritance = new Inheritance();
  readonly #transforms: Transforms;

  constructor(options: MonitorOptions) {
    this.#options = options;
    this.#transforms = new Transforms(options.callbacks);
  }

  handlers(): IResourceMonitorServer {
    const refused = (feature: string) => unary<Empty, never>(async () => refuseFeature(feature));
    return {
      getDeploymentInfo: unary(async () => this.#info()),
      supportsFeature: unary(async (request: pb.SupportsFeatureRequest) =>
        new pb.SupportsFeatureResponse().setHassupport(FEATURE_IDS.has(request.getId())),
      ),
      registerResource: unary((request: pb.RegisterResourceRequest) => this.#register(request)),
      registerResourceOutputs: unary(async (request: pb.RegisterResourceOutputsRequest) => {
        const outputs = await hashAssets(
          fromStruct(request.getOutputs()),
          this.#options.programDirectory,
        );
        await this.#options.conductor.registerOutputs(request.getUrn(), outputs);
        return new Empty();
      }),
      readResource: unary((request: pb.ReadResourceRequest) => this.#read(request)),
      invoke: unary((request: pb.ResourceInvokeRequest) => this.#invoke(request)),
      signalAndWaitForShutdown: unary(async () => {
        await this.#options.onShutdown();
        return new Empty();
      }),
      call: refused("methods of remote components"),
      existsResource: refused("existence checks of resources"),
      registerStackTransform: unary(async (callback: Callback) => {
        this.#transforms.addForStack(callback);
        return new Empty();
      }),
      registerStackInvokeTransform: unary(async (callback: Callback) => {
        this.#transforms.addForInvokes(callback);
        return new Empty();
      }),
      registerResourceHook: unary(async (request: pb.RegisterResourceHookRequest) => {
        this.#options.deployment.hooks.register(request);
        return new Empty();
      }),
      registerErrorHook: unary(async (request: pb.RegisterErrorHookRequest) => {
        this.#options.deployment.hooks.registerErrorHook(request);
        return new Empty();
      }),
      registerPackage: refused("a parameterized package"),
    };
  }

  #info(): pb.DeploymentInfo {
    const { deployment, config } = this.#options;
    const { project, stack, organization, dryRun, parallel } = deployment.options;
    const info = new pb.DeploymentInfo();
    info.setProject(project).setStack(stack).setOrganization(organization);
    info.setDryrun(dryRun).setParallel(parallel).setSupportedfeaturesList(FEATURES);
    for (const [key, value] of Object.entries(config.values)) info.getConfigMap().set(key, value);
    info.setConfigsecretkeysList([...config.secretKeys]);
    return info;
  }

  async #register(request: pb.RegisterResourceRequest): Promise<pb.RegisterResourceResponse> {
    refuseUnsupported(request);
    const { conductor, root, programDirectory } = this.#options;
    this.#inheritance.fill(request);
    const type = request.getType();
    const own = request.getTransformsList();
    const given = await hashAssets(await this.#transformed(request, own), programDirectory);
    const provider =
      request.getCustom() && !isProviderType(type) ? await this.#provider(request) : "";
    const goal = goalOf(request, provider, given, root);
    // What the engine adds itself comes from nowhere: it has no entry among the properties' dependencies.
    if (isProviderType(type)) goal.inputs = this.#providerInputs(request, given);
    const { state, result, unknown } = await conductor.register(goal);
    if (result !== "success" && !request.getSupportsresultreporting())
      throw new EngineError("internal", "resource registration failed");
    this.#inheritance.remember(state.urn, goal, request);
    this.#transforms.remember(state.urn, own);
    if (parseUrn(state.urn).qualifiedType === "pulumi:pulumi:Stack")
      this.#options.deployment.events.rootUrn = state.urn;
    const response = new pb.RegisterResourceResponse();
    response.setUrn(state.urn).setId(state.id ?? "");
    // A local component's outputs are known when it registers them; old ones may refer to what is not there yet.
    let outputs = goal.custom ? (state.outputs ?? {}) : {};
    if (!request.getSupportspartialvalues() && !isOrdinary(outputs))
      outputs = Object.fromEntries(
        Object.entries(outputs).filter(([, value]) => !containsUnknown(value)),
      );
    response.setObject(
      toStruct(outputs, {
        keepUnknowns: true,
        keepSecrets: request.getAcceptsecrets(),
        keepResources: request.getAcceptresources(),
      }),
    );
    // No dependencies of its outputs: only remote components have any besides themselves.
    if (result !== "success") response.setResult(pb.Result.FAIL);
    if (unknown === true) response.setUnknown(true);
    return response;
  }

  /** The inputs, and the request's options in place, after the transforms that concern the registration. */
  async #transformed(request: pb.RegisterResourceRequest, own: Callback[]): Promise<PropertyMap> {
    const inputs = fromStruct(request.getObject());
    const ancestors = this.#inheritance.ancestors(request.getParent());
    const concerning = this.#transforms.concerning(own, ancestors);
    if (concerning.length === 0) return isOrdinary(inputs) ? inputs : fromOutputValues(inputs);
    const dependencies = propertyDependencies(request, inputs);
    return this.#transforms.apply(concerning, request, inputs, dependencies);
  }

  /** Explicit or inherited, or else the package's default. */
  async #provider(request: pb.RegisterResourceRequest): Promise<string> {
    const given = request.getProvider();
    if (given !== "") return given;
    return this.#default(packageOfType(request.getType()), request, this.#urnOf(request));
  }

  #urnOf(request: pb.RegisterResourceRequest | pb.ReadResourceRequest): string {
    const { stack, project } = this.#options.deployment.options;
    return makeUrn(stack, project, request.getParent(), request.getType(), request.getName());
  }

  /** `user`: the URN or function that needs it. */
  async #default(pkg: string, request: ProviderAsked, user: string): Promise<string> {
    const { conductor, config } = this.#options;
    if (isDefaultProviderDenied(pkg, config)) {
      throw new EngineError(
        "invalid-input",
        `Default provider for '${pkg}' disabled. '${user}' must use an explicit provider.`,
        { hint: "Give it one, or change pulumi:disable-default-providers." },
      );
    }
    const pluginDownloadUrl = request.getPlugindownloadurl();
    const version = request.getVersion() || versionInState(this.#options.deployment.base, pkg);
    return conductor.defaultProvider({ pkg, version, pluginDownloadUrl });
  }

  /** An explicit provider's version and download address travel in its inputs. */
  #providerInputs(request: pb.RegisterResourceRequest, inputs: PropertyMap): PropertyMap {
    const pkg = packageOfProviderType(request.getType());
    const version = request.getVersion() || versionInState(this.#options.deployment.base, pkg);
    const url = request.getPlugindownloadurl();
    if (version === "" && url === "") return inputs;
    return {
      ...inputs,
      ...(version === "" ? {} : { version }),
      __internal: url === "" ? {} : { pluginDownloadURL: url },
    };
  }

  async #read(request: pb.ReadResourceRequest): Promise<pb.ReadResourceResponse> {
    if (request.getPackageref() !== "") refuseFeature("a parameterized package");
    const { conductor, root } = this.#options;
    const type = request.getType();
    const provider =
      request.getProvider() ||
      this.#inheritance.providerFor(packageOfType(type), request.getParent()) ||
      (await this.#default(packageOfType(type), request, this.#urnOf(request)));
    const position = sourcePosition(request.getSourceposition(), root);
    const trace = stackTrace(request.getStacktrace(), root);
    const { state } = await conductor.read({
      type,
      name: request.getName(),
      id: request.getId(),
      parent: request.getParent(),
      inputs: fromStruct(request.getProperties()),
      dependencies: request.getDependenciesList(),
      provider,
      additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
      ...(position === undefined ? {} : { sourcePosition: position }),
      ...(trace === undefined ? {} : { stackTrace: trace }),
    });
    const response = new pb.ReadResourceResponse();
    response.setUrn(state.urn);
    return response.setProperties(
      toStruct(state.outputs ?? {}, {
        keepUnknowns: true,
        keepSecrets: request.getAcceptsecrets(),
        keepResources: request.getAcceptresources(),
      }),
    );
  }

  async #invoke(request: pb.ResourceInvokeRequest): Promise<pb.ResourceInvokeResponse> {
    if (request.getPackageref() !== "") refuseFeature("a parameterized package");
    const { deployment } = this.#options;
    const token = request.getTok();
    const pkg = packageOfType(token);
    let args = fromStruct(request.getArgs());
    if (request.getProvider() === "")
      request.setProvider(this.#inheritance.providerFor(pkg, request.getParent()));
    if (this.#transforms.concernInvokes) args = await this.#transforms.applyToInvoke(request, args);
    const reference = request.getProvider() || (await this.#default(pkg, request, token));
    const provider = await deployment.providers.get(reference);
    const { value, failures } = await provider.invoke({
      token,
      args,
      preview: deployment.options.dryRun,
    });
    const response = new pb.ResourceInvokeResponse();
    response.setReturn(
      toStruct(value, {
        keepUnknowns: true,
        keepSecrets: true,
        keepResources: request.getAcceptresources(),
      }),
    );
    response.setFailuresList(
      failures.map(({ property, reason }) =>
        new CheckFailure().setProperty(property).setReason(reason),
      ),
    );
    return response;
  }
}

/** A handler as an async function; errors get the code by which the SDK tells a refusal from the end of the operation. */
export function unary<Req, Res>(
  handle: (request: Req) => Promise<Res>,
): grpc.handleUnaryCall<Req, Res> {
  return (call, callback) => {
    handle(call.request).then(
      (response) => callback(null, response),
      (error: unknown) => {
        const message = error instanceof Error ? error.message : String(error);
        callback({ code: codeOf(error), details: message, message });
      },
    );
  };
}

function codeOf(error: unknown): grpc.status {
  if (error instanceof ShutDown) return grpc.status.UNAVAILABLE;
  if (error instanceof EngineError && error.code === "unsupported")
    return grpc.status.FAILED_PRECONDITION;
  return grpc.status.UNKNOWN;
}
