import { afterAll, beforeAll, expect, it } from "vitest";
import { describeLab, withLab } from "../support/lab.js";
import { sayWhichTools, TOOLS } from "../support/project.js";
import type { Wanted } from "./support/cloud-program.js";
import { CloudProject, places, type Found } from "./support/cloud-project.js";

const on = (host: string, more: object) => ({
  constraints: [{ kind: "host", host }],
  command: ["serve", "8000"],
  ...more,
});

/** Two applications with a network each on three hosts, and one container that is on both. */
const WANTED: Wanted = {
  hosts: ["h1", "h2", "h3"],
  networks: ["red", "blue"],
  containers: {
    "red-1": on("h1", { on: ["red"] }),
    "red-2": on("h2", { on: ["red"] }),
    "blue-1": on("h1", { on: ["blue"] }),
    "blue-3": on("h3", { on: ["blue"] }),
    both: on("h2", { on: ["red", "blue"] }),
  },
};

/** What our networks leave on a host: links, rules, processes, files. Empty after a destroy. */
const TRACES = `
ip -o link | grep -oE 'cn[bv][0-9]+' | sort -u
iptables-save | grep -iE 'clocker|cnb[0-9]' || true
ps -eo args | grep '[d]nsmasq.*cnb' || true
find /var/lib/clocker /run/clocker -type f 2>/dev/null
docker ps -aq --filter label=io.clocker.owner
docker network ls -q --filter label=io.clocker.owner
`;

sayWhichTools();

const EACH = TOOLS.map((tool) => ({ tool, with: tool.name }));

