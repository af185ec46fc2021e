import type { Socket } from "node:net";
import { Failure } from "./failure.js";
import { FrameReader, frame, type Frame, MAX_BODY } from "./frames.js";

export type Done = (failure: Failure | null, answer: Buffer) => void;
/** Answers a request; `done` is called once. */
export type Handler = (request: Buffer, done: Done) => void;

const EMPTY = Buffer.alloc(0);
const SERVING = "/link/serving";

/**
 * Calls in both directions over the pipe between the engine and a child of its own: the same messages as gRPC's, without
 * HTTP/2 around each of them. gRPC costs two to three times what all else costs that is done for an unchanged resource.
 * Only while calls wait for their answers does it keep a process alive.
 */
export class Link {
  readonly #socket: Socket;
  readonly #handlers = new Map<string, Handler>();
  readonly #waiting = new Map<number, Done>();
  readonly #reader = new FrameReader((each) => uncaught(() => this.#received(each)));
  #lastCall = 0;
  #open = true;
  /** What calls are told that still wait when it closes. */
  #end = "Connection dropped";
  #corked = false;
  /** The other side has said that it takes calls. */
  peerServes = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (bytes: Buffer) => this.#read(bytes));
    socket.on("error", ({ message }) => (this.#end = `Connection dropped: ${message}`)); // "close" follows
    socket.on("close", () => this.#closed());
    socket.unref();
  }

  /** Takes the calls of a path, such as "/pulumirpc.ResourceProvider/Check". */
  handle(path: string, handler: Handler): void {
    this.#handlers.set(path, handler);
  }

  /** Tells the other side that this one takes calls. */
  announce(): void {
    this.call(SERVING, EMPTY, () => undefined);
  }

  call(path: string, request: Buffer, done: Done): void {
    if (!this.#open) {
      done(Failure.unavailable("No connection established"), EMPTY);
      return;
    }
    if (request.length > MAX_BODY) {
      done(Failure.tooLarge(request.length, MAX_BODY), EMPTY);
      return;
    }
    if (this.#waiting.size === 0) this.#socket.ref();
    const id = ++this.#lastCall;
    this.#waiting.set(id, done);
    this.#send({ kind: "request", id, path, body: request });
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(bytes: Buffer): void {
    try {
      this.#reader.push(bytes);
    } catch (error) {
      this.#socket.destroy(error as Error);
    }
  }

  #received({ kind, id, path, body }: Frame): void {
    if (kind === "request") {
      this.#serve(id, path, body);
      return;
    }
    const done = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#socket.unref();
    if (kind === "answer") done?.(null, body);
    else done?.(Failure.fromBytes(body), EMPTY);
  }

  #serve(id: number, path: string, request: Buffer): void {
    const handler = this.#handlers.get(path);
    const done: Done = (failed, answer) => {
      const isTooLarge = answer.length > MAX_BODY;
      const failure = isTooLarge ? Failure.tooLarge(answer.length, MAX_BODY) : failed;
      this.#send(
        failure === null
          ? { kind: "answer", id, path, body: answer }
          : { kind: "failure", id, path, body: failure.toBytes() },
      );
    };
    if (path === SERVING) {
      this.peerServes = true;
      done(null, EMPTY);
    } else if (handler === undefined) done(Failure.unimplemented(path), EMPTY);
    else handler(request, done);
  }

  /** What is said in one turn of the loop is one write: each wakes the other side, which is dear where cores are few. */
  #send(message: Frame): void {
    if (!this.#open) return;
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      setImmediate(() => {
        this.#corked = false;
        this.#socket.uncork();
      });
    }
    this.#socket.write(frame(message));
  }

  #closed(): void {
    this.#open = false;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const done of waiting) uncaught(() => done(Failure.unavailable(this.#end), EMPTY));
  }
}

/** An error of whoever gets a message is theirs, as with gRPC; the messages after it come all the same. */
function uncaught(deliver: () => void): void {
  try {
    deliver();
  } catch (error) {
    process.nextTick(() => {
      throw error;
    });
  }
}
