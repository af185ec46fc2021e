import { connect as connectTcp, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { Client, type Algorithms, type ClientChannel, type ConnectConfig } from "ssh2";
import { CloudError, messageOf } from "../errors.js";
import type { SshEndpoint } from "./connection.js";
import { duration } from "./deadline.js";
import { expectedKeys, hostKeyAlgorithms, judgeHostKey } from "./host-key.js";
import { credentialsFor } from "./private-key.js";

/** Modern algorithms only; ssh2 adds strict key exchange by itself. */
const ALGORITHMS = {
  kex: [
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group18-sha512",
  ],
  cipher: [
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "chacha20-poly1305@openssh.com",
    "aes128-ctr",
    "aes256-ctr",
  ],
  hmac: [
    "hmac-sha2-256-etm@openssh.com",
    "hmac-sha2-512-etm@openssh.com",
    "hmac-sha2-256",
    "hmac-sha2-512",
  ],
} as const;

const KEEPALIVE_MS = 5000;
const KEEPALIVE_LIMIT = 3;

export interface LinkOptions {
  /** Name of the host, for messages. */
  host: string;
  jump?: SshEndpoint;
  timeoutMs: number;
}

/** One authenticated SSH connection. Its sockets are unref'd: the deadline of whoever waits keeps the process alive. */
export class SshLink {
  /** Why it ended, once it has. */
  ended: CloudError | undefined;
  private readonly closers = new Set<() => void>();

  private constructor(
    readonly client: Client,
    private readonly endpoint: SshEndpoint,
    private readonly host: string,
  ) {}

  static async open(endpoint: SshEndpoint, options: LinkOptions): Promise<SshLink> {
    const expected = expectedKeys(endpoint);
    let refused: CloudError | undefined;
    // A fingerprint may be that of any of the server's keys: ask for one type after the other.
    for (const serverHostKey of hostKeyAlgorithms(expected)) {
      try {
        return await openOnce(endpoint, options, serverHostKey);
      } catch (error) {
        if (!(error instanceof CloudError) || error.code !== "host-key") throw refused ?? error;
        refused ??= error;
      }
    }
    throw refused ?? new CloudError("internal", "no host key algorithm", { host: options.host });
  }

  static of(client: Client, socket: Duplex, endpoint: SshEndpoint, options: LinkOptions): SshLink {
    const link = new SshLink(client, endpoint, options.host);
    link.watch(socket);
    return link;
  }

  /** The error for something that was under way when the connection ended. */
  lost(what: string): CloudError {
    const why = this.ended?.message.split("\n")[0]?.replace(/^host [^:]+: /, "");
    return new CloudError(
      "unreachable",
      `the connection to ${addressOf(this.endpoint)} was lost ${what}`,
      {
        host: this.host,
        ...(why ? { reasons: [why] } : {}),
        hint: "Check the host and run again: what it finds done there is kept.",
      },
    );
  }

  /** Calls the listener once when the connection ends; the answer takes it back. */
  onEnd(listener: () => void): () => void {
    if (this.ended) listener();
    else this.closers.add(listener);
    return () => this.closers.delete(listener);
  }

  end(): void {
    this.finish(new CloudError("unreachable", "the connection was closed", { host: this.host }));
    this.client.end();
  }

  private watch(socket: Duplex): void {
    const fail = (why: string) =>
      this.finish(new CloudError("unreachable", why, { host: this.host }));
    this.client.on("error", (error) => fail(error.message));
    this.client.on("close", () => fail("the host closed the connection"));
    let unanswered = 0;
    const timer = setInterval(() => {
      unanswered += 1;
      if (unanswered > KEEPALIVE_LIMIT) {
        fail(`no answer for ${duration(KEEPALIVE_MS * KEEPALIVE_LIMIT)}`);
        socket.destroy();
        return;
      }
      // ssh2's own keepalive holds the process open. Any global request is answered; this one asks for nothing.
      try {
        this.client.unforwardIn("", 0, () => {
          unanswered = 0;
        });
      } catch {
        fail("the connection is not writable");
      }
    }, KEEPALIVE_MS).unref();
    this.closers.add(() => clearInterval(timer));
  }

  private finish(why: CloudError): void {
    if (this.ended) return;
    this.ended = why;
    for (const close of [...this.closers]) close();
    this.closers.clear();
  }
}

async function openOnce(
  endpoint: SshEndpoint,
  options: LinkOptions,
  serverHostKey: string[],
): Promise<SshLink> {
  const until = Date.now() + options.timeoutMs;
  const credentials = credentialsFor(endpoint.key, options.host);
  const expected = expectedKeys(endpoint);
  let jump: SshLink | undefined;
  let socket: Duplex;
  if (options.jump) {
    jump = await SshLink.open(options.jump, { host: options.host, timeoutMs: options.timeoutMs });
    socket = await throughJump(jump, options.jump, endpoint, options.host);
  } else socket = await tcp(endpoint, options);

  const client = new Client();
  let refusal: CloudError | undefined;
  const config: ConnectConfig = {
    sock: socket,
    username: endpoint.user,
    readyTimeout: Math.max(1, until - Date.now()),
    keepaliveInterval: 0,
    hostVerifier: (key: Buffer) => {
      refusal = judgeHostKey(key, expected, endpoint, options.host);
      return refusal === undefined;
    },
    algorithms: { ...ALGORITHMS, serverHostKey } as unknown as Algorithms,
    authHandler: ["agent" in credentials ? "agent" : "publickey"],
    ...credentials,
  };
  try {
    await new Promise<void>((resolve, reject) => {
      client.once("ready", resolve);
      client.once("error", reject);
      client.once("close", () => reject(new Error("the host closed the connection")));
      client.connect(config);
    });
  } catch (error) {
    // Errors that follow the first one have no one left to tell.
    client.on("error", () => {});
    client.end();
    socket.destroy();
    jump?.end();
    throw refusal ?? connectError(error, endpoint, options);
  }
  client.removeAllListeners("close");
  client.removeAllListeners("error");
  if (jump) {
    const hop = jump;
    client.once("close", () => hop.end());
  } else (socket as Socket).unref();
  return SshLink.of(client, socket, endpoint, options);
}

async function tcp(endpoint: SshEndpoint, options: LinkOptions): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const host = endpoint.address.replace(/^\[|\]$/g, "");
    const socket = connectTcp({ host, port: endpoint.port, noDelay: true });
    const fail = (why: string) => {
      clearTimeout(timer);
      socket.destroy();
      reject(unreachable(why, endpoint, options.host));
    };
    const timer = setTimeout(
      () => fail(`timed out after ${duration(options.timeoutMs)}`),
      options.timeoutMs,
    );
    socket.once("error", (error: NodeJS.ErrnoException) => fail(describe(error)));
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.removeAllListeners("error");
      resolve(socket);
    });
  });
}

