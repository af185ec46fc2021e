import * as grpc from "@grpc/grpc-js";
import {
  ResourceProviderClient,
  ResourceProviderService,
} from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import * as pb from "@pulumi/pulumi/proto/provider_pb.js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb.js";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import type { Link } from "../link/link.js";
import { clientOverLink, type Definitions } from "../link/services.js";
import type { PropertyMap } from "../state/model.js";
import { packageOfProviderType, parseUrn } from "../urn.js";
import { toStruct } from "../values/struct.js";
import { containsUnknown, unwrapSecrets } from "../values/wire.js";
import { call, CHANNEL_OPTIONS, isServiceError, isUnimplemented } from "./grpc.js";
import { providerError } from "./plugin-errors.js";

/** What is called of a provider, over gRPC or a link. */
export type ProviderClient = Pick<
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

/** What a plugin has said that it understands. */
export interface Capabilities {
  acceptSecrets: boolean;
  acceptResources: boolean;
  supportsPreview: boolean;
}

export interface HandshakeInfo {
  engineAddress: string;
  rootDirectory: string;
  programDirectory: string;
}

const NOTHING: Capabilities = {
  acceptSecrets: false,
  acceptResources: false,
  supportsPreview: false,
};

/** A running plugin: how to reach it, what it understands, and whether it is configured. */
export class PluginConnection {
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

  /** What is called: over gRPC, or over the pipe of a plugin that serves it. */
  get client(): ProviderClient {
    return this.#client;
  }

  get isLinked(): boolean {
    return this.#client !== this.#channel;
  }

  get capabilities(): Capabilities {
    return this.#capabilities ?? NOTHING;
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

  /** Asks it to stop what it is doing. False when nobody was there to hear it; not to know of cancelling is an answer, too. */
  async cancel(): Promise<boolean> {
    try {
      await call<Empty>((done) => this.#client.cancel(new Empty(), done));
      return true;
    } catch (error) {
      return !isServiceError(error) || error.code !== grpc.status.UNAVAILABLE;
    }
  }

  close(): void {
    this.#channel.close();
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
      this.#capabilities ??= NOTHING;
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

  /** Every call waits for the configuration. `known` is false when that is not known in this preview. */
  async ready(): Promise<{ known: boolean; capabilities: Capabilities }> {
    const known = (await this.#configured) ?? false;
    return { known, capabilities: this.capabilities };
  }
}

/** Property values reduced to what the plugin understands. */
export const structFor = (
  { acceptSecrets, acceptResources }: Capabilities,
  map: PropertyMap,
  keepUnknowns: boolean,
): Struct =>
  toStruct(map, { keepUnknowns, keepSecrets: acceptSecrets, keepResources: acceptResources });
