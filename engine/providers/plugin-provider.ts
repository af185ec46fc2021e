import * as grpc from "@grpc/grpc-js";
import {
  ResourceProviderClient,
  ResourceProviderService,
} from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import * as pb from "@pulumi/pulumi/proto/provider_pb.js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb.js";
import type { Link } from "../link/link.js";
import { clientOverLink, type Definitions } from "../link/services.js";
import type { PropertyMap } from "../state/model.js";
import { packageOfProviderType, parseUrn } from "../urn.js";
import type { DetailedDiff, DiffKind } from "../values/diff.js";
import { fromStruct, toStruct } from "../values/struct.js";
import { annotateSecrets, containsUnknown, unwrapSecrets } from "../values/wire.js";
import { call, CHANNEL_OPTIONS, isUnimplemented } from "./grpc.js";
import { initFailure, providerError } from "./plugin-errors.js";
import {
  type CheckRequest,
  type CheckResult,
  type CreateRequest,
  type CreateResult,
  type DeleteRequest,
  type DiffRequest,
  type DiffResult,
  type InvokeRequest,
  type InvokeResult,
  NO_DIFF,
  type Provider,
  ProviderError,
  type ReadRequest,
  type ReadResult,
  type UpdateRequest,
  type UpdateResult,
} from "./provider.js";

const UNKNOWN_CONFIG =
  "The provider for this resource has inputs that are not known during preview.\n" +
  "This preview may not correctly represent the changes that will be applied during an update.";

/** What is called of a provider, over gRPC or a link. */
type ProviderClient = Pick<
  ResourceProviderClient,
  | "handshake"
  | "cancel"
  | "checkConfig"
  | "diffConfig"
  | "configure"
  | "check"
  | "diff"
  | "create"
  | "update"
  | "delete"
  | "read"
  | "invoke"
>;

interface Capabilities {
  acceptSecrets: boolean;
  acceptResources: boolean;
  supportsPreview: boolean;
}

export interface HandshakeInfo {
  engineAddress: string;
  rootDirectory: string;
  programDirectory: string;
}

const KINDS: Record<number, DiffKind> = {
  0: "add",
  1: "add-replace",
  2: "delete",
  3: "delete-replace",
  4: "update",
  5: "update-replace",
};

/** A provider behind gRPC: reduces values to what the plugin understands, and puts secrets back on what it answers. */
export class PluginProvider implements Provider {
  readonly #channel: ResourceProviderClient;
  readonly #link: Link | undefined;
  #client: ProviderClient;
  #capabilities: Capabilities | undefined;
  /** Unset until configured; false when its configuration is not known in this preview. */
  #configured: Promise<boolean> | undefined;

