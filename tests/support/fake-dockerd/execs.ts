import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { FakeContainer } from "./container.js";
import { frame } from "./protocol.js";

export interface ExecResult {
  code: number;
  stdout?: string;
  stderr?: string;
}

/** Commands run in the containers of one daemon. */
export class FakeExecs {
  private readonly present = new Map<
    string,
    { container: FakeContainer; argv: string[]; code: number }
  >();

  /** Answers the commands. */
  run: (container: FakeContainer, argv: string[], stdin: string) => ExecResult = () => ({
    code: 0,
  });

  create(container: FakeContainer, argv: string[]): string {
    const id = randomBytes(32).toString("hex");
    this.present.set(id, { container, argv, code: 0 });
    return id;
  }

  codeOf(id: string): number {
    return this.present.get(id)?.code ?? 0;
  }

  /** Runs it on the connection that the request is upgraded to. */
  start(request: IncomingMessage, socket: Duplex): void {
    const id = /\/exec\/([0-9a-f]+)\/start/.exec(request.url ?? "")?.[1] ?? "";
    const exec = this.present.get(id);
    socket.on("error", () => {});
    if (!exec) {
      socket.end("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    // The body of the request (its options) comes before what the command reads; its length is in the header.
    const skip = Number(request.headers["content-length"] ?? 0);
    const read: Buffer[] = [];
    const finish = () => {
      const stdin = Buffer.concat(read).subarray(skip).toString("utf8");
      const result = this.run(exec.container, exec.argv, stdin);
      exec.code = result.code;
      if (result.stdout) socket.write(frame(1, result.stdout));
      if (result.stderr) socket.write(frame(2, result.stderr));
      socket.end();
    };
    socket.on("data", (chunk: Buffer) => read.push(chunk));
    socket.once("end", finish);
    socket.write("HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n");
    setTimeout(() => {
      if (Buffer.concat(read).length <= skip) {
        socket.off("end", finish);
        finish();
      }
    }, 20);
  }
}
