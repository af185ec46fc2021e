/** A message on a link. A failure's body is that of `Failure`; only a request names its path. */
export interface Frame {
  kind: "request" | "answer" | "failure";
  /** Pairs an answer with its request. */
  id: number;
  path: string;
  body: Buffer;
}

/** The largest body: Pulumi's own limit for a message over gRPC. */
export const MAX_BODY = 400 * 1024 * 1024;

const KINDS = ["request", "answer", "failure"] as const;
/** Length of what follows, kind, id, length of the path. */
const LENGTH = 4;
const HEAD = 1 + 4 + 1;
const FOREIGN = "something else than the engine and its child writes to their pipe";

/** The bytes of a message. */
export function frame({ kind, id, path, body }: Frame): Buffer {
  const name = kind === "request" ? path : "";
  const bytes = Buffer.allocUnsafe(LENGTH + HEAD + name.length + body.length);
  bytes.writeUInt32LE(HEAD + name.length + body.length, 0);
  bytes[LENGTH] = KINDS.indexOf(kind);
  bytes.writeUInt32LE(id, LENGTH + 1);
  bytes[LENGTH + 5] = name.length;
  bytes.write(name, LENGTH + HEAD, "latin1");
  bytes.set(body, LENGTH + HEAD + name.length);
  return bytes;
}

/** Finds messages in the pieces that a pipe delivers. Bodies are views of these pieces. Throws at what is no message. */
export class FrameReader {
  readonly #onFrame: (message: Frame) => void;
  #pieces: Buffer[] = [];
  #size = 0;
  #needed = LENGTH;

  constructor(onFrame: (message: Frame) => void) {
    this.#onFrame = onFrame;
  }

  push(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#size += piece.length;
    if (this.#size < this.#needed) return;
    // A large message is put together once, when all of it is there.
    let bytes = this.#pieces.length === 1 ? piece : Buffer.concat(this.#pieces);
    for (;;) {
      this.#needed = bytes.length < LENGTH ? LENGTH : LENGTH + bytes.readUInt32LE(0);
      if (this.#needed > MAX_BODY + 1024) throw new Error(FOREIGN);
      if (bytes.length < this.#needed) break;
      const message = bytes.subarray(LENGTH, this.#needed);
      bytes = bytes.subarray(this.#needed);
      this.#onFrame(parse(message));
    }
    this.#pieces = bytes.length === 0 ? [] : [bytes];
    this.#size = bytes.length;
  }
}

function parse(message: Buffer): Frame {
  const kind = KINDS[message[0] ?? KINDS.length];
  const end = HEAD + (message[5] ?? 0);
  if (kind === undefined || message.length < end) throw new Error(FOREIGN);
  return {
    kind,
    id: message.readUInt32LE(1),
    path: message.toString("latin1", HEAD, end),
    body: message.subarray(end),
  };
}
