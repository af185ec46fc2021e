import { credentials } from "@grpc/grpc-js";
import { CallbacksClient } from "@pulumi/pulumi/proto/callback_grpc_pb.js";
import { type Callback, CallbackInvokeRequest } from "@pulumi/pulumi/proto/callback_pb.js";
import { call, CHANNEL_OPTIONS } from "../providers/grpc.js";

/** The functions of the program that it has given us to call: one connection for each process that serves some. */
export class Callbacks {
  readonly #clients = new Map<string, CallbacksClient>();

  /** Calls a function with the bytes of its request message; answers with those of its response. */
  async invoke(callback: Callback, request: Uint8Array): Promise<Uint8Array> {
    const message = new CallbackInvokeRequest().setToken(callback.getToken()).setRequest(request);
    const client = this.#client(callback.getTarget());
    const response = await call<{ getResponse_asU8(): Uint8Array }>((done) =>
      client.invoke(message, done),
    );
    return response.getResponse_asU8();
  }

  close(): void {
    for (const client of this.#clients.values()) client.close();
    this.#clients.clear();
  }

  #client(target: string): CallbacksClient {
    if (target === "") throw new Error("target must be specified");
    let client = this.#clients.get(target);
    if (client === undefined) {
      client = new CallbacksClient(target, credentials.createInsecure(), CHANNEL_OPTIONS);
      this.#clients.set(target, client);
    }
    return client;
  }
}