async function throughJump(
  jump: SshLink,
  via: SshEndpoint,
  endpoint: SshEndpoint,
  host: string,
): Promise<Duplex> {
  return new Promise<ClientChannel>((resolve, reject) => {
    const address = endpoint.address.replace(/^\[|\]$/g, "");
    jump.client.forwardOut("127.0.0.1", 0, address, endpoint.port, (error, channel) => {
      if (!error) return resolve(channel);
      jump.end();
      reject(
        unreachable(
          `the jump host ${addressOf(via)} could not connect: ${error.message}`,
          endpoint,
          host,
        ),
      );
    });
  });
}

function connectError(error: unknown, endpoint: SshEndpoint, options: LinkOptions): CloudError {
  const level = (error as { level?: string }).level;
  const text = messageOf(error);
  if (level === "client-authentication" || level === "agent")
    return new CloudError(
      "authentication",
      `${addressOf(endpoint)} refused the login of ${endpoint.user}`,
      {
        host: options.host,
        reasons: [`tried: ${keyName(endpoint)}`],
        hint: `Add the public key to ~${endpoint.user}/.ssh/authorized_keys there, or name another key.`,
      },
    );
  if (level === "client-timeout")
    return unreachable(
      `no SSH handshake within ${duration(options.timeoutMs)}`,
      endpoint,
      options.host,
    );
  if (level === "handshake" || /no matching/i.test(text))
    return new CloudError(
      "unsupported",
      `no common algorithm with ${addressOf(endpoint)}: ${text}`,
      {
        host: options.host,
        hint: "Its sshd offers only outdated algorithms; update OpenSSH there.",
      },
    );
  return unreachable(text, endpoint, options.host);
}

function unreachable(why: string, endpoint: SshEndpoint, host: string): CloudError {
  return new CloudError("unreachable", `cannot be reached at ${addressOf(endpoint)}: ${why}`, {
    host,
    hint: `Check that the machine is up and that sshd listens there: ssh -p ${endpoint.port} ${endpoint.user}@${endpoint.address}`,
  });
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

function keyName(endpoint: SshEndpoint): string {
  const key = endpoint.key;
  if (key.kind === "agent") return `the keys of the agent at ${key.socket ?? "SSH_AUTH_SOCK"}`;
  return key.kind === "file" ? `key file ${key.path}` : `the key in variable ${key.variable}`;
}

export function addressOf(endpoint: SshEndpoint): string {
  return `${endpoint.address}:${endpoint.port}`;
}
