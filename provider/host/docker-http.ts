import { Agent, request, type ClientRequest, type IncomingMessage } from "node:http";
import type { Duplex, Readable } from "node:stream";
import { CloudError, messageOf } from "../errors.js";
import { currentOperation } from "../operation.js";
import { redact } from "../redact.js";
import { SOCKET_BUSY, SOCKET_IDLE } from "./command-transport.js";
import { duration, withDeadline } from "./deadline.js";
import { faultPoint } from "./faults.js";
import type { Transport } from "./transport.js";

/** One request to the Docker API. */
export interface DockerCall {
  method: "GET" | "HEAD" | "POST" | "PUT" | "DELETE";
  path: string;
  /** The path is used as it is, without the API version before it. */
  unversioned?: boolean;
  query?: Record<string, string | number | boolean | object | undefined>;
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as it is (tar). */
  data?: Buffer | Readable;
  headers?: Record<string, string>;
  /** What is being done, for messages: "create container web-1". */
  what: string;
  /** Milliseconds for the whole call; for streams, of silence. Default 60 s. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

const BODY_CAP = 128 * 1024 * 1024;

/**
 * HTTP to one Docker daemon over sockets that the transport opens: Node's own client with an agent of ours. The
 * usual modem (docker-modem) opens a new SSH connection for each request and has no deadlines.
 */
export class DockerHttp {
  private readonly agent: Agent;
  private readonly host: string;

  constructor(
    transport: Transport,
    private readonly socketPath: string,
    /** "/v1.41", asked once. Within the deadline of the call that needs it. */
    private readonly prefix: () => Promise<string>,
  ) {
    this.host = transport.connection.name;
    this.agent = new SocketAgent(() => transport.openSocket(socketPath));
  }

  /** Sends, waits for the whole answer and parses it. A lost connection is tried once more where nothing can have changed. */
  async json<T>(call: DockerCall): Promise<T> {
    const once = () =>
      this.within(call, async (signal) => parse<T>(await readAll(await this.send(call, signal))));
    if (call.method !== "GET" && call.method !== "HEAD") return once();
    try {
      return await once();
    } catch (error) {
      if (!(error instanceof CloudError) || error.code !== "unreachable") throw error;
      return once();
    }
  }

  /** Sends and hands every chunk of the answer over as it comes. The time limit counts silence, not the total. */
  async stream(call: DockerCall, onChunk: (chunk: Buffer) => void): Promise<void> {
    const limit = call.timeoutMs ?? 60_000;
    const response = await this.within(call, (signal) => this.send(call, signal));
    await new Promise<void>((resolve, reject) => {
      const silent = () => {
        response.destroy();
        reject(this.late(call, limit));
      };
      let timer = setTimeout(silent, limit);
      const stop = () => {
        response.destroy();
        resolve();
      };
      call.signal?.addEventListener("abort", stop, { once: true });
      response.on("data", (chunk: Buffer) => {
        clearTimeout(timer);
        timer = setTimeout(silent, limit);
        onChunk(chunk);
      });
      response.once("error", (error) => reject(this.lost(call, error)));
      response.once("end", resolve);
      response.once("close", () => {
        clearTimeout(timer);
        call.signal?.removeEventListener("abort", stop);
        if (!response.complete && !call.signal?.aborted) reject(this.lost(call, undefined));
        else resolve();
      });
    });
  }

  /** A raw two-way stream (exec, attach): the socket is taken out of HTTP. */
  async upgrade(call: DockerCall): Promise<Duplex> {
    return this.within(call, async (signal) => {
      await faultPoint("docker-request", this.host);
      const prefix = await this.prefix();
      return new Promise<Duplex>((resolve, reject) => {
        const headers = { Connection: "Upgrade", Upgrade: "tcp" };
        const req = this.start(call, prefix, headers, signal);
        req.once("upgrade", (_response, socket, head: Buffer) => {
          if (head.length > 0) socket.unshift(head);
          resolve(socket);
        });
        req.once("response", (response) => {
          readAll(response).then(
            (body) => reject(this.refusal(call, response.statusCode ?? 0, body)),
            reject,
          );
        });
        req.once("error", (error) => reject(this.lost(call, error)));
        finish(req, call);
      });
    });
  }

  close(): void {
    this.agent.destroy();
  }

  private within<T>(call: DockerCall, body: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const limit = call.timeoutMs ?? 60_000;
    return withDeadline(
      limit,
      () => this.late(call, limit),
      body,
      call.signal ?? currentOperation()?.signal,
    );
  }

