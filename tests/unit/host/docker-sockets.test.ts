import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duplex } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Transport } from "../../../provider/host/transport.js";
import { DockerHttp } from "../../../provider/host/docker-http.js";

/** Ends as ssh2's channels do: "close" comes only after the end has been read, also for one that was destroyed. */
class Channel extends Duplex {
  isClosed = false;

  constructor(private readonly socket: Socket) {
    super({ emitClose: false, autoDestroy: false });
    socket.on("data", (data: Buffer) => this.push(data));
    socket.once("end", () => this.push(null));
    socket.once("close", () => {
      if (!this.readableEnded) this.push(null);
      const close = () => this.emit("close");
      if (this.readableEnded) close();
      else this.once("end", close);
    });
    this.once("close", () => (this.isClosed = true));
  }

  override _read() {}
  override _write(data: Buffer, _encoding: string, done: (error?: Error | null) => void) {
    this.socket.write(data, done);
  }
  override _final(done: () => void) {
    if (!this.socket.destroyed) this.socket.end();
    done();
  }
  override destroy() {
    this.socket.destroy();
    this.end();
    return this;
  }
}

const folder = mkdtempSync(join(tmpdir(), "clocker-sockets-"));
const path = join(folder, "docker.sock");
// Closes each connection after its answer: for each that closes while requests wait, the agent opens another.
const daemon = createServer((_request, response) => {
  response.setHeader("Connection", "close");
  held.push(() => response.end("{}"));
});
/** Answers that are not given yet. */
let held: (() => void)[];
let channels: Channel[];
let http: DockerHttp;

beforeEach(async () => {
  await new Promise<void>((resolve) => daemon.listen(path, resolve));
  held = [];
  channels = [];
  const transport = {
    connection: { name: "h1" },
    openSocket: async () => {
      await pause(100); // so long that all that close meanwhile ask for another
      const channel = new Channel(connect(path));
      channels.push(channel);
      return channel;
    },
  };
  http = new DockerHttp(transport as unknown as Transport, path, () => Promise.resolve("/v1.41"));
});
afterEach(async () => {
  http.close();
  await new Promise((resolve) => daemon.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

const eventually = (body: () => void) => vi.waitFor(body, { timeout: 20_000 });
const waiting = () => Object.values(http["agent"].requests).flat();

it("takes every socket back, also those that opened when their request had been served by another", async () => {
  const ping = () => http.json({ method: "GET", path: "/_ping", what: "ping" });
  const first = Array.from({ length: 24 }, ping);
  await eventually(() => expect(held).toHaveLength(24));
  const queued = Array.from({ length: 10 }, ping);
  await eventually(() => expect(waiting()).toHaveLength(10));
  for (const answer of held.splice(0)) answer();
  await eventually(() => expect(held).toHaveLength(10));
  for (const answer of held.splice(0)) answer();
  await Promise.all([...first, ...queued]);
  expect(channels.length).toBeGreaterThan(34);
  const isClosed = (channel: Channel) => channel.isClosed;
  await eventually(() => expect(channels.filter(isClosed)).toHaveLength(channels.length));
});
