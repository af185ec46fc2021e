import { AsyncResource } from "node:async_hooks";
import { EventEmitter } from "node:events";
import { Socket } from "node:net";
import type * as grpc from "@grpc/grpc-js";
import type { GrpcModule } from "../link/failure.js";
import { Link } from "../link/link.js";
import { callOverLink, type Definitions, isUnary, serveOverLink } from "../link/services.js";
import { LINK_FD } from "./launch-settings.js";

/** What is used of the copy of gRPC that the SDK has. */
export interface Grpc extends GrpcModule {
  Server: { prototype: { addService: AddService } };
}
type AddService = (
  definitions: Definitions,
  implementation: Readonly<Record<string, unknown>>,
) => void;

/** A generated client of a service. */
export interface GeneratedClient {
  service: Definitions;
  prototype: Record<string, Call | undefined>;
}
type Call = (this: grpc.Client, request: unknown, ...rest: unknown[]) => unknown;
type Callback = (error: grpc.ServiceError | null, response?: unknown) => void;

/**
 * Calls that these clients make to the engine go over the pipe that the engine gave this process instead of a connection, and
 * so may the engine's calls to what this process serves. All other calls are gRPC's.
 */
export function useLink(
  module: Grpc,
  engineAddress: string,
  clients: readonly GeneratedClient[],
): void {
  const link = new Link(new Socket({ fd: LINK_FD, readable: true, writable: true }));
  for (const client of clients) redirect(link, module, engineAddress, client);
  const { addService } = module.Server.prototype;
  module.Server.prototype.addService = function (definitions, implementation) {
    serveOverLink(link, definitions, implementation);
    link.announce();
    addService.call(this, definitions, implementation);
  };
}

/** The client's calls to the engine go over the link. */
export function redirect(
  link: Link,
  module: GrpcModule,
  engineAddress: string,
  { service, prototype }: GeneratedClient,
): void {
  for (const [name, method] of Object.entries(service)) {
    if (!isUnary(method)) continue;
    const overGrpc = prototype[name];
    if (typeof overGrpc !== "function") continue;
    const overLink: Call = function (request, ...rest) {
      // A channel's target is an address behind the name of a resolver: "dns:127.0.0.1:4711".
      const isEngine = this.getChannel().getTarget().endsWith(`:${engineAddress}`);
      const callback = rest.find((argument) => typeof argument === "function");
      if (!isEngine || callback === undefined) return overGrpc.call(this, request, ...rest);
      // The answer belongs to whoever asks, also for the program's own AsyncLocalStorage.
      callOverLink(link, module, method, request, AsyncResource.bind(callback as Callback));
      return Object.assign(new EventEmitter(), { cancel: () => undefined });
    };
    prototype[name] = Object.assign(overLink, method);
  }
}
