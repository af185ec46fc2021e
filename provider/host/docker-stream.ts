import type { ProgressLine } from "./docker-types.js";

/** Takes Docker's multiplexed log and exec streams apart: 8 bytes of header, then a frame of stdout or stderr. */
export class Demultiplexer {
  private pending: Buffer = Buffer.alloc(0);

  constructor(private readonly onFrame: (stream: "stdout" | "stderr", data: Buffer) => void) {}

  push(chunk: Buffer): void {
    this.pending = this.pending.length === 0 ? chunk : Buffer.concat([this.pending, chunk]);
    while (this.pending.length >= 8) {
      const length = this.pending.readUInt32BE(4);
      if (this.pending.length < 8 + length) return;
      const stream = this.pending[0] === 2 ? "stderr" : "stdout";
      this.onFrame(stream, this.pending.subarray(8, 8 + length));
      this.pending = this.pending.subarray(8 + length);
    }
  }
}

/** Splits a stream of JSON lines (pull, load). Lines that are not JSON are dropped. */
export class JsonLines {
  private pending = "";

  constructor(private readonly onLine: (line: ProgressLine) => void) {}

  push(chunk: Buffer | string): void {
    this.pending += chunk.toString();
    for (let at = this.pending.indexOf("\n"); at >= 0; at = this.pending.indexOf("\n")) {
      this.take(this.pending.slice(0, at));
      this.pending = this.pending.slice(at + 1);
    }
  }

  end(): void {
    this.take(this.pending);
    this.pending = "";
  }

  private take(text: string): void {
    if (!text.trim()) return;
    try {
      this.onLine(JSON.parse(text) as ProgressLine);
    } catch {
      // Progress is a courtesy; the outcome comes from the line with an error, or from its absence.
    }
  }
}
