import * as grpc from "@grpc/grpc-js";
import { EngineService, type IEngineServer } from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import {
  type IResourceMonitorServer,
  ResourceMonitorService,
} from "@pulumi/pulumi/proto/resource_grpc_pb.js";
import type { Link } from "../link/link.js";
import { serveOverLink } from "../link/services.js";
import { CHANNEL_OPTIONS } from "../providers/grpc.js";

/** One server on loopback for both services. */
export class MonitorServer {
  #serve: (link: Link) => void = () => undefined;
  readonly #server = new grpc.Server(CHANNEL_OPTIONS);
  #port = 0;

  /** The engine's service is there from the start: providers log before there is a program. */
  async listen(engine: IEngineServer, monitor: IResourceMonitorServer): Promise<void> {
    this.#serve = (link) => {
      for (const [service, handlers] of [
        [EngineService, engine],
        [ResourceMonitorService, monitor],
      ] as const)
        serveOverLink(link, service, handlers);
    };
    this.#server.addService(EngineService, engine);
    this.#server.addService(ResourceMonitorService, monitor);
    this.#port = await new Promise((resolve, reject) =>
      this.#server.bindAsync(
        "127.0.0.1:0",
        grpc.ServerCredentials.createInsecure(),
        (error, port) => (error === null ? resolve(port) : reject(error)),
      ),
    );
  }

  /** Answers the same calls on a link. */
  serve(link: Link): void {
    this.#serve(link);
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  close(): void {
    this.#server.forceShutdown();
  }
}