  private async send(call: DockerCall, signal: AbortSignal): Promise<IncomingMessage> {
    await faultPoint("docker-request", this.host);
    const prefix = call.unversioned ? "" : await this.prefix();
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const req = this.start(call, prefix, {}, signal);
      req.once("response", resolve);
      req.on("error", (error) => reject(this.lost(call, error)));
      finish(req, call);
    });
    const status = response.statusCode ?? 0;
    if (status < 400) {
      response.on("error", () => {});
      return response;
    }
    throw this.refusal(call, status, await readAll(response));
  }

  private start(
    call: DockerCall,
    prefix: string,
    extra: Record<string, string>,
    signal: AbortSignal,
  ): ClientRequest {
    const headers: Record<string, string> = { Host: "docker", ...extra, ...call.headers };
    if (call.body !== undefined) headers["Content-Type"] = "application/json";
    if (call.data !== undefined) headers["Content-Type"] = "application/x-tar";
    const path = prefix + call.path + queryOf(call.query);
    return request({ agent: this.agent, method: call.method, path, headers, signal });
  }

  private late(call: DockerCall, limit: number): CloudError {
    return new CloudError(
      "deadline",
      `Docker did not answer within ${duration(limit)} (${call.what})${mayHaveHappened(call)}`,
      { host: this.host, hint: "Check the daemon there and run again." },
    );
  }

  private lost(call: DockerCall, error: unknown): CloudError {
    if (error instanceof CloudError) return error;
    if (error instanceof Error && error.cause instanceof CloudError) return error.cause;
    return new CloudError(
      "unreachable",
      `the connection to Docker at ${this.socketPath} was lost (${call.what})${mayHaveHappened(call)}`,
      {
        host: this.host,
        ...(error === undefined ? {} : { reasons: [messageOf(error)] }),
        hint: "Check the daemon there and run again: what it finds done is kept.",
        cause: error,
      },
    );
  }

  private refusal(call: DockerCall, status: number, body: Buffer): CloudError {
    const text = dockerMessage(body);
    const conflict =
      status === 409 ||
      /port is already allocated|address already in use|Address already in use|Pool overlaps/i.test(
        text,
      );
    return new CloudError(
      conflict ? "conflict" : "docker",
      `Docker refused to ${call.what}: ${redact(text)}`,
      {
        host: this.host,
        status,
      },
    );
  }
}

/** An agent whose sockets are channels of the transport; a few stay open for the next request. */
class SocketAgent extends Agent {
  constructor(private readonly open: () => Promise<Duplex>) {
    super({ keepAlive: true, maxSockets: 24, maxFreeSockets: 4, scheduling: "lifo" });
  }

  override createConnection(
    _options: unknown,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    this.open().then(
      (stream) => callback?.(null, likeSocket(stream)),
      (error: Error) => callback?.(error, undefined as unknown as Duplex),
    );
  }

  override keepSocketAlive(socket: Duplex): boolean {
    // Node's types say void; it answers whether the socket may be kept.
    const kept = super.keepSocketAlive(socket) as unknown as boolean;
    // After the agent has put it aside: the transport may close it to make room.
    if (kept) setImmediate(() => idle(this, socket));
    return kept;
  }

  override reuseSocket(socket: Duplex, request: ClientRequest): void {
    super.reuseSocket(socket, request);
    socket.emit(SOCKET_BUSY);
  }
}

function idle(agent: Agent, socket: Duplex): void {
  const free = Object.values(agent.freeSockets).some((sockets) =>
    (sockets as Duplex[] | undefined)?.includes(socket),
  );
  if (free) socket.emit(SOCKET_IDLE);
}

/**
 * A channel has none of a TCP socket's options, which the agent sets without asking. What waits for an answer holds
 * the process by its deadline, so `ref` and `unref` have nothing to do.
 */
function likeSocket(stream: Duplex): Duplex {
  const nothing = () => stream;
  const missing = {
    ref: nothing,
    unref: nothing,
    setKeepAlive: nothing,
    setTimeout: nothing,
    setNoDelay: nothing,
  };
  for (const [name, method] of Object.entries(missing))
    if (!(name in stream)) Object.defineProperty(stream, name, { value: method });
  // A channel says "close" only once its end has been read. Nothing reads one whose request another socket has
  // served meanwhile, nor one given up in the middle of an answer: the agent would count it as used for ever, and
  // let requests wait for it. Nothing is lost by reading: a daemon does not speak before it is asked.
  const destroy = stream.destroy.bind(stream);
  stream.destroy = (error) => {
    destroy(error);
    return stream.resume();
  };
  stream.resume();
  // A channel stays writable when the daemon or the connection has ended it. The agent keeps such a one that was put
  // aside, even when it says that it is closed, and the next request would wait on it for ever.
  stream.once("end", () => {
    stream.end();
    setImmediate(() => stream.destroy());
  });
  return stream;
}

function finish(req: ClientRequest, call: DockerCall): void {
  if (call.body !== undefined) {
    const text = Buffer.from(JSON.stringify(call.body));
    req.setHeader("Content-Length", text.length);
    req.end(text);
  } else if (Buffer.isBuffer(call.data)) {
    req.setHeader("Content-Length", call.data.length);
    req.end(call.data);
  } else if (call.data) {
    call.data.once("error", (error) => req.destroy(error));
    call.data.pipe(req);
  } else req.end();
}

function mayHaveHappened(call: DockerCall): string {
  return call.method === "GET" || call.method === "HEAD" ? "" : "; it may still take effect";
}

function queryOf(query: DockerCall["query"]): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value === undefined) continue;
    params.set(key, typeof value === "object" ? JSON.stringify(value) : String(value));
  }
  const text = params.toString();
  return text ? `?${text}` : "";
}

async function readAll(response: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > BODY_CAP) throw new CloudError("docker", "Docker's answer is larger than 128 MiB");
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function parse<T>(body: Buffer): T {
  if (body.length === 0) return undefined as T;
  const text = body.toString("utf8");
  try {
    return JSON.parse(text) as T;
  } catch {
    return text as T;
  }
}

function dockerMessage(body: Buffer): string {
  const parsed = parse<unknown>(body);
  if (typeof parsed === "object" && parsed !== null && "message" in parsed)
    return String(parsed.message).trim();
  return body.toString("utf8").trim().slice(0, 2000) || "no reason given";
}
