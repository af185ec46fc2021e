import * as pb from "@pulumi/pulumi/proto/provider_pb.js";
import type { Empty } from "google-protobuf/google/protobuf/empty_pb.js";
import type { Link } from "../link/link.js";
import type { PropertyMap } from "../state/model.js";
import { parseUrn } from "../urn.js";
import { fromStruct, toStruct } from "../values/struct.js";
import { annotateSecrets } from "../values/wire.js";
import { call, isUnimplemented } from "./grpc.js";
import { diffResult, failuresOf } from "./plugin-answers.js";
import { type HandshakeInfo, PluginConnection, structFor } from "./plugin-connection.js";
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

/** A provider behind gRPC: reduces values to what the plugin understands, and puts secrets back on what it answers. */
export class PluginProvider implements Provider {
  readonly #connection: PluginConnection;

  constructor(address: string, link?: Link) {
    this.#connection = new PluginConnection(address, link);
  }

  get isLinked(): boolean {
    return this.#connection.isLinked;
  }

  /** Waits until the plugin answers. */
  handshake(info: HandshakeInfo): Promise<void> {
    return this.#connection.handshake(info);
  }

  cancel(): Promise<boolean> {
    return this.#connection.cancel();
  }

  close(): void {
    this.#connection.close();
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
        this.#connection.client.checkConfig(request, done),
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

  configure(urn: string, id: string, inputs: PropertyMap): Promise<boolean> {
    return this.#connection.configure(urn, id, inputs);
  }

  async check(request: CheckRequest): Promise<CheckResult> {
    const { known, capabilities } = await this.#connection.ready();
    if (!known) return { inputs: request.news, failures: [] };
    const message = new pb.CheckRequest();
    const { name, type } = parseUrn(request.urn);
    message.setUrn(request.urn).setName(name).setType(type);
    message.setOlds(structFor(capabilities, request.olds ?? {}, request.allowUnknowns));
    message.setNews(structFor(capabilities, request.news, request.allowUnknowns));
    message.setRandomseed(request.randomSeed);
    try {
      const response = await call<pb.CheckResponse>((done) =>
        this.#connection.client.check(message, done),
      );
      // Most often nothing has changed.
      const alike = [request.olds ?? {}, request.news];
      let inputs = fromStruct(response.getInputs(), alike);
      if (!capabilities.acceptSecrets) inputs = annotateSecrets(inputs, request.news);
      return { inputs, failures: failuresOf(response) };
    } catch (error) {
      throw providerError(error);
    }
  }

  async diff(request: DiffRequest): Promise<DiffResult> {
    const { known } = await this.#connection.ready();
    if (!known) return { ...NO_DIFF, changes: "some", unavailable: UNKNOWN_CONFIG };
    try {
      return await this.#askDiff(request, false);
    } catch (error) {
      throw providerError(error);
    }
  }

  async #askDiff(request: DiffRequest, config: boolean): Promise<DiffResult> {
    const { capabilities } = this.#connection;
    const message = new pb.DiffRequest();
    const { name, type } = parseUrn(request.urn);
    const keep = request.allowUnknowns;
    message.setId(request.id).setUrn(request.urn).setName(name).setType(type);
    message.setOldInputs(structFor(capabilities, request.oldInputs, keep));
    message.setOlds(structFor(capabilities, request.oldOutputs, keep));
    message.setNews(structFor(capabilities, request.newInputs, keep));
    message.setIgnorechangesList(request.ignoreChanges);
    return diffResult(
      await call<pb.DiffResponse>((done) =>
        config
          ? this.#connection.client.diffConfig(message, done)
          : this.#connection.client.diff(message, done),
      ),
    );
  }

