import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { labNames, listLabs } from "../../lab/index.js";
import { documentedAnswers, shapeOf, wordsOf } from "../support/cli-docs.js";
import { obstacles, withLab } from "../support/lab.js";
import { PULUMI, ROOT } from "../support/project.js";

/** A quickstart of the test's own: another lab, stack and state than the one a user may have running. */
const NAME = `qs-${process.pid}`;
const STACK_FILE = join(ROOT, `Pulumi.${NAME}.yaml`);
const STATE = join(ROOT, ".clocker/quickstarts", NAME);
const { FORCE_COLOR: _color, ...environment } = process.env;
const ENV = {
  ...environment,
  CLOCKER_QUICKSTART_NAME: NAME,
  PULUMI_BACKEND_URL: `file://${join(STATE, "state")}`,
  PULUMI_HOME: join(STATE, "home"),
  PULUMI_CONFIG_PASSPHRASE_FILE: join(STATE, "passphrase"),
};

interface Ended {
  code: number | null;
  /** Both streams, in the order in which they came. */
  output: string;
  stdout: string;
  stderr: string;
  seconds: number;
}

/** Runs as from a shell script: no terminal, and a process group of its own for Ctrl-C. */
function start(
  argv: string[],
  [command, ...before]: readonly string[] = [process.execPath],
  env: NodeJS.ProcessEnv = ENV,
): {
  child: ChildProcess;
  output: () => string;
  ended: Promise<Ended>;
} {
  const begun = Date.now();
  let output = "";
  const streams = { stdout: "", stderr: "" };
  const child = spawn(command!, [...before, ...argv], {
    cwd: ROOT,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  for (const name of ["stdout", "stderr"] as const)
    child[name].on("data", (bytes: Buffer) => {
      output += bytes.toString();
      streams[name] += bytes.toString();
    });
  const ended = new Promise<Ended>((done, reject) => {
    child.once("error", reject);
    child.once("close", (code) =>
      done({ code, output, ...streams, seconds: (Date.now() - begun) / 1000 }),
    );
  });
  return { child, output: () => output, ended };
}

const quickstart = (...args: string[]) =>
  start([join(ROOT, "dist/cli/quickstart/main.js"), ...args]);
const clocker = (...args: string[]) => start([join(ROOT, "dist/cli/main.js"), ...args]).ended;

/** The part of the output under a numbered heading. */
function section(output: string, number: number): string {
  const [, text = ""] = output.split(new RegExp(`^${number}\\. .*$`, "m"));
  return text.split(new RegExp(`^${number + 1}\\. `, "m"))[0]!;
}

/** Everything a newcomer should read in it, and nothing that would worry them. */
function expectWhole({ code, output }: Ended, hosts = /h1 .*\n.*h2 .*\n.*h3 /): void {
  expect(code, output).toBe(0);
  const headings = [...output.matchAll(/^\d\. (.*)$/gm)].map(([, title]) => title);
  expect(headings).toEqual([
    "Hosts",
    "Images, built from this machine's own packages",
    "Preview: which host, which address, and why",
    "Up: exactly that",
    "Proof",
    "Up again: nothing to do",
  ]);
  expect(section(output, 1)).toMatch(hosts);
  expect(section(output, 2)).toContain("clocker/redis:dev, clocker/guestbook:dev");
  const posted = /posted {2}(".*") {2}through (http:\S+)\n/.exec(section(output, 5));
  const read = /read it back through (http:\S+)/.exec(section(output, 5));
  expect(posted?.[2]).toMatch(/^http:\/\/10\.[\d.]+:808\d$/);
  expect(read?.[1]).toMatch(/^http:\/\/10\.[\d.]+:808\d$/);
  expect(new URL(read![1]!).hostname).not.toBe(new URL(posted![2]!).hostname);
  expect(section(output, 6)).toMatch(/unchanged/);
  expect(output).toMatch(/The guestbook runs: http:\/\/10\.[\d.]+:808\d/);
  expect(output).toContain("npm run quickstart -- --down");
  expect(output).not.toMatch(/warning|\bError\b|error:|^\s+at .*:\d+:\d+/im);
  expect(output).not.toMatch(/undefined|\[object|\u001b\[/);
}

/** What our lab has on this machine. */
async function traces(): Promise<string[]> {
  const { dir, link, cgroup } = labNames(NAME);
  const mounts = (await readFile("/proc/self/mounts", "utf8"))
    .split("\n")
    .filter((line) => line.includes(dir));
  const links = (await readFile("/proc/net/dev", "utf8"))
    .split("\n")
    .filter((line) => line.includes(link));
  const groups: string[] = [];
  for (const controller of await readdir("/sys/fs/cgroup")) {
    const path = join("/sys/fs/cgroup", controller, cgroup);
    if (existsSync(path)) groups.push(path);
  }
  const processes: string[] = [];
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      if (line.includes(dir)) processes.push(line);
    } catch {
      // It ended while we looked.
    }
  }
  const files = [dir, STATE, STACK_FILE].filter((path) => existsSync(path));
  const labs = (await listLabs())
    .map((lab) => JSON.stringify(lab))
    .filter((lab) => lab.includes(NAME));
  return [...mounts, ...links, ...groups, ...processes, ...files, ...labs];
}

describe.skipIf(obstacles.length > 0)("the quickstart", () => {
  afterAll(async () => {
    if (existsSync(STATE) || existsSync(labNames(NAME).dir)) await quickstart("--down").ended;
  }, 120_000);

  it("interrupted in the middle of the up, says how to go on", async () => {
    const { child, output, ended } = quickstart();
    while (!/^4\. Up/m.test(output()) || !/guestbook-redis|creating/.test(section(output(), 4))) {
      if (child.exitCode !== null) throw new Error(output());
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    // The terminal sends Ctrl-C to the whole group.
    process.kill(-child.pid!, "SIGINT");
    const { code, output: said } = await ended;
    expect(code, said).toBe(130);
    expect(said).toContain(
      "Interrupted. Run the same command again to go on, or `npm run quickstart -- --down` to remove everything.",
    );
    expect(said).not.toMatch(/^\s+at .*:\d+:\d+/m);
  });

  it("run again, goes on and proves itself", async () => {
    expectWhole(await quickstart().ended);
  });

  it("run once more, has nothing to do", async () => {
    const again = await quickstart().ended;
    expectWhole(again);
    expect(section(again.output, 2)).toContain("already on all hosts");
    expect(section(again.output, 4)).toMatch(/^Resources:\n {4}12 unchanged$/m);
  });

  it("scales as it says one can", async () => {
    const { code } = await clocker("config", "set", "web", "5", "--stack", NAME);
    expect(code).toBe(0);
    const up = await clocker("up", "--yes", "--skip-preview", "--stack", NAME);
    expect(up.code, up.output).toBe(0);
    const { output } = await clocker("stack", "output", "urls", "--json", "--stack", NAME);
    const urls = JSON.parse(output) as string[];
    expect(urls).toHaveLength(5);
    for (const url of urls) expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  it.skipIf(!PULUMI)("is carried on by the real CLI, and back", async () => {
    const pulumi = (...args: string[]) => start([...args, "--stack", NAME], PULUMI!.argv).ended;
    const same = await pulumi("preview", "--expect-no-changes");
    expect(same.code, same.output).toBe(0);
    expect((await pulumi("config", "set", "web", "3")).code).toBe(0);
    const up = await pulumi("up", "--yes", "--skip-preview");
    expect(up.code, up.output).toBe(0);
    expect(up.output).toMatch(/- 2 deleted/);
    const back = await clocker("preview", "--expect-no-changes", "--stack", NAME);
    expect(back.code, back.output).toBe(0);
  });

  // While the quickstart's cloud is there: these commands need one, and none of them changes it.
  it.each(documentedAnswers())("clocker %s answers as docs/cli.md shows", async (line, answer) => {
    const words = wordsOf(line);
    if (words[0] === "lab") words.splice(2, 0, "--name", words[1] === "down" ? `${NAME}-2` : NAME);
    else if (!["about", "whoami", "stack ls"].some((start) => line.startsWith(start)))
      words.splice(["stack", "config", "net"].includes(words[0]!) ? 2 : 1, 0, "--stack", NAME);
    const { code, stdout, stderr } = await clocker(...words);
    expect([code, line === "lab up --json" ? "" : stderr]).toEqual([0, ""]);
    const [first = ""] = stdout.split("\n");
    expect(shapeOf(JSON.parse(words[0] === "logs" ? first : stdout))).toEqual(shapeOf(answer));
  });

  it("takes everything down", async () => {
    expect(await traces()).not.toEqual([]);
    const { code, output } = await quickstart("--down").ended;
    expect(code, output).toBe(0);
    expect(output).toContain("Nothing of the quickstart is left.");
    expect(await traces()).toEqual([]);
    const again = await quickstart("--down").ended;
    expect(again.code, again.output).toBe(0);
  });
});

describe.skipIf(obstacles.length > 0)("the quickstart on hosts that one has", () => {
  const lab = withLab("qs-own", { hosts: 2, image: false });
  const name = `${NAME}-own`;
  const state = join(ROOT, ".clocker/quickstarts", name);
  let home: string;
  let env: NodeJS.ProcessEnv;
  const own = (...args: string[]) =>
    start([join(ROOT, "dist/cli/quickstart/main.js"), ...args], undefined, env).ended;

  beforeAll(async () => {
    // Where OpenSSH and we look for what a login needs.
    home = await mkdtemp(join(tmpdir(), "clocker-home-"));
    await mkdir(join(home, ".ssh"), { mode: 0o700 });
    await copyFile(lab.inventory.keyFile, join(home, ".ssh/id_ed25519"));
    await copyFile(lab.inventory.knownHosts, join(home, ".ssh/known_hosts"));
    const { SSH_AUTH_SOCK: _agent, ...rest }: NodeJS.ProcessEnv = ENV;
    env = {
      ...rest,
      HOME: home,
      CLOCKER_HOSTS: lab.hosts.map(({ address, port }) => `root@${address}:${port}`).join(" "),
      CLOCKER_QUICKSTART_NAME: name,
    };
  });
  afterAll(async () => {
    if (existsSync(state)) await own("--down");
    await rm(home, { recursive: true, force: true });
  });

  it("does the same there, and leaves them as they were", async () => {
    const before = await seen();
    const [h1, h2] = lab.hosts;
    const said = `Using CLOCKER_HOSTS: h1 = ${h1!.address}, h2 = ${h2!.address}\n   reached, and prepared`;
    expectWhole(await own(), new RegExp(said.replaceAll(".", "\\.")));
    const { code, output } = await own("--down");
    expect(code, output).toBe(0);
    expect(output).not.toContain("hosts are gone");
    expect(output).toContain("Nothing of the quickstart is left.");
    expect(await seen()).toEqual(before);
    expect([state, join(ROOT, `Pulumi.${name}.yaml`)].filter(existsSync)).toEqual([]);
  });

  /** What Docker has on the hosts beside images, and our folders. */
  const seen = () =>
    Promise.all(
      lab.hosts.map((host) =>
        lab.sh(
          host.name,
          ...["sh", "-c"],
          "docker ps -aq; docker network ls --format '{{.Name}}' | sort; docker volume ls -q; ls -d /var/lib/clocker/* /run/clocker/* 2>/dev/null; ip -br link show type vxlan",
        ),
      ),
    );
});
