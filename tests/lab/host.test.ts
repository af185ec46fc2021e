import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import type { HostConnection } from "../../provider/host/connection.js";
import { dockerFor } from "../../provider/host/docker.js";
import { closeTransports } from "../../provider/host/pool.js";
import { SshTransport } from "../../provider/host/ssh.js";
import { run } from "../../lab/index.js";
import { opensshOptions } from "../../sdk/resources/openssh-options.js";
import { describeLab, withLab } from "../support/lab.js";
import { NASTY_STRINGS } from "../unit/host/nasty-strings.js";

type Ssh = Extract<HostConnection, { kind: "ssh" }>;

const open: SshTransport[] = [];
function connect(
  connection: HostConnection,
  more: Partial<Ssh> = {},
  timeoutMs?: number,
): SshTransport {
  const options = timeoutMs === undefined ? {} : { connectTimeoutMs: timeoutMs };
  const transport = new SshTransport({ ...(connection as Ssh), ...more }, options);
  open.push(transport);
  return transport;
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((transport) => transport.close()));
  await closeTransports();
});

describeLab("host access", () => {
  const lab = withLab("host", { hosts: 2, image: false });
  const folder = mkdtempSync(join(tmpdir(), "clocker-host-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  const newKey = (name: string, ...options: string[]) => {
    const file = join(folder, name);
    execFileSync("ssh-keygen", [
      "-q",
      "-t",
      "ed25519",
      "-f",
      file,
      ...(options.length ? options : ["-N", ""]),
    ]);
    return file;
  };

  it("logs in with a pinned key, by key and by fingerprint", async () => {
    const { hostKey } = lab.host("h1");
    const blob = Buffer.from(hostKey.split(" ")[1] ?? "", "base64");
    const fingerprint =
      execFileSync("ssh-keygen", ["-lf", "-"], { input: hostKey, encoding: "utf8" }).split(
        " ",
      )[1] ?? "";
    expect(blob.length).toBeGreaterThan(32);
    for (const pin of [hostKey, fingerprint]) {
      const result = await connect(lab.connection("h1"), { hostKeys: [pin] }).exec(["hostname"]);
      expect(result).toMatchObject({ code: 0, stdout: "h1\n" });
    }
  });

  it("refuses a changed key before it says who we are, and names both fingerprints (B6)", async () => {
    const other = readFileSync(`${newKey("other-host")}.pub`, "utf8").trim();
    const transport = connect(lab.connection("h1"), { hostKeys: [other] });
    const error = await transport.exec(["true"]).catch((e: unknown) => e as Error);
    expect(error).toMatchObject({ code: "host-key" });
    const text = (error as Error).message;
    expect(text).toMatch(
      /^host h1: the host key of .*:22 has changed\n {2}- expected: SHA256:\S+ \(from hostKeys\)\n {2}- offered: {2}SHA256:\S+ \(ssh-ed25519\)\nNothing was sent\./,
    );
    expect(text).toContain(lab.host("h1").hostKey.split(" ").slice(0, 2).join(" "));
  });

  it("refuses an unknown key and says how to pin it", async () => {
    const empty = join(folder, "known_hosts_empty");
    writeFileSync(empty, "");
    const transport = connect(lab.connection("h1"), { hostKeys: [], knownHosts: empty });
    const key = lab.host("h1").hostKey.split(" ").slice(0, 2).join(" ");
    await expect(transport.exec(["true"])).rejects.toThrow(`pin it: hostKeys: ["${key}"].`);
  });

  it("finds the key in known_hosts, hashed too", async () => {
    const { address, hostKey } = lab.host("h1");
    const hashed = join(folder, "known_hosts");
    writeFileSync(hashed, `other,${address} ${hostKey}\n`);
    execFileSync("ssh-keygen", ["-q", "-H", "-f", hashed], { stdio: "ignore" });
    expect(readFileSync(hashed, "utf8")).toContain("|1|");
    const transport = connect(lab.connection("h1"), { hostKeys: [], knownHosts: hashed });
    expect((await transport.exec(["true"])).code).toBe(0);
  });

  it("says which login was refused, once (B7)", async () => {
    const path = newKey("stranger");
    const transport = connect(lab.connection("h1"), { key: { kind: "file", path } });
    const first = transport.exec(["true"]);
    await expect(first).rejects.toThrow(
      `host h1: ${lab.host("h1").address}:22 refused the login of root\n  - tried: key file ${path}`,
    );
    await expect(first).rejects.toMatchObject({ code: "authentication" });
  });

  it("asks for an agent when the key is encrypted, and shows nothing of it", async () => {
    const path = newKey("locked", "-N", "a-long-passphrase");
    const transport = connect(lab.connection("h1"), { key: { kind: "file", path } });
    await expect(transport.exec(["true"])).rejects.toThrow(
      `host h1: the private key of key file ${path} is encrypted\nAdd it to an agent (ssh-add)`,
    );
  });

  it("takes the key from the environment and from an agent", async () => {
    process.env["CLOCKER_TEST_KEY"] = readFileSync(lab.inventory.keyFile, "utf8");
    const byVariable = connect(lab.connection("h1"), {
      key: { kind: "env", variable: "CLOCKER_TEST_KEY" },
    });
    expect((await byVariable.exec(["true"])).code).toBe(0);
    delete process.env["CLOCKER_TEST_KEY"];

    const socket = join(folder, "agent.sock");
    const said = execFileSync("ssh-agent", ["-a", socket], { encoding: "utf8" });
    const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(said)?.[1]);
    try {
      execFileSync("ssh-add", ["-q", lab.inventory.keyFile], {
        env: { ...process.env, SSH_AUTH_SOCK: socket },
      });
      const byAgent = connect(lab.connection("h1"), { key: { kind: "agent", socket } });
      expect((await byAgent.exec(["true"])).code).toBe(0);
    } finally {
      process.kill(pid);
    }
  });

  it("gives OpenSSH the same settings, the key of the jump host included", async () => {
    const { address, port, user, key, hostKeys } = lab.connection("h1") as Ssh;
    const jump = { address, port, user, key, ...(hostKeys ? { hostKeys } : {}) };
    const target = { ...(lab.connection("h2") as Ssh), jump };
    const ssh = (access: Ssh) =>
      run(
        [
          ...["ssh", "-F", "none", ...opensshOptions(access)],
          `ssh://${access.user}@${access.address}:${access.port}`,
          'hostname; echo "$SSH_CONNECTION"',
        ],
        { mayFail: true },
      );
    expect(await ssh(target)).toMatchObject({
      stderr: "",
      code: 0,
      stdout: expect.stringMatching(new RegExp(`^h2\n${address} `)) as string,
    });
    const wrong = [lab.host("h2").hostKey];
    const refused = await ssh({ ...target, jump: { ...jump, hostKeys: wrong } });
    expect(refused.code).toBe(255);
    expect(refused.stderr).toMatch(/Host key verification failed/);
  });

  it("goes through a jump host that is pinned itself", async () => {
    const { address, port, user, key, hostKeys } = lab.connection("h1") as Ssh;
    const jump = { address, port, user, key, ...(hostKeys ? { hostKeys } : {}) };
    const result = await connect(lab.connection("h2"), { jump }).exec([
      "sh",
      "-c",
      'hostname; echo "${SSH_CONNECTION%% *}"',
    ]);
    expect(result.stdout).toBe(`h2\n${address}\n`);
    const wrong = { ...jump, hostKeys: [lab.host("h2").hostKey] };
    await expect(
      connect(lab.connection("h2"), { jump: wrong }).exec(["true"]),
    ).rejects.toMatchObject({ code: "host-key" });
  });

  it("carries argv and script arguments byte for byte, and no sentinel appears (F4)", async () => {
    const transport = connect(lab.connection("h1"));
    const seen = (out: string) => out.split("\0").slice(0, -1);
    expect(seen((await transport.exec(["printf", "%s\\0", ...NASTY_STRINGS])).stdout)).toEqual(
      NASTY_STRINGS,
    );
    expect(seen((await transport.script("printf '%s\\0' \"$@\"", NASTY_STRINGS)).stdout)).toEqual(
      NASTY_STRINGS,
    );
    expect((await transport.exec(["test", "-e", "/tmp/clocker-sentinel"])).code).toBe(1);
  });

  it("runs 50 commands at once over one connection of sshd's defaults (B8)", async () => {
    const transport = connect(lab.connection("h1"));
    const runs = await Promise.all(
      Array.from({ length: 50 }, (_, i) => transport.exec(["sh", "-c", `sleep 0.05; echo ${i}`])),
    );
    expect(runs.map((run) => Number(run.stdout))).toEqual(Array.from({ length: 50 }, (_, i) => i));
    const peers = await transport.exec(["sh", "-c", 'echo "$SSH_CONNECTION"; sleep 0.1']);
    expect(peers.code).toBe(0);
  });

  it("talks to Docker over the forwarded socket, 30 requests at once", async () => {
    const docker = dockerFor(lab.connection("h1"));
    expect((await docker.info()).Name).toBe("h1");
    const all = await Promise.all(Array.from({ length: 30 }, () => docker.listNetworks()));
    expect(all.every((networks) => networks.some((network) => network.Name === "bridge"))).toBe(
      true,
    );
  });

  it("comes in as a user with sudo: commands and Docker (dial-stdio) alike", async () => {
    const connection = lab.connection("h1", "sudo");
    const transport = connect(connection);
    expect((await transport.exec(["id", "-u"])).stdout).toBe("0\n");
    expect((await transport.exec(["id", "-u"], { asUser: true })).stdout).not.toBe("0\n");
    const docker = dockerFor(transport);
    expect((await docker.info()).Name).toBe("h1");
    const all = await Promise.all(Array.from({ length: 20 }, () => docker.listNetworks()));
    expect(all).toHaveLength(20);
    await transport.withLock("sudo-test", async () => {
      expect((await transport.exec(["id", "-u"])).stdout).toBe("0\n");
    });
  });

  it("frees a lock when the channel's client dies", async () => {
    const holder = connect(lab.connection("h1"));
    const waiter = connect(lab.connection("h1"));
    let inside!: () => void;
    const entered = new Promise<void>((resolve) => (inside = resolve));
    const held = holder.withLock("net", () => {
      inside();
      return new Promise(() => {});
    });
    held.catch(() => {});
    await entered;
    await expect(waiter.withLock("net", async () => 1, { waitMs: 1000 })).rejects.toThrow(
      /^host h1: the lock "net" was not free within 1 s\n {2}- held by \S+ process \d+ since /,
    );
    const got = waiter.withLock("net", async () => "mine", { waitMs: 10_000 });
    await holder.close();
    expect(await got).toBe("mine");
    await expect(held).rejects.toMatchObject({ code: "unreachable" });
  });

  it("finds Docker again after the daemon was restarted (C1)", async () => {
    const docker = dockerFor(lab.connection("h2"));
    await Promise.all(Array.from({ length: 6 }, () => docker.ping()));
    await lab.sh("h2", "service", "docker", "restart");
    expect((await docker.info()).Name).toBe("h2");
  });

  it("asks Docker over a new connection when the one before broke while nothing was asked", async () => {
    const docker = dockerFor(lab.connection("h1"));
    await Promise.all([docker.info(), docker.info(), docker.info()]);
    await lab.sh("h1", "sh", "-c", "kill $(ps -eo pid,args | awk '/[s]shd: root/ { print $1 }')");
    for (let times = 0; times < 3; times++) {
      const begun = Date.now();
      expect((await docker.info()).Name).toBe("h1");
      expect(Date.now() - begun).toBeLessThan(30_000); // a request on a dead connection takes 60 s
    }
  });

  it("does not keep an idle process alive", async () => {
    const held = () =>
      process.getActiveResourcesInfo().filter((kind) => /TCPSocketWrap/.test(kind)).length;
    const before = held();
    const docker = dockerFor(lab.connection("h1"));
    await Promise.all([docker.ping(), docker.ping()]);
    await connect(lab.connection("h1")).exec(["true"]);
    expect(held()).toBe(before);
  });

  it("gives up a dead address within its deadline", async () => {
    const started = Date.now();
    const address = lab.host("h1").address.replace(/\d+$/, "253");
    const transport = connect(lab.connection("h1"), { address }, 1500);
    await expect(transport.exec(["true"])).rejects.toThrow(
      new RegExp(
        `^host h1: cannot be reached at ${address}:22: (timed out after 1.5 s|no route to host)\n`,
      ),
    );
    expect(Date.now() - started).toBeLessThan(5000);
  });

  describe("a server that never speaks", () => {
    let silent: Server;
    afterAll(() => silent.close());
    it("is given up within the deadline", async () => {
      silent = createServer(() => {}).listen(0, "127.0.0.1");
      await new Promise((resolve) => silent.once("listening", resolve));
      const { port } = silent.address() as { port: number };
      const transport = connect(lab.connection("h1"), { address: "127.0.0.1", port }, 1000);
      await expect(transport.exec(["true"])).rejects.toThrow("no SSH handshake within 1 s");
    });
  });

  it("notices packets that vanish, and connects again by itself (B2)", async () => {
    const transport = connect(lab.connection("h2"));
    expect((await transport.exec(["true"])).code).toBe(0);
    const client = (
      await transport.exec(["sh", "-c", 'echo "${SSH_CONNECTION%% *}"'])
    ).stdout.trim();
    const asleep = transport.exec(["sleep", "60"], { timeoutMs: 60_000 });
    asleep.catch(() => {});
    await transport.exec(["true"]);
    await lab.sh("h2", "iptables", "-I", "INPUT", "-s", client, "-j", "DROP");
    try {
      const started = Date.now();
      await expect(asleep).rejects.toThrow(
        /^host h2: the connection to .*:22 was lost while a command was running; the command may have run\n {2}- no answer for 15 s\n/,
      );
      expect(Date.now() - started).toBeLessThan(25_000);
    } finally {
      await lab.sh("h2", "iptables", "-D", "INPUT", "-s", client, "-j", "DROP");
    }
    expect((await transport.exec(["hostname"])).stdout).toBe("h2\n");
  });
});

describeLab("a host that allows little", () => {
  const lab = withLab("host-strict", {
    hosts: 1,
    image: false,
    sshd: ["MaxSessions 2", "AllowStreamLocalForwarding no"],
  });

  it("works with two sessions and without forwarding", async () => {
    const transport = connect(lab.connection("h1"));
    const docker = dockerFor(transport);
    expect((await docker.info()).Name).toBe("h1");
    await Promise.all(Array.from({ length: 10 }, () => docker.listNetworks()));
    // The pipe that Docker's client keeps open gives its session up when commands need it.
    const runs = await Promise.all(
      Array.from({ length: 20 }, (_, i) => transport.exec(["echo", String(i)])),
    );
    expect(runs.map((run) => Number(run.stdout))).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });
});