  async create(request: CreateRequest): Promise<CreateResult> {
    const { known, capabilities } = await this.#connection.ready();
    if (request.preview && !known) return { id: "", outputs: {} };
    if (request.preview && !capabilities.supportsPreview)
      return { id: "", outputs: request.inputs };
    const message = new pb.CreateRequest();
    const { name, type } = parseUrn(request.urn);
    message.setUrn(request.urn).setName(name).setType(type);
    message.setProperties(structFor(capabilities, request.inputs, request.preview));
    message.setTimeout(request.timeout).setPreview(request.preview);
    const mark = (outputs: PropertyMap): PropertyMap =>
      capabilities.acceptSecrets ? outputs : annotateSecrets(outputs, request.inputs);
    try {
      const response = await call<pb.CreateResponse>((done) =>
        this.#connection.client.create(message, done),
      );
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
    const { known, capabilities } = await this.#connection.ready();
    if (request.preview && !known) return { outputs: {} };
    if (request.preview && !capabilities.supportsPreview) return { outputs: request.newInputs };
    const message = new pb.UpdateRequest();
    const { name, type } = parseUrn(request.urn);
    message.setId(request.id).setUrn(request.urn).setName(name).setType(type);
    message.setOldInputs(structFor(capabilities, request.oldInputs, false));
    message.setOlds(structFor(capabilities, request.oldOutputs, false));
    message.setNews(structFor(capabilities, request.newInputs, request.preview));
    message
      .setTimeout(request.timeout)
      .setPreview(request.preview)
      .setIgnorechangesList(request.ignoreChanges);
    const mark = (outputs: PropertyMap): PropertyMap =>
      capabilities.acceptSecrets ? outputs : annotateSecrets(outputs, request.newInputs);
    try {
      const response = await call<pb.UpdateResponse>((done) =>
        this.#connection.client.update(message, done),
      );
      return { outputs: mark(fromStruct(response.getProperties())) };
    } catch (error) {
      const failure = initFailure(error);
      if (failure === undefined) throw providerError(error, true);
      return { outputs: mark(failure.outputs), partial: failure.partial };
    }
  }

  async delete(request: DeleteRequest): Promise<void> {
    const { capabilities } = await this.#connection.ready();
    const message = new pb.DeleteRequest();
    const { name, type } = parseUrn(request.urn);
    message.setId(request.id).setUrn(request.urn).setName(name).setType(type);
    message.setOldInputs(structFor(capabilities, request.inputs, false));
    message.setProperties(structFor(capabilities, request.outputs, false));
    message.setTimeout(request.timeout);
    try {
      await call<Empty>((done) => this.#connection.client.delete(message, done));
    } catch (error) {
      throw providerError(error, true);
    }
  }

  async read(request: ReadRequest): Promise<ReadResult> {
    const { known, capabilities } = await this.#connection.ready();
    if (!known) return { id: request.id, outputs: {}, inputs: {} };
    const message = new pb.ReadRequest();
    const { name, type } = parseUrn(request.urn);
    message.setId(request.id).setUrn(request.urn).setName(name).setType(type);
    message.setTimeout(request.timeout);
    message.setProperties(structFor(capabilities, request.state ?? {}, false));
    if (request.inputs !== undefined)
      message.setInputs(structFor(capabilities, request.inputs, false));
    const mark = (
      outs: PropertyMap | undefined,
      ins: PropertyMap | undefined,
    ): PropertyMap | undefined =>
      outs === undefined || ins === undefined || capabilities.acceptSecrets
        ? outs
        : annotateSecrets(outs, ins);
    try {
      const response = await call<pb.ReadResponse>((done) =>
        this.#connection.client.read(message, done),
      );
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
    const { known, capabilities } = await this.#connection.ready();
    if (!known) return { value: {}, failures: [] };
    const message = new pb.InvokeRequest();
    message.setTok(request.token);
    message.setArgs(structFor(capabilities, request.args, false));
    try {
      const response = await call<pb.InvokeResponse>((done) =>
        this.#connection.client.invoke(message, done),
      );
      return { value: fromStruct(response.getReturn()), failures: failuresOf(response) };
    } catch (error) {
      throw providerError(error);
    }
  }
}
