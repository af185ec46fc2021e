import type { Duplex } from "node:stream";
import type { ClientChannel } from "ssh2";
import { CloudError } from "../errors.js";
import { CommandTransport, type HostProcess } from "./command-transport.js";
import type { HostConnection } from "./connection.js";
import { faultPoint } from "./faults.js";
import { SshLink } from "./ssh-link.js";

type SshConnection = Extract<HostConnection, { kind: "ssh" }>;

/** After a failure the same answer is given for a while: sshd penalises repeats, and a dead host costs a timeout each. */
const REMEMBER_MS = { unreachable: 2000, other: 30_000 };

/** How long a command waits for a session when sshd grants none. */
const SESSION_WAIT_MS = 30_000;

export interface SshOptions {
  /** Milliseconds for TCP, handshake and login together. Default 8 s: less than an observation may take. */
  connectTimeoutMs?: number;
}

/** One SSH connection to a host, opened at the first use and again after it broke. */
export class SshTransport extends CommandTransport {
  /** A login has succeeded. */
  hasAnswered = false;
  private link: Promise<SshLink> | undefined;
  private failure: { error: CloudError; until: number } | undefined;

  constructor(
    override readonly connection: SshConnection,
    private readonly options: SshOptions = {},
  ) {
    super(connection);
  }

  protected override async start(command: string): Promise<HostProcess> {
    const { channel, done } = await this.session(command);
    return {
      stdin: channel,
      stdout: channel,
      stderr: channel.stderr,
      done,
      stop: () => {
        try {
          channel.signal("TERM");
        } catch {
          // The channel is closed already.
        }
        channel.close();
      },
    };
  }

  protected override async startDuplex(command: string): Promise<Duplex> {
    const { channel, done } = await this.session(command);
    done.catch(() => {}); // whoever reads and writes the stream sees that it broke
    channel.stderr.resume();
    return channel;
  }

  protected override async forward(path: string): Promise<Duplex> {
    const link = await this.connected();
    return new Promise((resolve, reject) => {
      const off = link.onEnd(() => reject(link.lost("while a channel was being opened")));
      try {
        link.client.openssh_forwardOutStreamLocal(path, (error, channel) => {
          off();
          if (error) reject(link.ended ? link.lost("while a channel was being opened") : error);
          else resolve(channel);
        });
      } catch {
        reject(link.lost("before a channel was opened"));
      }
    });
  }

  override async close(): Promise<void> {
    const link = await this.link?.catch(() => undefined);
    this.link = undefined;
    link?.end();
  }

  /** Opens a session channel; when sshd allows fewer than thought, waits for one of ours to end. */
  private async session(command: string): Promise<Session> {
    const until = Date.now() + SESSION_WAIT_MS;
    for (;;) {
      const link = await this.connected();
      const opened = await openSession(link, command);
      if (!(opened instanceof Error)) {
        this.opened += 1;
        const ended = () => (this.opened -= 1);
        opened.channel.once("close", ended);
        return opened;
      }
      if (link.ended)
        throw link.lost("while a command was being started; the command may have run");
      if (Date.now() > until)
        throw new CloudError("unsupported", `sshd opens no session: ${opened.message}`, {
          host: this.connection.name,
          hint: "Allow at least 2 sessions per connection there: MaxSessions 10 in sshd_config.",
        });
      this.sessions.reduce(Math.max(1, this.opened));
      this.starving += 1;
      this.dropIdleDial();
      await new Promise((resolve) => setTimeout(resolve, 10 + Math.random() * 40));
      this.starving -= 1;
    }
  }

  /** Session channels that are open at the moment. */
  private opened = 0;

  private async connected(): Promise<SshLink> {
    const current = await this.link?.catch(() => undefined);
    if (current && !current.ended) return current;
    if (this.failure && Date.now() < this.failure.until) throw this.failure.error;
    // Another caller may have begun to connect while this one waited.
    this.link = this.opening ??= this.open().finally(() => (this.opening = undefined));
    return this.link;
  }

  private opening: Promise<SshLink> | undefined;

  private async open(): Promise<SshLink> {
    const { name, jump } = this.connection;
    await faultPoint("connect", name);
    try {
      const link = await SshLink.open(this.connection, {
        host: name,
        ...(jump ? { jump } : {}),
        timeoutMs: this.options.connectTimeoutMs ?? 8_000,
      });
      this.failure = undefined;
      this.hasAnswered = true;
      return link;
    } catch (error) {
      if (error instanceof CloudError) {
        const keep = error.code === "unreachable" ? REMEMBER_MS.unreachable : REMEMBER_MS.other;
        this.failure = { error, until: Date.now() + keep };
      }
      throw error;
    }
  }
}

interface Session {
  channel: ClientChannel;
  done: Promise<number>;
}

function openSession(link: SshLink, command: string): Promise<Session | Error> {
  return new Promise((resolve) => {
    const gone = () => resolve(new Error("the connection was lost"));
    const off = link.onEnd(gone);
    try {
      link.client.exec(command, (error, channel) => {
        off();
        // The exit status of a short command can be in the same packet: listen before anyone awaits.
        resolve(error ?? { channel, done: exitOf(link, channel) });
      });
    } catch {
      gone();
    }
  });
}

function exitOf(link: SshLink, channel: ClientChannel): Promise<number> {
  return new Promise((resolve, reject) => {
    let code: number | undefined;
    const lost = () => reject(link.lost("while a command was running; the command may have run"));
    const off = link.onEnd(lost);
    channel.once("exit", (status: number | null) => (code = status ?? 128));
    channel.once("close", () => {
      off();
      if (code !== undefined) resolve(code);
      else lost();
    });
    channel.on("error", () => {});
  });
}
