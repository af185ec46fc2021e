import { connect as connectTcp, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Client, ClientChannel } from "ssh2";
import type { CloudError } from "../errors.js";
import type { SshEndpoint } from "./connection.js";
import { duration } from "./deadline.js";

/** Milliseconds: what is left, and of how many. */
export interface Time {
  left: number;
  of: number;
}

/** Words why there is no connection. */
type Failure = (why: string) => CloudError;

/** What is left of a timeout while something is under way that takes the host's time; waiting for a turn is not the host's. */
export class Stopwatch {
  private left: number;

  constructor(private readonly of: number) {
    this.left = of;
  }

  async run<T>(work: (time: Time) => Promise<T>): Promise<T> {
    const begun = Date.now();
    try {
      return await work({ left: Math.max(1, this.left), of: this.of });
    } finally {
      this.left -= Date.now() - begun;
    }
  }
}

/** Waits until there is something to read, without reading it. A server that accepts and says nothing is as good as none: the socket is closed. */
export async function firstByte(socket: Duplex, time: Time, failure: Failure): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const settle = (act: () => void) => {
      clearTimeout(timer);
      socket.off("readable", onReadable).off("error", onError);
      act();
    };
    const onReadable = () => settle(resolve);
    const onError = (error: Error) => settle(() => reject(failure(describe(error))));
    const timer = setTimeout(() => {
      settle(() => reject(failure(`no SSH handshake within ${duration(time.of)}`)));
      socket.destroy();
    }, time.left);
    socket.on("readable", onReadable).on("error", onError);
  });
}

/** A TCP connection within `time`; `failure` words why there is none. */
export async function tcp(to: SshEndpoint, time: Time, failure: Failure): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ host: bare(to.address), port: to.port, noDelay: true });
    const fail = (why: string) => {
      clearTimeout(timer);
      socket.destroy();
      reject(failure(why));
    };
    const timer = setTimeout(() => fail(`timed out after ${duration(time.of)}`), time.left);
    socket.once("error", (error: NodeJS.ErrnoException) => fail(describe(error)));
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.removeAllListeners("error");
      resolve(socket);
    });
  });
}

/** The same through a connection to a jump host, whose own TCP would give up only after two minutes. */
export async function throughJump(
  jump: Pick<Client, "forwardOut">,
  to: SshEndpoint,
  time: Time,
  failure: Failure,
): Promise<Duplex> {
  return new Promise<ClientChannel>((resolve, reject) => {
    const fail = (why: string) => {
      clearTimeout(timer);
      reject(failure(why));
    };
    const timer = setTimeout(() => fail(`timed out after ${duration(time.of)}`), time.left);
    jump.forwardOut("127.0.0.1", 0, bare(to.address), to.port, (error, channel) => {
      if (error) return fail(error.message);
      clearTimeout(timer);
      resolve(channel);
    });
  });
}

/** Without the brackets of an IPv6 address. */
function bare(address: string): string {
  return address.replace(/^\[|\]$/g, "");
}

function describe(error: NodeJS.ErrnoException): string {
  const first =
    error instanceof AggregateError ? (error.errors[0] as NodeJS.ErrnoException) : error;
  const known: Record<string, string> = {
    ECONNREFUSED: "connection refused",
    EHOSTUNREACH: "no route to host",
    ENETUNREACH: "network is unreachable",
    ETIMEDOUT: "timed out",
    ENOTFOUND: "the name does not resolve",
    EAI_AGAIN: "the name does not resolve (name server did not answer)",
    ECONNRESET: "connection reset",
  };
  return known[first.code ?? ""] ?? first.message;
}
