import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  LAB_ROOT,
  labDown,
  labNames,
  labStatus,
  labUp,
  listLabs,
  readInventory,
  reapLabs,
  run,
} from "../../lab/index.js";
import { describeLab, labName, TEST_IMAGE, withLab } from "../support/lab.js";
import { compileLab, type CompiledLab } from "../support/compile-lab.js";

/** Everything on this machine that bears the lab's name or its link's. */
async function tracesOf(name: string): Promise<string[]> {
  const { dir, link, cgroup } = labNames(name);
  const lines = (text: string): string[] => text.split("\n");
  const traces: string[] = [];
  if (existsSync(dir)) traces.push(dir);
  traces.push(...lines(readFileSync("/proc/self/mounts", "utf8")).filter((l) => l.includes(dir)));
  traces.push(...lines((await run(["ip", "-o", "link"])).stdout).filter((l) => l.includes(link)));
  for (const root of ["", ...readdirSync("/sys/fs/cgroup")])
    if (existsSync(`/sys/fs/cgroup/${root}/${cgroup}`)) traces.push(`cgroup ${root}/${cgroup}`);
  for (const pid of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    const cmdline = `/proc/${pid}/cmdline`;
    if (existsSync(cmdline) && readFileSync(cmdline, "utf8").includes(`${dir}/`))
      traces.push(`process ${pid}`);
  }
  const subnets = `${LAB_ROOT}/.subnets`;
  for (const file of existsSync(subnets) ? readdirSync(subnets) : [])
    if (readFileSync(`${subnets}/${file}`, "utf8") === name) traces.push(`subnet ${file}`);
  return traces;
}

/** Everything of this machine that a lab could change by mistake. */
async function machine(): Promise<unknown> {
  return {
    mounts: readFileSync("/proc/self/mounts", "utf8")
      .split("\n")
      .filter((line) => !line.includes(LAB_ROOT)),
    addresses: (await run(["ip", "-o", "addr", "show", "dev", "lo"])).stdout,
    forwarding: readFileSync("/proc/sys/net/ipv4/ip_forward", "utf8"),
    namespaces: (await run(["ip", "netns", "list"])).stdout,
    docker: existsSync("/var/lib/docker"),
    ssh: existsSync("/root/.ssh"),
    hostname: readFileSync("/etc/hostname", "utf8"),
    boot: existsSync("/etc/rc2.d") ? readdirSync("/etc/rc2.d") : [],
  };
}

/** First bytes that a TCP port sends, or the error's code. */
function greeting(address: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: 1000 });
    socket.once("data", (data) => {
      socket.destroy();
      resolve(data.toString());
    });
    socket.once("timeout", () => {
      socket.destroy();
      resolve("timeout");
    });
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? ""));
  });
}

const page = async (url: string): Promise<string> => (await fetch(url)).text();

