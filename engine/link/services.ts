import type * as grpc from "@grpc/grpc-js";
import { Failure, type GrpcModule } from "./failure.js";
import type { Link } from "./link.js";

type Method = grpc.MethodDefinition<unknown, unknown>;
/** Definitions of methods by name, as generated for gRPC. */
export type Definitions = Readonly<Record<string, Method>>;
type Unary = (
  call: { request: unknown },
  callback: (error: Partial<grpc.ServiceError> | null, response?: unknown) => void,
) => void;

export const isUnary = ({ requestStream, responseStream }: Method): boolean =>
  !requestStream && !responseStream;

/** Answers the unary calls of a service on a link too. Handlers are those of the gRPC server; they see the request only. */
export function serveOverLink(
  link: Link,
  definitions: Definitions,
  implementation: Readonly<Record<string, unknown>>,
): void {
  for (const [name, method] of Object.entries(definitions)) {
    const handle = implementation[name] as Unary | undefined;
    if (handle === undefined || !isUnary(method)) continue;
    link.handle(method.path, (bytes, done) => {
      const fail = (error: unknown): void =>
        done(Failure.of(error as Partial<grpc.ServiceError>), Buffer.alloc(0));
      const answer = (response: unknown): void => {
        let bytes: Buffer;
        try {
          bytes = method.responseSerialize(response);
        } catch (error) {
          fail(error);
          return;
        }
        done(null, bytes);
      };
      try {
        const request = method.requestDeserialize(bytes);
        handle.call(implementation, { request }, (error, response) => {
          if (error) fail(error);
          else answer(response);
        });
      } catch (error) {
        fail(error);
      }
    });
  }
}

type Callback = (error: grpc.ServiceError | null, response?: unknown) => void;

/** One unary call: what a gRPC client does with such a method. */
export function callOverLink(
  link: Link,
  module: GrpcModule,
  method: Pick<Method, "path" | "requestSerialize" | "responseDeserialize">,
  request: unknown,
  callback: Callback,
): void {
  link.call(method.path, method.requestSerialize(request), (failure, bytes) => {
    if (failure) callback(failure.toError(module));
    else callback(null, method.responseDeserialize(bytes));
  });
}

/** The unary methods of a generated client, over a link. */
export function clientOverLink<Client>(
  link: Link,
  module: GrpcModule,
  definitions: Definitions,
): Client {
  const methods = Object.entries(definitions).filter(([, method]) => isUnary(method));
  return Object.fromEntries(
    methods.map(([name, method]) => [
      name,
      (request: unknown, callback: Callback) =>
        callOverLink(link, module, method, request, callback),
    ]),
  ) as Client;
}
