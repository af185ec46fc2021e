import { duplexPair, type Duplex } from "node:stream";
import { CloudError } from "../../provider/errors.js";
import type { HostConnection } from "../../provider/host/connection.js";
import { faultPoint } from "../../provider/host/faults.js";
import { Serial } from "../../provider/host/limiter.js";
import { useConnect } from "../../provider/host/pool.js";
import type { ExecOptions, ExecResult, Transport } from "../../provider/host/transport.js";
import { FakeDockerd } from "./fake-dockerd.js";

/** A command or script that reached a fake host. For scripts `argv` is `["script", ...args]`. */
export interface FakeExec {
  argv: readonly string[];
  script: string | undefined;
  stdin: string;
}

export type ExecHandler = (
  exec: FakeExec,
) => Partial<ExecResult> | undefined | Promise<Partial<ExecResult> | undefined>;

/**
 * A host in memory: a small dockerd and scripted commands behind the Transport interface. Set `down` to cut it off.
 * A command that no handler answers succeeds silently.
 */
export class FakeHost {
  readonly docker: FakeDockerd;
  /** Every command and script, in order. */
  readonly execs: FakeExec[] = [];
  /** Not reachable: every use throws `unreachable`. */
  down = false;
  private readonly handlers: ExecHandler[] = [];
  private readonly locks = new Serial();
  private readonly sockets = new Set<Duplex>();

  constructor(readonly name: string) {
    this.docker = new FakeDockerd(name);
  }

  /** Answers commands; the latest handler that gives a result wins. */
  onExec(handler: ExecHandler): this {
    this.handlers.unshift(handler);
    return this;
  }

  /** Breaks every open connection, as a reset does. */
  dropConnections(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  transport(connection: HostConnection): Transport {
    const run = (exec: FakeExec, options: ExecOptions) => this.run(exec, options);
    const text = (stdin: string | Buffer | undefined) => stdin?.toString() ?? "";
    return {
      connection,
      exec: (argv, options = {}) =>
        run({ argv, script: undefined, stdin: text(options.stdin) }, options),
      script: (script, args = [], options = {}) =>
        run({ argv: ["script", ...args], script, stdin: text(options.stdin) }, options),
      openSocket: async () => {
        this.assertUp();
        const [client, server] = duplexPair();
        this.sockets.add(client);
        client.once("close", () => {
          this.sockets.delete(client);
          server.destroy();
        });
        server.on("error", () => {});
        this.docker.accept(server);
        return client;
      },
      withLock: async (name, body) => {
        this.assertUp();
        return this.locks.run(name, body);
      },
      close: async () => this.dropConnections(),
    };
  }

  private async run(exec: FakeExec, options: ExecOptions): Promise<ExecResult> {
    await faultPoint("exec", this.name);
    this.assertUp();
    options.signal?.throwIfAborted();
    this.execs.push(exec);
    for (const handler of this.handlers) {
      const result = await handler(exec);
      if (result) return { code: 0, stdout: "", stderr: "", truncated: false, ...result };
    }
    return { code: 0, stdout: "", stderr: "", truncated: false };
  }

  private assertUp(): void {
    if (this.down)
      throw new CloudError(
        "unreachable",
        `cannot be reached at ${this.name}:22: connection refused`,
        {
          host: this.name,
        },
      );
  }
}

/** Fake hosts by name, put in place of real connections until `restore`. */
export class FakeHosts {
  private readonly hosts = new Map<string, FakeHost>();

  static async install(...names: string[]): Promise<FakeHosts> {
    const fakes = new FakeHosts();
    for (const name of names) fakes.hosts.set(name, new FakeHost(name));
    await useConnect((connection) => fakes.host(connection.name).transport(connection));
    return fakes;
  }

  host(name: string): FakeHost {
    const host = this.hosts.get(name);
    if (!host) throw new Error(`no fake host ${name}`);
    return host;
  }

  async restore(): Promise<void> {
    await useConnect();
  }

  /** A connection that leads to the fake host of this name. */
  connection(name: string, more: Partial<HostConnection> = {}): HostConnection {
    return {
      kind: "ssh",
      name,
      address: name,
      port: 22,
      user: "root",
      key: { kind: "agent" },
      sudo: false,
      dockerSocket: "/var/run/docker.sock",
      parallelStarts: 2,
      whenUnreachable: "fail",
      ...more,
    };
  }
}