describeLab("a lab of three hosts", () => {
  const lab = withLab("three", { hosts: 3, cpus: [1, 2, 2], memory: 512 * 1024 ** 2 });

  it("gives an inventory that programs can use", async () => {
    expect(lab.hosts.map((host) => host.name)).toEqual(["h1", "h2", "h3"]);
    expect(lab.hosts.map((host) => host.cpus)).toEqual([1, 2, 2]);
    expect(lab.hosts.map((host) => host.labels["zone"])).toEqual(["a", "b", "c"]);
    expect(await readInventory(lab.name)).toEqual(lab.inventory);
    for (const host of lab.hosts) {
      expect(host.hostKey).toMatch(/^ssh-ed25519 \S+$/);
      expect(await greeting(host.address, 22)).toMatch(/^SSH-2.0-OpenSSH/);
    }
  });

  it("lets in by key only, as root and as a user who needs sudo", async () => {
    const ssh = (user: string, ...words: string[]): string[] => [
      ...["ssh", "-o", "BatchMode=yes", "-o", `UserKnownHostsFile=${lab.inventory.knownHosts}`],
      ...["-o", "IdentitiesOnly=yes", `${user}@${lab.host("h2").address}`, ...words],
    ];
    const withKey = (argv: string[]): string[] => [
      "ssh",
      "-i",
      lab.inventory.keyFile,
      ...argv.slice(1),
    ];
    expect((await run(withKey(ssh("root", "hostname")))).stdout).toBe("h2\n");
    expect((await run(withKey(ssh("ops", "sudo -n id -u")))).stdout).toBe("0\n");
    const denied = await run(withKey(ssh("ops", "docker ps")), { mayFail: true });
    expect(denied.stderr).toContain("permission denied");
    const noKey = await run(ssh("root", "-i", "/dev/null", "true"), { mayFail: true });
    expect(noKey.code).toBe(255);
  });

  it("keeps each host's files, processes, names and daemons apart", async () => {
    for (const path of ["/etc/test", "/opt/test", "/usr/bin/test-l", "/var/lib/test", "/root/test"])
      await lab.sh("h1", "sh", "-c", `echo h1 > ${path}`);
    expect((await lab.exec("h2", ["ls", "/etc/test", "/usr/bin/test-l"])).code).not.toBe(0);
    for (const path of ["/etc/test", "/opt/test", "/usr/bin/test-l", "/var/lib/test", "/root/test"])
      expect(existsSync(path)).toBe(false);
    expect(await lab.sh("h1", "cat", "/proc/1/cmdline")).toContain("/hosts/h1/init.sh");
    expect(await lab.sh("h1", "cat", "/etc/machine-id")).not.toBe(
      await lab.sh("h2", "cat", "/etc/machine-id"),
    );
    await lab.sh("h1", "docker", "run", "-d", "--name", "only-here", TEST_IMAGE);
    expect(await lab.sh("h2", "docker", "ps", "-aq")).toBe("");
    expect((await lab.exec("h1", ["ls", LAB_ROOT])).code).not.toBe(0);
  });

  it("runs containers that answer on the host's address, within the declared memory", async () => {
    await lab.sh(
      "h1",
      "docker",
      "run",
      "-d",
      "--name",
      "web",
      "-p",
      "8080:80",
      TEST_IMAGE,
      "serve",
    );
    expect(await page(`http://${lab.host("h1").address}:8080/`)).toBe("clocker-test\n");
    const hog = await lab.exec("h1", [
      ...["docker", "run", "--rm", "--network", "none", TEST_IMAGE],
      ...["sh", "-c", "dd if=/dev/zero of=/dev/null bs=700M count=1"],
    ]);
    expect(hog.code).toBe(137);
  });

  it("restarts the daemon by its init script, with the settings of daemon.json", async () => {
    const settings = JSON.stringify({ labels: ["test=yes"] });
    await lab.exec("h3", ["tee", "/etc/docker/daemon.json"], settings);
    await lab.sh("h3", "service", "docker", "restart");
    expect(await lab.sh("h3", "docker", "info", "-f", "{{.Labels}}")).toBe("[test=yes]");
    await lab.exec("h3", ["tee", "/etc/docker/daemon.json"], "{ not json");
    const refused = await lab.exec("h3", ["service", "docker", "restart"]);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain("docker does not start");
    await lab.sh("h3", "rm", "/etc/docker/daemon.json");
    await lab.sh("h3", "service", "docker", "start");
  });

  it("starts a daemon that died again", async () => {
    const before = await lab.sh("h3", "cat", "/run/docker.pid");
    await lab.sh("h3", "kill", "-9", before);
    await expect
      .poll(async () => (await lab.exec("h3", ["docker", "ps"])).code, { timeout: 20_000 })
      .toBe(0);
    expect(await lab.sh("h3", "cat", "/run/docker.pid")).not.toBe(before);
  });

  it("loses power and comes back with its disk, its containers and what it starts at boot", async () => {
    const { address } = lab.host("h2");
    await lab.sh("h2", "sh", "-c", "echo kept > /etc/kept");
    await lab.exec(
      "h2",
      ["sh", "-c", "cat > /etc/rc2.d/S99mine && chmod +x /etc/rc2.d/S99mine"],
      "#!/bin/sh\ndocker ps -q > /run/seen-at-boot; echo $1 > /run/started-with\n",
    );
    const always = [
      "docker",
      "run",
      "-d",
      "--restart",
      "always",
      "-p",
      "80:80",
      TEST_IMAGE,
      "serve",
    ];
    await lab.sh("h2", ...always);
    expect(await page(`http://${address}/`)).toBe("clocker-test\n");

    await lab.kill("h2");
    expect(await greeting(address, 22)).not.toContain("SSH");
    const off = (await labStatus(lab.name)).hosts.filter((host) => !host.running);
    expect(off.map((host) => host.name)).toEqual(["h2"]);
    await expect(lab.sh("h2", "true")).rejects.toThrow(
      `host h2 of lab ${lab.name} is off: switch it on with clocker lab restart h2 --name ${lab.name}`,
    );
    await lab.kill("h2"); // nothing to do

    await lab.restart("h2");
    expect(await lab.sh("h2", "cat", "/etc/kept")).toBe("kept");
    const answer = () => page(`http://${address}/`).catch(() => "");
    await expect.poll(answer, { timeout: 20_000 }).toBe("clocker-test\n");
    await expect
      .poll(async () => (await lab.exec("h2", ["cat", "/run/started-with"])).stdout)
      .toBe("start\n");
    expect((await lab.exec("h2", ["cat", "/run/seen-at-boot"])).code).toBe(0);
  });

  it("switches on again what was off when `up` is asked for the same lab", async () => {
    await lab.kill("h1");
    const again = await labUp({ name: lab.name, hosts: 3 });
    expect(again).toEqual(lab.inventory);
    expect((await labStatus(lab.name)).hosts.every((host) => host.running)).toBe(true);
    await expect(labUp({ name: lab.name, hosts: 2 })).rejects.toThrow(
      `lab ${lab.name} is up with 3 hosts, not 2: take it down first with clocker lab down --name ${lab.name}`,
    );
  });

  it("knows its hosts", async () => {
    await expect(lab.kill("h9")).rejects.toThrow(
      `lab ${lab.name} has no host h9: it has h1, h2, h3`,
    );
    await expect(labStatus("no-such-lab")).rejects.toThrow(
      "there is no lab no-such-lab: make it with clocker lab up --name no-such-lab",
    );
  });
});

