import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { Client, type Algorithms, type ConnectConfig } from "ssh2";
import { CloudError, messageOf } from "../errors.js";
import type { SshEndpoint } from "./connection.js";
import { duration } from "./deadline.js";
import { keyExchanges, Logins } from "./handshakes.js";
import { expectedKeys, hostKeyAlgorithms, judgeHostKey } from "./host-key.js";
import { type Credentials, credentialsFor } from "./private-key.js";
import { firstByte, Stopwatch, tcp, throughJump } from "./ssh-socket.js";

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
  // Before anything is sent: a key that is not there needs no host.
  const credentials = credentialsFor(endpoint.key, options.host);
  const logins = Logins.at(endpoint, options.jump);
  const { end, gone } = await logins.begin();
  try {
    if (gone !== undefined) throw unreachable(gone, endpoint, options.host);
    const time = new Stopwatch(options.timeoutMs);
    const way = await connect(endpoint, options, time, (why) => logins.failed(why));
    try {
      return await login(endpoint, options, { serverHostKey, credentials }, way, time);
    } catch (error) {
      way.socket.destroy();
      way.jump?.end();
      throw error;
    }
  } finally {
    end();
  }
}

/** A stream to a server, and the connection to the jump host that it goes through. */
interface Way {
  socket: Duplex;
  jump?: SshLink;
}

/** A stream to the server, directly or through a jump host, on which it has begun to speak. */
async function connect(
  endpoint: SshEndpoint,
  options: LinkOptions,
  time: Stopwatch,
  onGone: (why: string) => void,
): Promise<Way> {
  const failure = (why: string) => {
    onGone(why);
    return unreachable(why, endpoint, options.host);
  };
  if (!options.jump) {
    const socket = await time.run((ms) => tcp(endpoint, ms, failure));
    await time.run((ms) => firstByte(socket, ms, failure));
    return { socket };
  }
  const { jump: via, host, timeoutMs } = options;
  const jump = await SshLink.open(via, { host, timeoutMs });
  const behind = (why: string) =>
    failure(`the jump host ${addressOf(via)} could not connect: ${why}`);
  try {
    const socket = await time.run((ms) => throughJump(jump.client, endpoint, ms, behind));
    await time.run((ms) => firstByte(socket, ms, failure));
    return { socket, jump };
  } catch (error) {
    jump.end();
    throw error;
  }
}

async function login(
  endpoint: SshEndpoint,
  options: LinkOptions,
  keys: { serverHostKey: string[]; credentials: Credentials },
  { socket, jump }: Way,
  time: Stopwatch,
): Promise<SshLink> {
  const { serverHostKey, credentials } = keys;
  const expected = expectedKeys(endpoint);
  const client = new Client();
  let refusal: CloudError | undefined;
  const broken = new Promise<never>((_, reject) => {
    socket
      .once("error", reject)
      .once("close", () => reject(new Error("the host closed the connection")));
  });
  broken.catch(() => {}); // it may break while this one waits for its turn
  const release = await keyExchanges.acquire();
  try {
    if (socket.destroyed) await broken;
    await time.run(
      ({ left: readyTimeout }) =>
        new Promise<void>((resolve, reject) => {
          const config: ConnectConfig = {
            sock: socket,
            username: endpoint.user,
            readyTimeout,
            keepaliveInterval: 0,
            hostVerifier: (key: Buffer) => {
              refusal = judgeHostKey(key, expected, endpoint, options.host);
              return refusal === undefined;
            },
            algorithms: { ...ALGORITHMS, serverHostKey } as unknown as Algorithms,
            authHandler: ["agent" in credentials ? "agent" : "publickey"],
            ...credentials,
          };
          client.once("ready", resolve);
          client.once("error", reject);
          client.once("close", () => reject(new Error("the host closed the connection")));
          client.connect(config);
        }),
    );
  } catch (error) {
    // Errors that follow the first one have no one left to tell.
    client.on("error", () => {});
    client.end();
    throw refusal ?? connectError(error, endpoint, options);
  } finally {
    release();
  }
  client.removeAllListeners("close");
  client.removeAllListeners("error");
  if (jump) client.once("close", () => jump.end());
  else (socket as Socket).unref();
  return SshLink.of(client, socket, endpoint, options);
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

function keyName(endpoint: SshEndpoint): string {
  const key = endpoint.key;
  if (key.kind === "agent") return `the keys of the agent at ${key.socket ?? "SSH_AUTH_SOCK"}`;
  return key.kind === "file" ? `key file ${key.path}` : `the key in variable ${key.variable}`;
}

export function addressOf(endpoint: SshEndpoint): string {
  return `${endpoint.address}:${endpoint.port}`;
}
