import { cp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeLab, TEST_IMAGE, withLab } from "../support/lab.js";
import { Project, ROOT, sayWhichTools, TOOLS } from "../support/project.js";

/** What a network leaves on a machine: links, rules, processes, files, names. Empty after it has left. */
const TRACES = `
ip -o link | grep -oE 'cn[bvwx][0-9]+' | sort -u
ip route | grep 'proto 201'
iptables-save | grep -iE 'clocker|CLK-|DOCKER'
find /var/lib/clocker /etc/init.d/clocker-net /etc/rc2.d/S99clocker-net 2>/dev/null
cat /etc/hosts /root/hosts.before | sort | uniq -u
ps -eo comm | grep -E 'wireguard-go|dnsmasq'
true`;

const SERVER = `
use IO::Socket::INET;
my $name = qx(hostname);
my $server = IO::Socket::INET->new(LocalPort => 8000, Listen => 9, ReuseAddr => 1) or die;
while (my $client = $server->accept) {
  while (<$client>) { last if /^\\s*$/ }
  print $client "HTTP/1.0 200 OK\\r\\n\\r\\n$name";
  close $client;
}`;

sayWhichTools();

const EACH = TOOLS.map((tool) => ({ tool, with: tool.name }));

/** The example as it is, on a lab: containers on two hosts, and a machine without Docker. */
describeLab.each(EACH)("examples/hybrid, with $with", ({ tool }) => {
  const lab = withLab("hybrid", { hosts: 3, bare: ["h3"] });
  let project: Project;

  beforeAll(async () => {
    await lab.sh("h3", "cp", "/etc/hosts", "/root/hosts.before");
    project = await Project.create("hybrid", "", {}, tool);
    await cp(join(ROOT, "examples/hybrid/index.ts"), join(project.folder, "index.ts"));
    const inventory = join(project.folder, "inventory.json");
    await writeFile(inventory, JSON.stringify(lab.inventory));
    for (const [key, value] of Object.entries({
      ...{ inventory, image: TEST_IMAGE, pull: "false" },
      command: '["serve","8000"]',
    }))
      await config(key, value);
    await serve();
  });
  afterAll(() => project?.remove());

  const config = (key: string, value: string) =>
    project.must(["config", "set", key, value, "--stack", "dev"]);

  /** Answers on the machine at port 8000, with its name. */
  const serve = () =>
    lab.sh("h3", "sh", "-c", 'setsid perl -e "$1" >/dev/null 2>&1 &', "sh", SERVER);

  /** Who answers a container at that name. */
  const fromContainer = async (host: string, name: string) => {
    const ask = 'docker exec $(docker ps -q) timeout 3 wget -q -O - "http://$1:8000/"';
    return (await lab.exec(host, ["sh", "-c", ask, "sh", name])).stdout.trim();
  };
  /** Who answers the machine. */
  const fromMachine = async (name: string) => {
    const ask =
      'exec 3<>"/dev/tcp/$1/8000"; printf "GET /cgi-bin/hostname HTTP/1.0\\r\\n\\r\\n" >&3; tail -n 1 <&3';
    return (await lab.exec("h3", ["timeout", "3", "bash", "-c", ask, "bash", name])).stdout.trim();
  };

  async function reachEachOther(): Promise<void> {
    for (const host of ["h1", "h2"])
      for (const name of ["database", "db.app.clocker"])
        expect(await fromContainer(host, name)).toBe("h3");
    for (const name of ["web-0", "web-1"]) {
      expect(await fromMachine(name)).toBe(name);
      expect(await fromMachine(`${name}.app.clocker`)).toBe(name);
    }
    const { stdout } = await lab.exec("h3", ["getent", "ahostsv4", "web.app.clocker"]);
    expect(new Set(stdout.match(/^\S+/gm)).size).toBe(2);
  }

  async function joinWith(driver: string): Promise<void> {
    await config("driver", driver);
    const { stdout } = await project.must(["preview", "--stack", "dev"]);
    const [, address] = /address *: "(10\.\d+\.255\.254)"/.exec(stdout) ?? [];
    expect(address).toBeDefined();
    await project.must(["up", "--yes", "--skip-preview", "--stack", "dev"]);
    expect(await lab.sh("h3", "ip", "-o", "-4", "addr")).toContain(` ${address}/16 `);
    await project.must(["preview", "--refresh", "--expect-no-changes", "--stack", "dev"]);
    await reachEachOther();
  }

  const destroy = async () => {
    await project.must(["destroy", "--yes", "--skip-preview", "--stack", "dev"]);
    expect(await lab.sh("h3", "sh", "-c", TRACES)).toBe("");
  };

  it.each(["routed", "wireguard"])("joins and leaves with driver %s", async (driver) => {
    await joinWith(driver);
    await destroy();
  });

  it("joins with driver vxlan, and keeps the address that the preview showed", async () => {
    await joinWith("vxlan");
  });

  it("comes back after a power cut, and what was removed by hand with the next up", async () => {
    await lab.restart("h3");
    await serve();
    await expect.poll(() => fromContainer("h1", "db"), { timeout: 10_000 }).toBe("h3");
    await reachEachOther();
    await lab.sh("h3", "cp", "/root/hosts.before", "/etc/hosts");
    expect(await fromMachine("web-0")).toBe("");
    await project.must(["up", "--yes", "--skip-preview", "--refresh", "--stack", "dev"]);
    expect(await fromMachine("web-0")).toBe("web-0");
  });

  it("leaves, and nothing of the network is left on the machine", destroy);
});