describeLab("labs side by side", () => {
  const names = [labName("left"), labName("right")] as const;
  afterAll(async () => {
    for (const name of names) await labDown(name);
  });

  it("do not touch each other nor the machine, and go without a trace", async () => {
    const before = await machine();
    const [left, right] = await Promise.all(
      names.map((name) => labUp({ name, hosts: 2, ephemeral: true })),
    );
    expect(left?.subnet).not.toBe(right?.subnet);
    expect((await tracesOf(names[0])).length).toBeGreaterThan(5);

    await labDown(names[0]);
    expect(await tracesOf(names[0])).toEqual([]);
    expect(await listLabs()).not.toContain(names[0]);
    const state = await labStatus(names[1]);
    expect(state.hosts.map((host) => host.running)).toEqual([true, true]);
    expect(await greeting(right?.hosts[0]?.address ?? "", 22)).toContain("SSH");

    await labDown(names[1]);
    expect(await tracesOf(names[1])).toEqual([]);
    await labDown(names[1]); // nothing to do
    expect(await machine()).toEqual(before);
  });
});

describeLab("a process that makes a lab", () => {
  const name = labName("crash");
  let compiled: CompiledLab;
  beforeAll(async () => {
    compiled = await compileLab();
  });
  afterAll(async () => {
    await labDown(name);
    await compiled.remove();
  });

  /** Runs labUp in a process of its own and gives its standard error line by line. */
  function maker(ephemeral: boolean): ChildProcess {
    const code = `
      const { labUp } = require(process.argv[1]);
      const controller = new AbortController();
      process.once("SIGTERM", () => controller.abort(new Error("stopped")));
      labUp({ ...JSON.parse(process.argv[2]), signal: controller.signal, onProgress: (line) => console.error(line) })
        .then(() => console.error("done"), (error) => { console.error(error.message); process.exitCode = 3; });`;
    const options = JSON.stringify({ name, hosts: 3, ephemeral });
    return spawn(process.execPath, ["-e", code, compiled.main, options], {
      stdio: ["ignore", "ignore", "pipe"],
    });
  }
  const exit = (child: ChildProcess): Promise<number | null> =>
    new Promise((resolve) => child.on("exit", resolve));
  const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  const begun = (child: ChildProcess): Promise<unknown> =>
    new Promise((resolve) => child.stderr?.once("data", resolve));

  describe("killed at any moment", () => {
    for (const delay of [0, 60, 250, 500])
      it(`${delay} ms after it began leaves nothing that \`down\` does not remove`, async () => {
        const child = maker(false);
        await begun(child);
        await pause(delay);
        const ended = exit(child);
        child.kill("SIGKILL");
        await ended;
        const { state } = await labStatus(name);
        expect(state).toBe("half made");
        await labDown(name);
        expect(await tracesOf(name)).toEqual([]);
      });
  });

  it("is begun anew by the next `up`", async () => {
    const child = maker(false);
    await begun(child);
    await pause(300);
    const ended = exit(child);
    child.kill("SIGKILL");
    await ended;
    const lines: string[] = [];
    await labUp({ name, hosts: 1, ephemeral: true, onProgress: (line) => lines.push(line) });
    expect(lines[0]).toBe(`removing what was left of lab ${name}`);
    expect((await labStatus(name)).state).toBe("up");
    await labDown(name);
    expect(await tracesOf(name)).toEqual([]);
  });

  it("removes what it made when it is asked to stop", async () => {
    const child = maker(false);
    await begun(child);
    await pause(200);
    const ended = exit(child);
    child.kill("SIGTERM");
    expect(await ended).toBe(3);
    expect(await tracesOf(name)).toEqual([]);
  });

  it("and ends leaves an ephemeral lab to the reaper", async () => {
    const child = maker(true);
    expect(await exit(child)).toBe(0);
    expect((await labStatus(name)).state).toBe("up");
    expect(await reapLabs()).toContain(name);
    expect(await tracesOf(name)).toEqual([]);
  });
});

describeLab("a bare host", () => {
  const lab = withLab("bare", { hosts: 1, bare: true });

  it("has no Docker and installs it from its package source", async () => {
    expect(lab.hosts[0]?.docker).toBe(false);
    expect((await lab.exec("h1", ["docker", "version"])).code).toBe(127);
    await lab.sh("h1", "apt-get", "update");
    await lab.sh(
      "h1",
      ...["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "docker.io"],
    );
    await lab.sh("h1", "service", "docker", "status");
    expect(await lab.sh("h1", "docker", "info", "-f", "{{.Driver}}")).toBe("overlay2");
    await lab.restart("h1");
    await expect
      .poll(async () => (await lab.exec("h1", ["docker", "ps"])).code, { timeout: 20_000 })
      .toBe(0);
  });
});
