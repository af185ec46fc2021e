import type { Duplex } from "node:stream";
import { CloudError } from "../errors.js";
import { segment, type CallOptions } from "./docker-calls.js";
import { LogCalls } from "./docker-logs.js";
import { Demultiplexer } from "./docker-stream.js";

/** Commands inside containers. */
export abstract class ExecCalls extends LogCalls {
  /** Runs a command in a container and collects its output. */
  async exec(
    id: string,
    argv: readonly string[],
    options: CallOptions & { stdin?: string | Buffer; user?: string; env?: string[] } = {},
  ): Promise<{ code: number; stdout: string; stderr: string }> {
    const { stdin, user, env, ...rest } = options;
    const session = await this.openExec(id, argv, {
      tty: false,
      stdin: stdin !== undefined,
      ...(user === undefined ? {} : { user }),
      ...(env === undefined ? {} : { env }),
      ...rest,
    });
    const out = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    const frames = new Demultiplexer((stream, data) => out[stream].push(data));
    const limit = rest.timeoutMs ?? 60_000;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        session.stream.destroy();
        reject(
          new CloudError(
            "deadline",
            `a command in container ${id} did not end within ${limit / 1000} s`,
            {
              host: this.transport.connection.name,
            },
          ),
        );
      }, limit);
      session.stream.on("data", (chunk: Buffer) => frames.push(chunk));
      session.stream.once("error", reject);
      session.stream.once("end", resolve);
      session.stream.once("close", () => {
        clearTimeout(timer);
        resolve();
      });
      if (stdin !== undefined) session.stream.end(stdin);
    });
    session.stream.destroy();
    const text = (parts: Buffer[]) => Buffer.concat(parts).toString("utf8");
    return {
      code: (await session.exitCode()) ?? 0,
      stdout: text(out.stdout),
      stderr: text(out.stderr),
    };
  }

  /** An interactive exec: its raw stream (multiplexed unless `tty`), its exit code, and the size of its terminal. */
  async openExec(
    id: string,
    argv: readonly string[],
    options: CallOptions & { tty: boolean; stdin: boolean; user?: string; env?: string[] },
  ): Promise<{
    stream: Duplex;
    exitCode(): Promise<number | null>;
    resize(rows: number, columns: number): Promise<void>;
  }> {
    const { tty, stdin, user, env, ...rest } = options;
    const body = {
      AttachStdin: stdin,
      AttachStdout: true,
      AttachStderr: true,
      Tty: tty,
      Cmd: [...argv],
      ...(user === undefined ? {} : { User: user }),
      ...(env === undefined ? {} : { Env: env }),
    };
    const made = await this.post<{ Id: string }>(
      `/containers/${segment(id)}/exec`,
      `run a command in container ${id}`,
      rest,
      { body },
    );
    const stream = await this.http.upgrade({
      method: "POST",
      path: `/exec/${made.Id}/start`,
      what: `run a command in container ${id}`,
      body: { Detach: false, Tty: tty },
      ...rest,
    });
    return {
      stream,
      exitCode: async () =>
        (
          await this.get<{ ExitCode: number | null }>(
            `/exec/${made.Id}/json`,
            "inspect a command",
            {},
          )
        ).ExitCode,
      resize: async (rows, columns) => {
        await this.post(
          `/exec/${made.Id}/resize`,
          "resize a terminal",
          {},
          { query: { h: rows, w: columns } },
        );
      },
    };
  }
}
