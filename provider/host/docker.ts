import type { HostConnection } from "./connection.js";
import { SwarmCalls } from "./docker-swarm.js";
import { transportFor } from "./pool.js";
import type { Transport } from "./transport.js";

export type { CallOptions } from "./docker-calls.js";
export { splitReference } from "./docker-images.js";
export type { LogOptions } from "./docker-logs.js";

/**
 * A Docker daemon on a host, over its socket. Thin: each function is one request; those of one subject stand in one file,
 * each upon the other. Errors are CloudErrors: `docker` with `status` (see `isNotFound`), `conflict` for a name, port or
 * address that is taken, `unreachable`, `deadline`.
 */
export class DockerClient extends SwarmCalls {}

const clients = new WeakMap<Transport, DockerClient>();

/** The Docker daemon of a host: one client per transport, so sockets and the API version are shared. */
export function dockerFor(target: HostConnection | Transport): DockerClient {
  const transport = "exec" in target ? target : transportFor(target);
  let client = clients.get(transport);
  if (!client) {
    client = new DockerClient(transport);
    clients.set(transport, client);
  }
  return client;
}
