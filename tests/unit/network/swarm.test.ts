import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { transportFor } from "../../../provider/host/pool.js";
import type { DriverContext, HostPart } from "../../../provider/network/driver.js";
import { planParts } from "../../../provider/network/plan.js";
import { swarmDriver } from "../../../provider/network/swarm/driver.js";
import { FakeSwarms } from "../../support/fake-swarm.js";
import { FakeHosts } from "../../support/fake-transport.js";
import { inputsOn } from "./fake-network.js";

const NAMES = ["h1", "h2", "h3", "h4", "h5"];
let fakes: FakeHosts;
let swarms: FakeSwarms;
let disk: string;

const fileOf = (host: string) => join(disk, host, "swarm");
const markOf = (host: string) =>
  existsSync(fileOf(host)) ? readFileSync(fileOf(host), "utf8") : "none";
const putMark = (host: string, text: string) => {
  mkdirSync(join(disk, host), { recursive: true });
  writeFileSync(fileOf(host), text);
};

/** The scripts about the mark run for real, on a directory of the test's; other scripts succeed. */
beforeEach(async () => {
  disk = mkdtempSync(join(tmpdir(), "clocker-swarm-"));
  fakes = await FakeHosts.install(...NAMES);
  swarms = new FakeSwarms(fakes, ...NAMES);
  for (const name of NAMES)
    fakes.host(name).onExec(({ script, argv }) => {
      if (script?.includes("/var/lib/clocker/swarm") !== true) return undefined;
      const text = script.replaceAll("/var/lib/clocker", join(disk, name));
      const input = `docker() { return 1; }\n${text}`;
      return { stdout: execFileSync("sh", ["-s", ...argv.slice(1)], { input, encoding: "utf8" }) };
    });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await fakes.restore();
  rmSync(disk, { recursive: true });
});

function on(host: string, hosts: string[]): [DriverContext, HostPart] {
  const inputs = { ...inputsOn(fakes, ...hosts), driver: "swarm" as const };
  // the address follows the host's name, so that it is the same in every network
  for (const one of inputs.hosts) one.underlay = `192.0.2.${one.name.slice(1)}`;
  const part = planParts(inputs).find((one) => one.host === host);
  if (!part) throw new Error(`no host ${host}`);
  const to = (name: string) => transportFor(fakes.connection(name));
  return [{ transport: to(host), to }, part];
}

async function up(...hosts: string[]): Promise<void> {
  const [first = ""] = hosts;
  await swarmDriver.introduce?.(...on(first, hosts));
  for (const host of hosts) await swarmDriver.join(...on(host, hosts));
}

const destroy = (...hosts: string[]) =>
  Promise.all(hosts.map((host) => swarmDriver.leave(...on(host, hosts), true)));

