import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { observeHost, observeHosts } from "../../../provider/host/observe.js";
import { OBSERVE_SCRIPT, parseMachine } from "../../../provider/host/observe-script.js";
import { USAGE_SCRIPT } from "../../../provider/host/usage-script.js";
import { FakeHosts } from "../../support/fake-transport.js";

let hosts: FakeHosts;
beforeEach(async () => {
  hosts = await FakeHosts.install("h1", "h2", "h3");
  for (const name of ["h1", "h2", "h3"])
    hosts.host(name).onExec(({ script }) =>
      script === OBSERVE_SCRIPT
        ? {
            stdout: `hostname ${name}\ncpus 4\nmemory 1024\naddress 10.0.0.1\ndevice eth0\nmtu 1400\nat 10.0.0.1 1400\nat fd00::1 9000\nroute 10.0.0.0/24 eth0\nroute 10.9.0.1 wg0\n`,
          }
        : undefined,
    );
});
afterEach(() => hosts.restore());

describe("observing hosts", () => {
  it("sees the machine and everything in Docker with one script", async () => {
    const { docker, execs } = hosts.host("h1");
    docker.addContainer("web", {
      Image: "app",
      Labels: { a: "b" },
      HostConfig: {
        PortBindings: { "80/tcp": [{ HostPort: "8080" }] },
        Mounts: [{ Type: "volume", Source: "data", Target: "/d" }],
      },
    });
    const seen = await observeHost(hosts.connection("h1"));
    expect(seen.machine).toMatchObject({
      hostname: "h1",
      cpus: 4,
      memoryBytes: 1024 * 1024,
      underlay: { address: "10.0.0.1", device: "eth0", mtu: 1400 },
      mtus: { "10.0.0.1": 1400, "fd00::1": 9000 },
      routes: [
        { cidr: "10.0.0.0/24", device: "eth0" },
        { cidr: "10.9.0.1/32", device: "wg0" },
      ],
    });
    expect(seen.engine?.containers[0]).toMatchObject({
      Names: ["/web"],
      Labels: { a: "b" },
      Ports: [{ PublicPort: 8080 }],
      Mounts: [{ Name: "data" }],
      NetworkSettings: { Networks: { bridge: { IPAddress: "172.17.0.2" } } },
    });
    expect(seen.engine?.volumes.map((volume) => volume.Name)).toEqual(["data"]);
    expect(execs).toHaveLength(1);
  });

  it("gives unreachable hosts as values, beside the others", async () => {
    hosts.host("h2").down = true;
    const seen = await observeHosts(["h1", "h2", "h3"].map((name) => hosts.connection(name)));
    expect(seen.map((host) => host.reachable)).toEqual([true, false, true]);
    expect(seen[1]).toMatchObject({
      name: "h2",
      problem: {
        code: "unreachable",
        message: "host h2: cannot be reached at h2:22: connection refused",
      },
    });
  });

  it("does not wait for a host that hangs longer than its time", async () => {
    hosts.host("h2").docker.before = () => new Promise(() => {});
    const started = Date.now();
    const seen = await observeHosts(
      ["h1", "h2"].map((name) => hosts.connection(name)),
      { timeoutMs: 200 },
    );
    expect(Date.now() - started).toBeLessThan(1000);
    expect(seen.map((host) => host.reachable)).toEqual([true, false]);
  });

  it.each([
    [120, undefined, ["90", "3"]],
    [30, 5000, ["5", "1"]],
    [30, 2500, ["7", "1"]],
    [120, 60_000, ["40", "3"]],
    [5, 60_000, ["0", "3"]],
  ])("asks how busy it is, %s s old at most, with %s ms for all", async (age, timeoutMs, args) => {
    const asked: (readonly string[])[] = [];
    hosts.host("h1").onExec(({ script, argv }) => {
      if (script !== USAGE_SCRIPT) return undefined;
      asked.push(argv.slice(-2));
      return { stdout: "reading 1 1 1 1 1\nreading 4 7 1 9 4\nnow 6\n" };
    });
    const seen = await observeHost(hosts.connection("h1"), {
      usage: { maxAgeSeconds: age },
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
    expect(asked).toEqual([args]);
    expect(seen.machine.usage).toMatchObject({ readings: [{ up: 1 }, { up: 4 }] });
    expect(seen.machine.usage?.ageSeconds).toBeGreaterThanOrEqual(2);
    expect((await observeHost(hosts.connection("h1"))).machine).not.toHaveProperty("usage");
    expect(asked).toHaveLength(1);
  });

  it("counts the time that Docker took to answer as age of what it read of the machine", async () => {
    hosts
      .host("h1")
      .onExec(({ script }) =>
        script === USAGE_SCRIPT
          ? { stdout: "reading 1 1 1 1 1\nreading 4 7 1 9 4\nnow 6 5000\n" }
          : undefined,
      );
    hosts.host("h1").docker.before = () => new Promise((done) => setTimeout(done, 300));
    const seen = await observeHost(hosts.connection("h1"), { usage: { maxAgeSeconds: 120 } });
    expect(seen.machine.usage?.ageSeconds).toBeGreaterThan(2.2);
    expect(seen.machine.usage?.clock).toBeGreaterThan(5000.2);
  });

  it("reads a machine that says little", () => {
    expect(parseMachine("", "local")).toMatchObject({
      cpus: 0,
      memoryBytes: 0,
      underlay: { address: "127.0.0.1", mtu: 1500 },
      routes: [],
    });
  });
});
