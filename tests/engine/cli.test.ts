import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CliProject, outcome, written } from "./cli-project.js";

const TOKEN = "canary-51c2";

interface Event {
  sequence: number;
  summaryEvent?: object;
  cancelEvent?: object;
}

describe("clocker, from the first command to the last", () => {
  let project: CliProject;
  beforeAll(() => {
    project = new CliProject();
  });
  afterAll(() => project.remove());

  it("makes a stack and configures it, secrets sealed", async () => {
    expect(await project.run(["stack", "init", "dev"])).toMatchObject({
      code: 0,
      stdout: "Created stack dev\n",
    });
    expect(await project.run(["config", "set", "--secret", "token"], `${TOKEN}\n`)).toMatchObject({
      code: 0,
    });
    const config = await project.run(["config"]);
    expect(config.stdout).toBe("KEY    VALUE\ntoken  [secret]\n");
    expect(readFileSync(join(project.folder, "Pulumi.dev.yaml"), "utf8")).not.toContain(TOKEN);
    expect((await project.run(["config", "get", "token"])).stdout).toBe(`${TOKEN}\n`);
  });

  it("previews", async () => {
    const { code, stdout, stderr } = await project.run(["preview"]);
    expect(stderr).toBe("");
    expect(stdout).toBe(
      `
Previewing update (dev):
    Type                           Name       Plan
 +  pulumi:pulumi:Stack            shop-dev   create
 +  └─ clocker:index:Blueprint     guestbook  create
 +     ├─ clocker:PlacedContainer  web-0      create
 +     └─ clocker:PlacedContainer  web-1      create

Outputs:
  + token: [secret]
  + url  : "http://10.0.0.1:8080"

Resources:
    + 4 to create

`.trimStart(),
    );
    expect(code).toBe(0);
  });

  it("does not act without being told to", async () => {
    const { code, stderr } = await project.run(["up"]);
    expect(stderr).toContain(
      "error: --yes or --skip-preview or --preview-only must be passed in to proceed when running in non-interactive mode",
    );
    expect(code).toBe(2);
  });

  it("updates what was previewed", async () => {
    const { code, stdout } = await project.run(["up", "--yes"]);
    const update = stdout.slice(stdout.indexOf("Updating (dev):"));
    expect(update).toContain(" +  clocker:PlacedContainer web-0 creating\n");
    expect(update).toMatch(/^ \+ {2}clocker:PlacedContainer web-1 created \([0-9.]+s\)$/m);
    expect(update).toContain("Resources:\n    + 4 created\n");
    expect(update).toMatch(/\nDuration: \d+s\n/);
    expect(stdout).not.toContain(TOKEN);
    expect(code).toBe(0);
  });

  it("has nothing to do the second time", async () => {
    const { code, stdout } = await project.run(["up", "--yes", "--expect-no-changes"]);
    expect(stdout.slice(stdout.indexOf("Updating (dev):"))).toMatch(
      /^Updating \(dev\):\n\nOutputs:\n {4}token: \[secret\]\n {4}url {2}: "http:\/\/10.0.0.1:8080"\n\nResources:\n {4}4 unchanged\n\nDuration: \d+s\n\n$/,
    );
    expect(code).toBe(0);
  });

  it("shows outputs", async () => {
    expect((await project.run(["stack", "output", "url"])).stdout).toBe("http://10.0.0.1:8080\n");
    expect((await project.run(["stack", "output", "token"])).stdout).toBe("[secret]\n");
    expect((await project.run(["stack", "output", "token", "--show-secrets"])).stdout).toBe(
      `${TOKEN}\n`,
    );
    expect((await project.run(["stack", "output", "nope"])).code).toBe(1);
    expect(JSON.parse((await project.run(["stack", "output", "--json"])).stdout)).toEqual({
      url: "http://10.0.0.1:8080",
      token: "[secret]",
    });
  });

  it("says which property forces a replacement and fails when no change was expected", async () => {
    await project.run(["config", "set", "image", "web:2"]);
    const { code, stdout, stderr } = await project.run([
      "preview",
      "--diff",
      "--expect-no-changes",
    ]);
    expect(stdout).toContain(
      "+-    ├─ clocker:PlacedContainer  web-0      replace  [diff: ~image; image forces replacement]",
    );
    expect(stdout).toContain('     ~ image: "web:1" => "web:2"  [forces replacement]\n');
    expect(stderr).toBe("error: no changes were expected for preview but changes were proposed\n");
    expect(code).toBe(7);
    await project.run(["config", "rm", "image"]);
  });

  it("reports a failure by its resource and in full, and ends with 1", async () => {
    await project.run(["config", "set", "size", "4"]);
    await project.run(["config", "set", "fail", "3"]);
    const { code, stdout, stderr } = await project.run(["up", "--skip-preview"]);
    expect(stdout).toMatch(
      /^ \+ {2}clocker:PlacedContainer web-3 \*\*creating failed \([0-9.]+s\)\*\* {2}host h1: no such image$/m,
    );
    expect(stdout).toContain(`Diagnostics:
  clocker:PlacedContainer (web-3):
    error: host h1: no such image
      - pull access denied
    Name an image that exists.
`);
    expect(stdout).toContain("\n    1 failed\n");
    expect(stdout + stderr).not.toMatch(/^\s+at /m);
    expect(code).toBe(1);
    await project.run(["config", "rm", "fail"]);
    await project.run(["config", "rm", "size"]);
  });

  it("writes the CLI's JSON, without secrets", async () => {
    const preview = await project.run(["preview", "--json"]);
    const digest = JSON.parse(preview.stdout) as {
      config: Record<string, string>;
      steps: { op: string }[];
      changeSummary: Record<string, number>;
    };
    expect(digest.config).toEqual({ "shop:token": "[secret]" });
    const log = join(project.folder, "events.json");
    const update = await project.run(["up", "--yes", "--json", "--event-log", log]);
    const events = update.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Event);
    const order = events.map(({ sequence }) => sequence);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    // As the CLI's stream does: the summary, then one event that says that no more will come.
    expect(events.at(-2)?.summaryEvent).toMatchObject({ resourceChanges: digest.changeSummary });
    expect(events.at(-1)?.cancelEvent).toEqual({});
    expect(readFileSync(log, "utf8")).toBe(update.stdout);
    expect(preview.stdout.includes(TOKEN)).toBe(false);
    expect(update.stdout.includes(TOKEN)).toBe(false);
  });

  it("lets running steps finish at the first Ctrl-C", async () => {
    await project.run(["config", "set", "size", "3"]);
    await project.run(["config", "set", "delay", "2000"]);
    const child = project.start(["up", "--skip-preview"]);
    const ended = outcome(child);
    await written(child, "web-2 creating\n");
    child.kill("SIGINT");
    const { code, stdout } = await ended;
    expect(stdout).toContain(
      "Cancelling: running steps finish, no others start. Press Ctrl-C again to stop at once.\n",
    );
    expect(stdout).toMatch(/^ \+ {2}clocker:PlacedContainer web-2 created \(2\.\ds\)$/m);
    expect(code).toBe(1);
    expect((await project.run(["stack"])).stdout).toContain("clocker:PlacedContainer  web-2\n");
    await project.run(["config", "rm", "delay"]);
    await project.run(["config", "rm", "size"]);
  });

  it("stops at once at the second Ctrl-C and notes what was running", async () => {
    await project.run(["config", "set", "size", "4"]);
    await project.run(["config", "set", "delay", "60000"]);
    const child = project.start(["up", "--skip-preview"]);
    const ended = outcome(child);
    const cancelling = written(child, "Cancelling: ");
    await written(child, "web-3 creating\n");
    // The step begins in earnest when the state says so.
    const state = join(project.folder, "backend/.pulumi/stacks/shop/dev.json");
    await expect
      .poll(() => readFileSync(state, "utf8"), { timeout: 20_000 })
      .toContain('"creating"');
    child.kill("SIGINT");
    await cancelling;
    child.kill("SIGINT");
    const { code, stdout } = await ended;
    expect(stdout).toContain(
      "Stopping at once. What was running is noted in the state as pending.\n",
    );
    expect(stdout).toContain(" +  clocker:PlacedContainer web-3 creating (interrupted)\n");
    expect(stdout).not.toContain("failed (");
    expect(code).toBe(1);
    const exported = await project.run(["stack", "export"]);
    const { deployment } = JSON.parse(exported.stdout) as {
      deployment: { pending_operations: { type: string; resource: { urn: string } }[] };
    };
    const pending = deployment.pending_operations.filter(({ type }) => type === "creating");
    expect(pending.map(({ resource }) => resource.urn)).toEqual([
      "urn:pulumi:dev::shop::clocker:index:Blueprint$pulumi-nodejs:dynamic/clocker:PlacedContainer::web-3",
    ]);
    await project.run(["config", "rm", "delay"]);
    await project.run(["config", "rm", "size"]);
    expect(await project.run(["refresh", "--yes"])).toMatchObject({ code: 0 });
  });

  it("asks on a terminal, shows details, and draws the tree while it works", async () => {
    await project.run(["config", "set", "env", "b"]);
    const child = project.startOnTerminal(["up"]);
    const ended = outcome(child);
    await written(child, "[yes/no/details] ");
    const detailed = written(child, '~ env: "a" => "b"');
    child.stdin.write("details\n");
    await detailed;
    child.stdin.write("yes\n");
    const { code, stdout } = await ended;
    const text = stdout.replaceAll("\r\n", "\n");
    expect(text).toContain("Do you want to perform this update?");
    // Colour and cursor movements: somebody looks.
    expect(text).toContain("\u001b[");
    expect(text).toMatch(/web-0.*updated \([0-9.]+s\)/);
    expect(code).toBe(0);

    const refusing = project.startOnTerminal(["destroy"]);
    const refused = outcome(refusing);
    await written(refusing, "[yes/no/details] ");
    refusing.stdin.write("no\n");
    expect((await refused).stdout).toContain(
      "confirmation declined, not proceeding with the destroy",
    );
    expect((await refused).code).toBe(1);
  });

  it("refreshes, exports and imports", async () => {
    const refreshed = await project.run(["refresh", "--yes"]);
    expect(refreshed.code).toBe(0);
    expect(refreshed.stdout).toContain("Refreshing (dev):\n");
    const exported = await project.run(["stack", "export"]);
    expect(exported.stdout).not.toContain(TOKEN);
    const file = join(project.folder, "state.json");
    writeFileSync(file, exported.stdout);
    expect(await project.run(["stack", "import", "--file", file])).toMatchObject({
      code: 0,
      stdout: "Stack dev has the imported state.\n",
    });
    expect((await project.run(["stack", "export"])).stdout).toContain('"urn:pulumi:dev::shop');
  });

  it("keeps a history", async () => {
    const { stdout } = await project.run(["stack", "history", "--json"]);
    const history = JSON.parse(stdout) as { kind: string; result: string }[];
    expect(history[0]).toMatchObject({
      version: history.length,
      kind: "refresh",
      result: "succeeded",
    });
    expect(history.at(-1)).toMatchObject({ version: 1, kind: "update", result: "succeeded" });
    expect(stdout).not.toContain(TOKEN);
  });

  it("destroys everything and removes the stack", async () => {
    expect((await project.run(["stack", "rm", "--yes"])).stderr).toMatch(
      /^error: stack dev still has \d+ resources\n/,
    );
    const destroyed = await project.run(["destroy", "--yes"]);
    expect(destroyed.stdout).toContain(" -  clocker:PlacedContainer web-0 deleting\n");
    expect(destroyed.stdout).toMatch(/Resources:\n {4}- 4 deleted\n/);
    expect(destroyed.stdout).toContain("To remove it for good, run `clocker stack rm dev`.\n");
    expect(destroyed.code).toBe(0);
    expect(await project.run(["stack", "rm", "--yes"])).toMatchObject({
      code: 0,
      stdout: "Stack dev has been removed.\n",
    });
    expect(JSON.parse((await project.run(["stack", "ls", "--json"])).stdout)).toEqual([]);
    expect(readdirSync(project.folder)).not.toContain("Pulumi.dev.yaml");
  });
});

describe("start-up", () => {
  it("loads no code of other commands", async () => {
    const project = new CliProject();
    try {
      const hook = join(project.folder, "loaded.cjs");
      writeFileSync(
        hook,
        'process.on("exit", () => process.stderr.write(JSON.stringify(Object.keys(require.cache))));',
      );
      for (const argv of [["version"], ["lab", "--help"], ["ps", "--help"], ["up", "--help"]]) {
        const child = project.start(argv, ["--require", hook]);
        child.stdin.end();
        const { code, stderr } = await outcome(child);
        const loaded = JSON.parse(stderr) as string[];
        expect(code).toBe(0);
        expect(
          loaded.filter((file) => /\/engine\/(stack|operation)\.js$|@pulumi|grpc/.test(file)),
        ).toEqual([]);
      }
    } finally {
      project.remove();
    }
  });
});