  constructor(address: string, link?: Link) {
    this.#link = link;
    this.#client = this.#channel = new ResourceProviderClient(
      address,
      grpc.credentials.createInsecure(),
      CHANNEL_OPTIONS,
    );
  }

  /** Waits until the plugin answers. Old plugins do not know a handshake and tell what they can when configured. */
  async handshake(info: HandshakeInfo): Promise<void> {
    await new Promise<void>((resolve, reject) =>
      this.#channel.waitForReady(Date.now() + 10_000, (error) =>
        error === undefined ? resolve() : reject(error),
      ),
    );
    const request = new pb.ProviderHandshakeRequest();
    request.setEngineAddress(info.engineAddress);
    request.setRootDirectory(info.rootDirectory);
    request.setProgramDirectory(info.programDirectory);
    request.setConfigureWithUrn(true);
    try {
      const response = await call<pb.ProviderHandshakeResponse>((done) =>
        this.#client.handshake(request, done),
      );
      this.#capabilities = {
        acceptSecrets: response.getAcceptSecrets(),
        acceptResources: response.getAcceptResources(),
        supportsPreview: true,
      };
    } catch (error) {
      if (!isUnimplemented(error)) throw providerError(error);
    }
    // It says so before it says its port.
    if (this.#link?.peerServes === true)
      this.#client = clientOverLink(
        this.#link,
        grpc,
        ResourceProviderService as unknown as Definitions,
      );
  }

  /** Asks it to stop what it is doing. */
  async cancel(): Promise<void> {
    await call<Empty>((done) => this.#client.cancel(new Empty(), done)).catch(() => undefined);
  }

  close(): void {
    this.#channel.close();
  }

  async checkConfig(
    urn: string,
    olds: PropertyMap,
    news: PropertyMap,
    allowUnknowns: boolean,
  ): Promise<CheckResult> {
    const { name, type } = parseUrn(urn);
    const options = { keepUnknowns: allowUnknowns, keepSecrets: true, keepResources: true };
    const request = new pb.CheckRequest();
    request.setUrn(urn).setName(name).setType(type);
    request.setOlds(toStruct(olds, options)).setNews(toStruct(news, options));
    try {
      const response = await call<pb.CheckResponse>((done) =>
        this.#client.checkConfig(request, done),
      );
      // Providers that take no secrets give them back opened; the configuration must not lose the mark.
      const inputs = response.hasInputs()
        ? annotateSecrets(fromStruct(response.getInputs()), news)
        : news;
      return { inputs, failures: failuresOf(response) };
    } catch (error) {
      if (isUnimplemented(error)) return { inputs: news, failures: [] };
      throw providerError(error);
    }
  }

  async diffConfig(request: DiffRequest): Promise<DiffResult> {
    try {
      return await this.#askDiff(request, true);
    } catch (error) {
      if (isUnimplemented(error)) return { ...NO_DIFF, changes: "unknown" };
      throw providerError(error);
    }
  }

  /** Once, with everything the instance is to know. A configuration with unknowns is left for `up`. */
  configure(urn: string, id: string, inputs: PropertyMap): Promise<boolean> {
    this.#configured ??= this.#configure(urn, id, inputs);
    return this.#configured;
  }

  async #configure(urn: string, id: string, inputs: PropertyMap): Promise<boolean> {
    const { name, type } = parseUrn(urn);
    if (
      Object.entries(inputs).some(([key, value]) => key !== "version" && containsUnknown(value))
    ) {
      this.#capabilities ??= {
        acceptSecrets: false,
        acceptResources: false,
        supportsPreview: false,
      };
      return false;
    }
    const request = new pb.ConfigureRequest();
    request.setUrn(urn).setName(name).setType(type).setId(id);
    request.setAcceptsecrets(true).setAcceptresources(true);
    request.setSendsOldInputs(true).setSendsOldInputsToDelete(true);
    request.setArgs(
      toStruct(inputs, { keepUnknowns: true, keepSecrets: true, keepResources: true }),
    );
    const variables = request.getVariablesMap();
    for (const [key, value] of Object.entries(inputs)) {
      if (key === "version") continue;
      const plain = unwrapSecrets(value);
      const text = typeof plain === "string" ? plain : JSON.stringify(plain);
      variables.set(`${packageOfProviderType(type)}:config:${key}`, text);
    }
    try {
      const response = await call<pb.ConfigureResponse>((done) =>
        this.#client.configure(request, done),
      );
      this.#capabilities ??= {
        acceptSecrets: response.getAcceptsecrets(),
        acceptResources: response.getAcceptresources(),
        supportsPreview: response.getSupportspreview(),
      };
    } catch (error) {
      throw providerError(error);
    }
    return true;
  }

  /** Every call waits for the configuration. */
  async #ready(): Promise<{ known: boolean; capabilities: Capabilities }> {
    const known = (await this.#configured) ?? false;
    const capabilities = this.#capabilities ?? {
      acceptSecrets: false,
      acceptResources: false,
      supportsPreview: false,
    };
    return { known, capabilities };
  }

  #struct(
    map: PropertyMap,
    { acceptSecrets, acceptResources }: Capabilities,
    keepUnknowns: boolean,
  ) {
    return toStruct(map, {
      keepUnknowns,
      keepSecrets: acceptSecrets,
      keepResources: acceptResources,
    });
  }

  async check(request: CheckRequest): Promise<CheckResult> {
    const { known, capabilities } = await this.#ready();
    if (!known) return { inputs: request.news, failures: [] };
    const message = new pb.CheckRequest();
    const { name, type } = parseUrn(request.urn);
    message.setUrn(request.urn).setName(name).setType(type);
    message.setOlds(this.#struct(request.olds ?? {}, capabilities, request.allowUnknowns));
    message.setNews(this.#struct(request.news, capabilities, request.allowUnknowns));
    message.setRandomseed(request.randomSeed);
    try {
      const response = await call<pb.CheckResponse>((done) => this.#client.check(message, done));
      let inputs = fromStruct(response.getInputs());
      if (!capabilities.acceptSecrets) inputs = annotateSecrets(inputs, request.news);
      return { inputs, failures: failuresOf(response) };
    } catch (error) {
      throw providerError(error);
    }
  }

  async diff(request: DiffRequest): Promise<DiffResult> {
    const { known } = await this.#ready();
    if (!known) return { ...NO_DIFF, changes: "some", unavailable: UNKNOWN_CONFIG };
    try {
      return await this.#askDiff(request, false);
    } catch (error) {
      throw providerError(error);
    }
  }

  async #askDiff(request: DiffRequest, config: boolean): Promise<DiffResult> {
    const capabilities = this.#capabilities ?? {
      acceptSecrets: false,
      acceptResources: false,
      supportsPreview: false,
    };
    const message = new pb.DiffRequest();
    const { name, type } = parseUrn(request.urn);
    const keep = request.allowUnknowns;
    message.setId(request.id).setUrn(request.urn).setName(name).setType(type);
    message.setOldInputs(this.#struct(request.oldInputs, capabilities, keep));
    message.setOlds(this.#struct(request.oldOutputs, capabilities, keep));
    message.setNews(this.#struct(request.newInputs, capabilities, keep));
    message.setIgnorechangesList(request.ignoreChanges);
    return diffResult(
      await call<pb.DiffResponse>((done) =>
        config ? this.#client.diffConfig(message, done) : this.#client.diff(message, done),
      ),
    );
  }

  async create(request: CreateRequest): Promise<CreateResult> {
    const { known, capabilities } = await this.#ready();
    if (request.preview && !known) return { id: "", outputs: {} };
    if (request.preview && !capabilities.supportsPreview)
      return { id: "", outputs: request.inputs };
    const message = new pb.CreateRequest();
    const { name, type } = parseUrn(request.urn);
    message.setUrn(request.urn).setName(name).setType(type);
    message.setProperties(this.#struct(request.inputs, capabilities, request.preview));
    message.setTimeout(request.timeout).setPreview(request.preview);
    const mark = (outputs: PropertyMap): PropertyMap =>
      capabilities.acceptSecrets ? outputs : annotateSecrets(outputs, request.inputs);
    try {
      const response = await call<pb.CreateResponse>((done) => this.#client.create(message, done));
      const id = response.getId();
      if (id === "" && !request.preview)
        throw new ProviderError(
          `plugin returned empty resource.ID from create '${request.urn}'`,
          "unknown",
        );
      return { id, outputs: mark(fromStruct(response.getProperties())) };
    } catch (error) {
      const failure = initFailure(error);
      if (failure === undefined) throw providerError(error, true);
      return { id: failure.id, outputs: mark(failure.outputs), partial: failure.partial };
    }
  }

  async update(request: UpdateRequest): Promise<UpdateResult> {
    const { known, capabilities } = await this.#ready();
    if (request.preview && !known) return { outputs: {} };
    if (request.preview && !capabilities.supportsPreview) return { outputs: request.newInputs };
    const message = new pb.UpdateRequest();
    const { name, type } = parseUrn(request.urn);
    message.setId(request.id).setUrn(request.urn).setName(name).setType(type);
    message.setOldInputs(this.#struct(request.oldInputs, capabilities, false));
    message.setOlds(this.#struct(request.oldOutputs, capabilities, false));
    message.setNews(this.#struct(request.newInputs, capabilities, request.preview));
    message
      .setTimeout(request.timeout)
      .setPreview(request.preview)
      .setIgnorechangesList(request.ignoreChanges);
    const mark = (outputs: PropertyMap): PropertyMap =>
      capabilities.acceptSecrets ? outputs : annotateSecrets(outputs, request.newInputs);
    try {
      const response = await call<pb.UpdateResponse>((done) => this.#client.update(message, done));
      return { outputs: mark(fromStruct(response.getProperties())) };
    } catch (error) {
      const failure = initFailure(error);
      if (failure === undefined) throw providerError(error, true);
      return { outputs: mark(failure.outputs), partial: failure.partial };
    }
  }

  async delete(request: DeleteRequest): Promise<void> {
    const { capabilities } = await this.#ready();
    const message = new pb.DeleteRequest();
    const { name, type } = parseUrn(request.urn);
    message.setId(request.id).setUrn(request.urn).setName(name).setType(type);
    message.setOldInputs(this.#struct(request.inputs, capabilities, false));
    message.setProperties(this.#struct(request.outputs, capabilities, false));
    message.setTimeout(request.timeout);
    try {
      await call<Empty>((done) => this.#client.delete(message, done));
    } catch (error) {
      throw providerError(error, true);
    }
  }

  async read(request: ReadRequest): Promise<ReadResult> {
    const { known, capabilities } = await this.#ready();
    if (!known) return { id: request.id, outputs: {}, inputs: {} };
    const message = new pb.ReadRequest();
    const { name, type } = parseUrn(request.urn);
    message.setId(request.id).setUrn(request.urn).setName(name).setType(type);
    message.setProperties(this.#struct(request.state ?? {}, capabilities, false));
    if (request.inputs !== undefined)
      message.setInputs(this.#struct(request.inputs, capabilities, false));
    const mark = (
      outs: PropertyMap | undefined,
      ins: PropertyMap | undefined,
    ): PropertyMap | undefined =>
      outs === undefined || ins === undefined || capabilities.acceptSecrets
        ? outs
        : annotateSecrets(outs, ins);
    try {
      const response = await call<pb.ReadResponse>((done) => this.#client.read(message, done));
      const inputs = response.hasInputs() ? fromStruct(response.getInputs()) : undefined;
      const outputs = response.hasProperties() ? fromStruct(response.getProperties()) : undefined;
      return {
        id: response.getId(),
        outputs: mark(outputs, request.state),
        inputs: mark(inputs, request.inputs),
      };
    } catch (error) {
      const failure = initFailure(error);
      if (failure === undefined) throw providerError(error);
      return {
        id: failure.id,
        outputs: mark(failure.outputs, request.state),
        inputs: mark(failure.inputs, request.inputs),
        partial: failure.partial,
      };
    }
  }

  async invoke(request: InvokeRequest): Promise<InvokeResult> {
    const { known, capabilities } = await this.#ready();
    if (!known) return { value: {}, failures: [] };
    const message = new pb.InvokeRequest();
    message.setTok(request.token);
    message.setArgs(this.#struct(request.args, capabilities, false));
    try {
      const response = await call<pb.InvokeResponse>((done) => this.#client.invoke(message, done));
      return { value: fromStruct(response.getReturn()), failures: failuresOf(response) };
    } catch (error) {
      throw providerError(error);
    }
  }
}

function failuresOf(
  response: pb.CheckResponse | pb.InvokeResponse,
): { property: string; reason: string }[] {
  return response
    .getFailuresList()
    .map((failure) => ({ property: failure.getProperty(), reason: failure.getReason() }));
}

function diffResult(response: pb.DiffResponse): DiffResult {
  const detailed: DetailedDiff = {};
  response.getDetaileddiffMap().forEach((entry, path) => {
    const diffKind = KINDS[entry.getKind()];
    if (diffKind !== undefined) detailed[path] = { diffKind, inputDiff: entry.getInputdiff() };
  });
  const changes = Number(response.getChanges());
  return {
    changes: changes === 1 ? "none" : changes === 2 ? "some" : "unknown",
    replaceKeys: response.getReplacesList(),
    changedKeys: response.getDiffsList(),
    deleteBeforeReplace: response.getDeletebeforereplace(),
    ...(response.getHasdetaileddiff() ? { detailedDiff: detailed } : {}),
  };
}