describeLab.each(EACH)("networks of programs on real hosts, with $with", ({ tool }) => {
  const lab = withLab("network-e2e", { hosts: 3 });
  let cloud: CloudProject;
  let found: Record<string, Found>;

  beforeAll(async () => {
    // Somebody else's, before we come.
    await lab.sh("h1", "docker", "network", "create", "--subnet", "10.200.0.0/24", "theirs");
    const image = "clocker-test/busybox:dev";
    await lab.sh(
      ...(["h1", "docker", "run", "-d", "--name", "theirs"] as const),
      ...["--network", "theirs", "-v", "theirs:/data", image, "sleep", "infinity"],
    );
    cloud = await CloudProject.create(lab, "net", tool);
    await cloud.up(WANTED);
    found = await cloud.found();
  });
  afterAll(() => cloud.remove());

  /** Runs a command in a container; its exit code is 0 or not. */
  async function inside(name: string, ...argv: string[]) {
    const { host, id } = (await cloud.found())[name]!;
    return lab.exec(host, ["docker", "exec", id, ...argv]);
  }

  /** The host name of whoever answers there, or "" when nobody does. */
  async function asks(from: string, target: string): Promise<string> {
    const url = `http://${target}:8000/cgi-bin/hostname`;
    return (await inside(from, "timeout", "3", "wget", "-q", "-O", "-", url)).stdout.trim();
  }

  /** Waits for what the hosts do by themselves. */
  async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
    const end = Date.now() + 30_000;
    while (!(await holds())) {
      if (Date.now() > end) throw new Error(`not within 30 s: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }

  it("containers on different hosts reach each other by name and by address, at once", async () => {
    expect(found["red-1"]!.host).not.toBe(found["red-2"]!.host);
    expect(await asks("red-1", "red-2")).toBe("red-2");
    expect(await asks("red-2", "red-1")).toBe("red-1");
    expect(await asks("red-1", found["red-2"]!.addresses["red"]!)).toBe("red-2");
    expect(await asks("blue-3", "blue-1.blue.clocker")).toBe("blue-1");
  });

  it("two networks know nothing of each other, by name or by address", async () => {
    expect(await asks("red-1", "blue-1")).toBe("");
    expect(await asks("red-1", found["blue-1"]!.addresses["blue"]!)).toBe("");
    expect(await asks("red-1", found["blue-3"]!.addresses["blue"]!)).toBe("");
    expect(await asks("blue-3", found["red-1"]!.addresses["red"]!)).toBe("");
  });

  it("a container in two networks is reached in both and asks their name servers in that order", async () => {
    expect(Object.keys(found["both"]!.addresses).sort()).toEqual(["blue", "red"]);
    expect(await asks("red-1", "both")).toBe("both");
    expect(await asks("blue-3", "both")).toBe("both");
    expect(await asks("both", "blue-1")).toBe("blue-1");
    expect(await asks("both", "red-1")).toBe("red-1");
    // Its name servers are the networks' gateways on h2, in attach order.
    const { host, id } = found["both"]!;
    const servers = JSON.parse(
      await lab.sh(host, "docker", "inspect", "-f", "{{json .HostConfig.Dns}}", id),
    ) as string[];
    const gatewayOf = (network: string) =>
      found["both"]!.addresses[network]!.replace(/\.\d+$/, ".1");
    expect(servers.slice(0, 2)).toEqual([gatewayOf("red"), gatewayOf("blue")]);
  });

  it("a refresh shows what was stopped and removed by hand, and up restores both", async () => {
    const env = { env: { WANTED: JSON.stringify(WANTED) } };
    await lab.sh("h2", "docker", "stop", "-t", "0", found["red-2"]!.id);
    await lab.sh("h1", "docker", "rm", "-f", found["blue-1"]!.id);
    const log = await cloud.project.must(
      ["refresh", "--yes", "--skip-preview", "--stack", "dev"],
      env,
    );
    expect(log.output).toMatch(/blue-1.*delete/);
    expect(log.output).toMatch(/red-2/);
    const preview = await cloud.mustPreview(WANTED);
    expect(preview.ops).toEqual({ "blue-1": "create", "red-2": "update" });
    expect(preview.said).toContainEqual(expect.stringMatching(/^red-2: restore: /));
    await cloud.up(WANTED);
    const after = await cloud.found();
    expect(places(after)).toEqual(places(found));
    expect(after["red-2"]!.id).toBe(found["red-2"]!.id);
    expect(await asks("red-1", "red-2")).toBe("red-2");
    expect(await asks("blue-3", "blue-1")).toBe("blue-1");
    await cloud.isDone(WANTED);
  });

  it("up --refresh does it in one", async () => {
    const before = await cloud.found();
    await lab.sh("h3", "docker", "rm", "-f", before["blue-3"]!.id);
    await cloud.up(WANTED, "--refresh");
    const after = await cloud.found();
    expect(places(after)).toEqual(places(before));
    expect(await asks("blue-1", "blue-3")).toBe("blue-3");
    await cloud.isDone(WANTED);
  });

  it("after a power cut the host's containers come back and are reachable without us", async () => {
    const before = await cloud.found();
    await lab.kill("h2");
    await lab.restart("h2");
    await eventually("red-1 finds red-2", async () => (await asks("red-1", "red-2")) === "red-2");
    await eventually("both finds blue-3", async () => (await asks("both", "blue-3")) === "blue-3");
    expect(await cloud.found()).toEqual(before);
    await cloud.isDone(WANTED);
  });

  it("destroy leaves nothing of ours and touches nothing of others", async () => {
    await cloud.destroy();
    for (const { name } of lab.hosts) {
      expect(await lab.sh(name, "sh", "-c", TRACES), name).toBe("");
    }
    const theirs = ["docker", "inspect", "-f", "{{.State.Running}}", "theirs"];
    expect(await lab.sh("h1", ...theirs)).toBe("true");
    const networks = await lab.sh("h1", "docker", "network", "ls", "--format", "{{.Name}}");
    expect(networks.split("\n").sort()).toEqual(["bridge", "host", "none", "theirs"]);
    expect(await lab.sh("h1", "docker", "volume", "ls", "-q")).toBe("theirs");
    expect(await cloud.project.resources()).toEqual([]);
  });
});
