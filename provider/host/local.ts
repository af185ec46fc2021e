import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { connect } from "node:net";
import { Duplex } from "node:stream";
import { CommandTransport, type HostProcess } from "./command-transport.js";
import { faultPoint } from "./faults.js";

/** The machine itself, by the same quoted command lines as over SSH. */
export class LocalTransport extends CommandTransport {
  private readonly children = new Set<ChildProcessWithoutNullStreams>();

  protected override async start(command: string): Promise<HostProcess> {
    const child = this.spawn(command);
    return {
      stdin: child.stdin,
      stdout: child.stdout,
      stderr: child.stderr,
      done: new Promise((resolve, reject) => {
        child.once("error", reject);
        child.once("close", (code, signal) => resolve(signal ? 128 : (code ?? 0)));
      }),
      stop: () => kill(child),
    };
  }

  protected override async startDuplex(command: string): Promise<Duplex> {
    const child = this.spawn(command);
    child.stderr.resume();
    const stream = Duplex.from({ readable: child.stdout, writable: child.stdin });
    stream.once("close", () => kill(child));
    return stream;
  }

  protected override async forward(path: string): Promise<Duplex> {
    await faultPoint("connect", this.connection.name);
    return new Promise((resolve, reject) => {
      const socket = connect(path);
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.off("error", reject);
        resolve(socket);
      });
    });
  }

  override async close(): Promise<void> {
    for (const child of this.children) kill(child);
  }

  private spawn(command: string): ChildProcessWithoutNullStreams {
    // A group of its own: a ^C at the terminal must not tear an operation that the engine lets finish.
    const child = spawn("sh", ["-c", command], { detached: true, stdio: "pipe" });
    this.children.add(child);
    child.once("close", () => this.children.delete(child));
    child.once("error", () => this.children.delete(child));
    return child;
  }
}

function kill(child: ChildProcessWithoutNullStreams): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, "SIGTERM");
  } catch {
    child.kill("SIGTERM");
  }
}
