import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { labExecArgv } from "../../lab/index.js";
import { FaultProject, withBystanders } from "../support/fault-project.js";
import { describeLab, withLab } from "../support/lab.js";

const FILE = `canary-file-${randomBytes(8).toString("hex")}`;
const ENV = `canary-env-${randomBytes(8).toString("hex")}`;
const CRASH = `canary-crash-${randomBytes(8).toString("hex")}`;

/** One container has a secret as a file, one in its environment. */
const BOTH = `
  const config = new pulumi.Config();
  web("web", { secrets: { token: config.requireSecret("file") } });
  web("env", { secretEnv: { TOKEN: config.requireSecret("env") } });`;

describeLab("G1: secrets", () => {
  const lab = withLab("fault-secrets", { hosts: 1 });
  withBystanders(lab);
  let faulty: FaultProject | undefined;
  afterAll(async () => faulty?.destroy());

  /** Writes all that any process of the host shows of itself into a file, until it is stopped. */
  async function watchProcesses(): Promise<() => Promise<string>> {
    // The container's own environment may hold what secretEnv asks for; no other process may.
    const script = `trap 'exit 0' TERM; while :; do
      cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '; ps -ef; sleep 0.02; done > /tmp/seen`;
    const [command, ...args] = await labExecArgv(lab.name, "h1", ["sh", "-c", script]);
    const child = spawn(command!, args, { stdio: "ignore" });
    return async () => {
      const ended = new Promise((done) => child.once("close", done));
      await lab.sh("h1", "sh", "-c", "kill $(pgrep -f '/tmp/[s]een')");
      await ended;
      const seen = await lab.sh("h1", "cat", "/tmp/seen");
      await lab.sh("h1", "rm", "/tmp/seen");
      return seen;
    };
  }

  async function textsBelow(folder: string): Promise<string> {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    const texts = await Promise.all(
      files.map(({ parentPath, name }) => readFile(join(parentPath, name), "utf8")),
    );
    return texts.join("\n");
  }

  it("are nowhere but in the container that needs them", async () => {
    faulty = await FaultProject.create(lab, "secrets", { body: BOTH });
    const { project } = faulty;
    await project.must(["config", "set", "--secret", "file", FILE, "--stack", "dev"]);
    await project.must(["config", "set", "--secret", "env", ENV, "--stack", "dev"]);
    const temporary = join(project.folder, "tmp");
    await mkdir(temporary);
    const env = { TMPDIR: temporary, CLOCKER_DEBUG: "1" };

    const stop = await watchProcesses();
    const up = await project.must(
      ["up", "--yes", "--diff", "--stack", "dev", "--event-log", "events.json"],
      { env },
    );
    const json = await project.must(["preview", "--json", "--stack", "dev"], { env });
    const seen = await stop();
    expect(seen).toContain("dockerd");
    const refresh = await project.must(["refresh", "--yes", "--stack", "dev"], { env });
    await faulty.isWhole(["web", "env"]);

    // Here: everything that was said, and all files of the project, its backend and its temporary folder.
    const said = [up.output, json.output, refresh.output].join("\n");
    const here = await textsBelow(project.folder);
    expect(here).toContain("resourcePreEvent");
    const exported = (await project.must(["stack", "export", "--stack", "dev"])).output;

    // There: what runs, what Docker tells and what lies on the disk.
    const ids = (await faulty.owned()).map(({ id, owner }) => ({
      id,
      name: owner.split("/").at(-1),
    }));
    const web = ids.find(({ name }) => name === "web")!.id;
    const withEnv = ids.find(({ name }) => name === "env")!.id;
    const inspected = await lab.sh("h1", "docker", "inspect", web);
    const disk = await lab.sh(
      "h1",
      ...["sh", "-c"],
      `grep -rlaE 'canary-(file|env)-[0-9a-f]{16}' /tmp /var/tmp /root /home /etc /var/log /var/lib/clocker /run 2>/dev/null || true`,
    );
    for (const canary of [FILE, ENV]) {
      for (const [where, text] of Object.entries({ said, here, exported, seen, inspected }))
        expect(text.includes(canary), `${canary} in ${where}`).toBe(false);
    }
    // The file's source is in memory, for root alone; Docker keeps a container's environment where it keeps all of it.
    const sources = disk.split("\n").filter((file) => !/^\/run\/(docker|containerd)\//.test(file));
    expect(sources.filter((file) => file !== "")).toEqual([
      expect.stringMatching(/^\/run\/clocker\/secrets\//),
    ]);

    const inside = (id: string, ...argv: string[]) => lab.sh("h1", "docker", "exec", id, ...argv);
    expect(await inside(web, "cat", "/run/secrets/token")).toBe(FILE);
    expect(await inside(web, "env")).not.toContain(FILE);
    expect(await inside(withEnv, "sh", "-c", "echo $TOKEN")).toBe(ENV);
  });

  it("are taken out of error messages, also when the container prints them", async () => {
    const before = await faulty!.owned();
    await faulty!.project.must(["config", "set", "--secret", "crash", CRASH, "--stack", "dev"]);
    await faulty!.write({
      body: `${BOTH}
        web("crash", {
          secrets: { token: config.requireSecret("crash") },
          command: ["sh", "-c", "echo the token is $(cat /run/secrets/token); exit 3"],
          restart: "no",
        });`,
    });
    const failed = await faulty!.project.up();
    expect(failed.code).toBeGreaterThan(0);
    expect(failed.output).toContain("container crash ended with exit code 3");
    expect(failed.output).toContain("- log: the token is [secret]");
    expect(failed.output).not.toContain(CRASH);
    expect(await faulty!.project.stateText()).not.toContain(CRASH);
    expect((await faulty!.owned()).filter(({ owner }) => !owner.endsWith("/crash"))).toEqual(
      before,
    );

    // What it left goes with it, and the others never noticed.
    await faulty!.write({ body: BOTH });
    const { output } = await faulty!.heals(["web", "env"]);
    for (const canary of [FILE, ENV, CRASH]) expect(output).not.toContain(canary);
    expect(await faulty!.owned()).toEqual(before);
  });
});