describe("a swarm that we make", () => {
  it("has three managers, and each host notes which swarm it is in, as which node, and that it is ours", async () => {
    await up("h1", "h2", "h3", "h4");
    const swarm = swarms.of("h1");
    expect(String(swarm)).toBe("h1* h2* h3* h4");
    expect(swarm?.labels).toEqual({ "io.clocker.swarm": "made" });
    for (const { host, id } of swarm?.nodes ?? [])
      expect(markOf(host)).toBe(`gateway ours\nswarm made\ncluster ${swarm?.id}\nnode ${id}\n`);
  });

  it("ends with the last network where it holds nothing else", async () => {
    await up("h1", "h2", "h3", "h4");
    await destroy("h1", "h2", "h3", "h4");
    expect([...swarms.members.keys()]).toEqual([]);
    expect(swarms.log.filter((line) => /worker$/.test(line))).toEqual(["h4 joins as worker"]);
    expect(NAMES.map(markOf)).toEqual(NAMES.map(() => "none"));
  });

  it("is left also where a busy daemon does not stop its part of it in time", async () => {
    await up("h1", "h2", "h3");
    let refused = 0;
    fakes.host("h2").docker.before = (request) => {
      if (request !== "POST /swarm/leave" || refused > 0) return;
      refused += 1;
      throw new Error("context deadline exceeded");
    };
    await destroy("h1", "h2", "h3");
    expect(refused).toBe(1);
    expect([...swarms.members.keys()]).toEqual([]);
    expect(NAMES.map(markOf)).toEqual(NAMES.map(() => "none"));
  });

  it("ends also where another manager was faster to remove the network", async () => {
    await up("h1", "h2", "h3");
    const { docker } = fakes.host("h1");
    let answered = 0;
    docker.before = (request) => {
      const [, id] = /^DELETE \/networks\/(\w+)$/.exec(request) ?? [];
      if (id === undefined) return;
      docker.networks.delete(id);
      answered += 1;
      throw new Error(`network ${id} not found`);
    };
    await destroy("h1", "h2", "h3");
    expect(answered).toBe(1);
    expect([...swarms.members.keys()]).toEqual([]);
    expect(NAMES.map(markOf)).toEqual(NAMES.map(() => "none"));
  });

  it("outlives the network where it has services: the others hand over, the last stays with them", async () => {
    await up("h1", "h2", "h3");
    const swarm = swarms.of("h1");
    swarm?.services.push({ ID: "web" });
    await destroy("h1", "h2", "h3");
    expect(swarm?.hasMajority).toBe(true);
    expect(String(swarm)).toMatch(/^h\d\*$/);
    expect(swarm?.nodes).toHaveLength(1);
    expect(swarms.log.filter((line) => line.endsWith("by force"))).toEqual([]);
    expect(NAMES.map(markOf)).toEqual(NAMES.map(() => "none"));
  });

  it("is handed to a node beyond the network's hosts", async () => {
    await up("h1", "h2");
    const swarm = swarms.of("h1");
    if (swarm) swarms.enter(swarm, "h5", "worker");
    await destroy("h1", "h2");
    expect(String(swarm)).toBe("h5*");
    expect(swarm?.hasMajority).toBe(true);
    expect(swarms.log.filter((line) => line.endsWith("by force"))).toEqual([]);
  });

  it("is left by force once every other manager says that it has left", async () => {
    await up("h1", "h2", "h3");
    swarms.members.delete("h1");
    swarms.members.delete("h2");
    await swarmDriver.leave(...on("h3", ["h1", "h2", "h3"]), true);
    expect(swarms.log.at(-1)).toBe("h3 leaves by force");
    expect(markOf("h3")).toBe("none");
  });

  it("ends also where the last networks of its hosts are not the same", async () => {
    await up("h1", "h2", "h3");
    // h3 has left with a network of all three; the other two have one more
    await swarmDriver.leave(...on("h3", ["h1", "h2", "h3"]), true);
    await swarmDriver.leave(...on("h1", ["h1", "h2"]), true);
    await swarmDriver.leave(...on("h2", ["h1", "h2"]), true);
    expect(swarms.log.slice(-3)).toEqual([
      "h3 leaves by force",
      "h1 leaves by force",
      "h2 leaves by force",
    ]);
    expect(NAMES.map(markOf)).toEqual(NAMES.map(() => "none"));
  });

  it("is not left because it does not answer", async () => {
    await up("h1", "h2", "h3");
    const before = swarms.log.length;
    for (const host of ["h1", "h2", "h3"]) swarms.silent.add(host);
    let now = Date.now();
    vi.spyOn(Date, "now").mockImplementation(() => (now += 10_000));
    await expect(swarmDriver.leave(...on("h2", ["h1", "h2", "h3"]), true)).rejects.toThrow(
      "host h2: the swarm of network app does not answer, so the host stays in it\n" +
        "See docker node ls on a manager and run again. If the swarm is lost for good: docker swarm leave --force",
    );
    expect(swarms.log).toHaveLength(before);
    expect(markOf("h2")).toContain("swarm made");
  });

  it("is joined once it has chosen a leader", async () => {
    await up("h1", "h2");
    for (const host of ["h1", "h2"]) swarms.silent.add(host);
    setTimeout(() => swarms.silent.clear(), 300);
    await swarmDriver.join(...on("h3", ["h1", "h2", "h3"]));
    expect(String(swarms.of("h1"))).toBe("h1* h2 h3*");
    expect(markOf("h3")).toContain("swarm made");
  });

  it("is not joined while it has no leader", async () => {
    await up("h1", "h2");
    for (const host of ["h1", "h2"]) swarms.silent.add(host);
    let now = Date.now();
    vi.spyOn(Date, "now").mockImplementation(() => (now += 10_000));
    await expect(swarmDriver.join(...on("h3", ["h1", "h2", "h3"]))).rejects.toThrow(
      "host h3: cannot make network app: its swarm does not answer\n" +
        "See docker node ls on a manager and run again. If the swarm is lost for good: docker swarm leave --force",
    );
    expect(markOf("h3")).toBe("none");
  });

  it("is not promoted into: a worker that somebody else brought in stays one", async () => {
    await up("h1", "h2", "h3");
    const swarm = swarms.of("h1");
    if (swarm) swarms.enter(swarm, "h4", "worker");
    await swarmDriver.join(...on("h4", ["h1", "h4", "h2"]));
    expect(String(swarm)).toBe("h1* h2* h3* h4");
    expect(markOf("h4")).toBe("none");
  });

  it("is recognized after a crash between making it and noting it", async () => {
    await up("h1", "h2");
    putMark("h1", "gateway kept\nswarm made\ncluster new\n");
    await up("h1", "h2");
    const swarm = swarms.of("h1");
    const lines = [
      "gateway kept",
      "swarm made",
      `cluster ${swarm?.id}`,
      `node ${swarm?.nodes[0]?.id}`,
    ];
    expect(markOf("h1").trimEnd().split("\n")).toEqual(lines);
  });
});

