import { connect, type Socket } from "node:net";

/** What redis answers: a string, a number, nothing, or a list of these. */
export type Reply = string | number | null | Reply[];

interface Waiting {
  resolve: (reply: Reply) => void;
  reject: (error: Error) => void;
}

/** Reads one reply at `at`; undefined while its bytes have not all arrived. */
function parse(data: Buffer, at: number): { reply: Reply | Error; next: number } | undefined {
  const end = data.indexOf("\r\n", at);
  if (end < 0) return undefined;
  const line = data.toString("utf8", at + 1, end);
  const next = end + 2;
  switch (data[at]) {
    case 0x2b: // +
      return { reply: line, next };
    case 0x2d: // -
      return { reply: new Error(line), next };
    case 0x3a: // :
      return { reply: Number(line), next };
    case 0x24: {
      // $
      const length = Number(line);
      if (length < 0) return { reply: null, next };
      if (data.length < next + length + 2) return undefined;
      return { reply: data.toString("utf8", next, next + length), next: next + length + 2 };
    }
    case 0x2a: {
      // *
      const items: Reply[] = [];
      let position = next;
      for (let left = Number(line); left > 0; left--) {
        const item = parse(data, position);
        if (!item) return undefined;
        items.push(item.reply instanceof Error ? item.reply.message : item.reply);
        position = item.next;
      }
      return { reply: items, next: position };
    }
    default:
      return { reply: new Error("this is not redis"), next: data.length };
  }
}

/** One connection to redis, made when it is needed and made again after it broke. */
export class Redis {
  #socket: Promise<Socket> | undefined;
  #waiting: Waiting[] = [];

  readonly host: string;
  readonly port: number;
  readonly #timeoutMs: number;

  constructor(host: string, port: number, timeoutMs = 1500) {
    this.host = host;
    this.port = port;
    this.#timeoutMs = timeoutMs;
  }

  /** Sends one command; fails after the timeout, so that a page is never kept waiting for a dead redis. */
  async send(...words: string[]): Promise<Reply> {
    const socket = await this.#connected();
    const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        socket.destroy(new Error("no answer"));
      }, this.#timeoutMs);
      this.#waiting.push({
        resolve: (reply) => {
          clearTimeout(timer);
          resolve(reply);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
      socket.write(`*${words.length}\r\n${parts.join("")}`);
    });
  }

  #connected(): Promise<Socket> {
    this.#socket ??= new Promise<Socket>((resolve, reject) => {
      const socket = connect({ host: this.host, port: this.port });
      const timer = setTimeout(() => socket.destroy(new Error("no answer")), this.#timeoutMs);
      let data = Buffer.alloc(0);
      let failure = "the connection was closed";
      socket.on("connect", () => {
        clearTimeout(timer);
        resolve(socket);
      });
      socket.on("data", (chunk) => {
        data = Buffer.concat([data, chunk]);
        for (let parsed = parse(data, 0); parsed; parsed = parse(data, 0)) {
          data = data.subarray(parsed.next);
          const waiting = this.#waiting.shift();
          if (parsed.reply instanceof Error) waiting?.reject(parsed.reply);
          else waiting?.resolve(parsed.reply);
        }
      });
      socket.on("error", (error) => (failure = error.message));
      socket.on("close", () => {
        clearTimeout(timer);
        this.#socket = undefined;
        const error = new Error(`redis at ${this.host}:${this.port} cannot be reached: ${failure}`);
        for (const waiting of this.#waiting.splice(0)) waiting.reject(error);
        reject(error); // does nothing after the connection was made
      });
    });
    return this.#socket;
  }
}
