import { canonical } from "../canonical.js";
import type { HostConnection } from "./connection.js";
import { LocalTransport } from "./local.js";
import { SshTransport } from "./ssh.js";
import type { Transport } from "./transport.js";

/**
 * One transport per host and process. Nothing needs to be closed at exit or on a signal: sockets are unref'd, so an
 * idle process ends by itself, and the kernel closes what a dying one held, on which sshd ends locks and commands.
 */
const transports = new Map<string, Transport>();

/** How transports are made; tests put theirs in its place. */
export type Connect = (connection: HostConnection) => Transport;

const connectReally: Connect = (connection) =>
  connection.kind === "ssh" ? new SshTransport(connection) : new LocalTransport(connection);

let connect = connectReally;

export function transportFor(connection: HostConnection): Transport {
  const key = keyOf(connection);
  let transport = transports.get(key);
  if (!transport) {
    transport = connect(connection);
    transports.set(key, transport);
  }
  return transport;
}

/** Closes every connection; they open again when used. */
export async function closeTransports(): Promise<void> {
  const open = [...transports.values()];
  transports.clear();
  await Promise.all(open.map((transport) => transport.close()));
}

/** Replaces how transports are made (tests); without an argument the real way is back. */
export async function useConnect(other: Connect = connectReally): Promise<void> {
  connect = other;
  await closeTransports();
}

/** What makes two connections the same one: options that concern only starts or deletes do not. */
function keyOf(connection: HostConnection): string {
  const { parallelStarts: _starts, whenUnreachable: _unreachable, ...rest } = connection;
  return canonical(rest);
}