describe("a swarm that is there already", () => {
  it("gets our hosts as workers, and its own workers keep their role", async () => {
    const swarm = swarms.existing("h1*", "h2", "h5*", "h4*");
    await up("h1", "h2", "h3");
    expect(String(swarm)).toBe("h1* h2 h5* h4* h3");
    expect(markOf("h1")).toBe("none");
    expect(markOf("h2")).toBe("none");
    const lines = [
      "gateway ours",
      "swarm found",
      `cluster ${swarm.id}`,
      `node ${swarm.nodes[4]?.id}`,
    ];
    expect(markOf("h3").trimEnd().split("\n")).toEqual(lines);
  });

  it("loses only the hosts that we brought in, which it forgets", async () => {
    const swarm = swarms.existing("h1*", "h2");
    await up("h1", "h2", "h3");
    await destroy("h1", "h2", "h3");
    expect(String(swarm)).toBe("h1* h2");
    expect(swarms.log).toEqual(["h3 joins as worker", "h3 leaves", "h3 forgotten"]);
  });

  it("keeps its majority where one of ours was made a manager by hand", async () => {
    const swarm = swarms.existing("h1*");
    await up("h1", "h3");
    for (const node of swarm.nodes) node.role = "manager";
    await destroy("h1", "h3");
    expect(String(swarm)).toBe("h1*");
    expect(swarm.hasMajority).toBe(true);
    expect(swarms.log.slice(1)).toEqual(["h3 worker", "h3 leaves", "h3 forgotten"]);
  });

  it("is not left where the host joined it by hand after ours: only the mark goes", async () => {
    await up("h1", "h2");
    swarms.members.delete("h2");
    const other = swarms.existing("h5*", "h2");
    await swarmDriver.leave(...on("h2", ["h1", "h2"]), false);
    expect(String(other)).toBe("h5* h2");
    expect(markOf("h2")).toBe("none");
  });
});

describe("the mark of an older version", () => {
  it("is ours where only the network's hosts are in the swarm and it holds nothing", async () => {
    const swarm = swarms.existing("h1*", "h2", "h3");
    for (const host of ["h1", "h2", "h3"]) putMark(host, "gateway ours\n");
    await destroy("h1", "h2", "h3");
    expect(String(swarm)).toBe("");
    expect(NAMES.map(markOf)).toEqual(NAMES.map(() => "none"));
  });

  it.each([
    ["services", (swarm: { services: object[] }) => swarm.services.push({ ID: "web" })],
    ["foreign nodes", (swarm: never) => swarms.enter(swarm, "h5", "worker")],
  ])("is only removed where the swarm has %s", async (_what, use) => {
    const swarm = swarms.existing("h1*", "h2");
    use(swarm as never);
    const before = String(swarm);
    putMark("h2", "gateway ours\n");
    await swarmDriver.leave(...on("h2", ["h1", "h2"]), true);
    expect(String(swarm)).toBe(before);
    expect(markOf("h2")).toBe("none");
  });
});
