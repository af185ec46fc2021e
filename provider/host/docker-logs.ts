import { StringDecoder } from "node:string_decoder";
import { segment, type CallOptions } from "./docker-calls.js";
import { ContainerCalls } from "./docker-containers.js";
import type { DockerCall } from "./docker-http.js";
import { Demultiplexer } from "./docker-stream.js";

export interface LogOptions extends CallOptions {
  tail?: number;
  since?: number;
  timestamps?: boolean;
  follow?: boolean;
}

/** What containers write. */
export abstract class LogCalls extends ContainerCalls {
  /** The last lines of both streams as text; terminal output as it is. */
  async logs(id: string, options: LogOptions = {}): Promise<string> {
    let text = "";
    await this.streamLogs(id, { ...options, follow: false }, (_stream, part) => (text += part));
    return text;
  }

  /** Log output as it comes; with `follow`, until the container ends or `signal` aborts. */
  async streamLogs(
    id: string,
    options: LogOptions,
    onText: (stream: "stdout" | "stderr", text: string) => void,
  ): Promise<void> {
    const { tail, since, timestamps, follow = false, ...rest } = options;
    const tty = (await this.inspectContainer(id, rest)).Config.Tty === true;
    const decoders = { stdout: new StringDecoder("utf8"), stderr: new StringDecoder("utf8") };
    const frames = new Demultiplexer((stream, data) =>
      onText(stream, decoders[stream].write(data)),
    );
    const call: DockerCall = {
      method: "GET",
      path: `/containers/${segment(id)}/logs`,
      what: `read the log of container ${id}`,
      query: { stdout: true, stderr: true, follow, tail: tail ?? "all", since, timestamps },
      ...rest,
      // A quiet container is no dead connection; keepalive of the transport watches that.
      timeoutMs: rest.timeoutMs ?? (follow ? 2 ** 31 - 1 : 60_000),
    };
    await this.http.stream(call, (chunk) =>
      tty ? onText("stdout", decoders.stdout.write(chunk)) : frames.push(chunk),
    );
  }
}
