import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import ssh2 from "ssh2";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { HostConnection } from "../../../provider/host/connection.js";
import { Logins } from "../../../provider/host/handshakes.js";
import { observeHosts } from "../../../provider/host/observe.js";
import { closeTransports } from "../../../provider/host/pool.js";
import { SshLink } from "../../../provider/host/ssh-link.js";
import { throughJump, Stopwatch } from "../../../provider/host/ssh-socket.js";
import { CloudError } from "../../../provider/errors.js";
import { FakeHosts } from "../../support/fake-transport.js";
import { connectionTo } from "../placed-container/fixtures.js";

beforeAll(() => {
  const { private: key } = ssh2.utils.generateKeyPairSync("ed25519");
  vi.stubEnv("DEAD_HOSTS_KEY", key);
  return () => vi.unstubAllEnvs();
});

const servers: Server[] = [];
const sockets = new Set<Socket>();
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await closeTransports();
  await Promise.all(servers.splice(0).map((server) => new Promise((done) => server.close(done))));
});

/** A server that does nothing but `answer`, as a host of that name. */
async function hostThat(
  name: string,
  answer: (socket: Socket) => void,
): Promise<{ connection: HostConnection; calls: () => number }> {
  let calls = 0;
  const server = createServer((socket) => {
    calls += 1;
    sockets.add(socket);
    socket.on("error", () => {});
    answer(socket);
  });
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return {
    connection: connectionTo(name, {
      ...{ address: "127.0.0.1", port },
      key: { kind: "env", variable: "DEAD_HOSTS_KEY" },
    }),
    calls: () => calls,
  };
}

describe("dead hosts beside healthy ones", () => {
  it("do not keep them from being asked", async () => {
    const dead = await Promise.all(
      Array.from({ length: 12 }, (_, i) => hostThat(`dead-${i}`, () => {})),
    );
    const alive = await hostThat("alive", (socket) => socket.end("busy\r\n"));
    const seen = await observeHosts(
      [...dead, alive].map(({ connection }) => connection),
      { timeoutMs: 5000 },
    );
    expect(alive.calls()).toBeGreaterThan(0);
    expect(seen.at(-1)).toMatchObject({
      reachable: false,
      problem: { message: expect.stringContaining("Connection lost before handshake") as string },
    });
  });

  it("are unreachable however little time an observation has", async () => {
    const silent = await hostThat("silent", () => {});
    expect(await observeHosts([silent.connection], { timeoutMs: 200 })).toMatchObject([
      { problem: { code: "unreachable", message: lateAfter("200 ms") } },
    ]);
  });

  it("are not those that answer, but too slowly", async () => {
    const hosts = await FakeHosts.install("h1");
    hosts.host("h1").onExec(() => new Promise(() => {}));
    expect(await observeHosts([hosts.connection("h1")], { timeoutMs: 50 })).toMatchObject([
      { problem: { code: "deadline", message: lateAfter("50 ms") } },
    ]);
    await hosts.restore();
  });
});

const lateAfter = (time: string) =>
  expect.stringContaining(`cannot be observed: timed out after ${time}`) as string;

describe("a jump host that does not get through", () => {
  it("is given up in time", async () => {
    const failure = (why: string) => new CloudError("unreachable", why, { host: "h1" });
    const never = { forwardOut: () => never } as unknown as Parameters<typeof throughJump>[0];
    const to = { address: "10.0.0.5", port: 22, user: "root", key: { kind: "agent" as const } };
    await expect(
      new Stopwatch(30).run((time) => throughJump(never, to, time, failure)),
    ).rejects.toThrow("timed out after 30 ms");
  });

  it("is asked by six, whose answer the others behind it believe", async () => {
    const silent = await hostThat("jump", () => {});
    const { kind: _kind, ...jump } = silent.connection as Extract<HostConnection, { kind: "ssh" }>;
    const tries = await Promise.allSettled(
      Array.from({ length: 8 }, (_, i) =>
        SshLink.open({ ...jump, port: 1000 + i }, { host: `h${i}`, jump, timeoutMs: 300 }),
      ),
    );
    const why = `cannot be reached at 127.0.0.1:${jump.port}: no SSH handshake within 300 ms`;
    for (const [i, tried] of tries.entries())
      expect(tried).toMatchObject({
        reason: {
          code: "unreachable",
          message: expect.stringContaining(`h${i}: ${why}`) as string,
        },
      });
    expect(silent.calls()).toBe(6);
  });
});

describe("logins at one server", () => {
  const server = (port: number) => Logins.at({ address: "192.0.2.1", port });

  it("are six at a time, whoever asks", async () => {
    const six = await Promise.all(Array.from({ length: 6 }, () => server(1).begin()));
    let begun = false;
    const seventh = server(1)
      .begin()
      .then((login) => ((begun = true), login));
    await server(2).begin();
    expect(begun).toBe(false);
    six[0]?.end();
    expect(await seventh).toEqual({ end: expect.any(Function) as () => void });
  });

  it("tell those who wait that nothing answers there, and nobody who comes later", async () => {
    const six = await Promise.all(Array.from({ length: 6 }, () => server(3).begin()));
    const seventh = server(3).begin();
    await new Promise((resolve) => setTimeout(resolve, 5));
    server(3).failed("timed out after 8 s");
    six[0]?.end();
    expect((await seventh).gone).toBe("timed out after 8 s");
    six[1]?.end();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect((await server(3).begin()).gone).toBeUndefined();
  });
});
