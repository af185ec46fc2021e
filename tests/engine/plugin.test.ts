import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type OperationResult, Stack } from "../../engine/index.js";
import type { PropertyMap } from "../../engine/state/model.js";
import type { SpecEntry } from "./support/case-format.js";
import { describePending, describeState } from "./support/describe-state.js";
import { MemoryStore } from "./support/memory-store.js";
import { PROGRAMS } from "./support/program-stack.js";
import { PROJECT } from "./support/pulumi-cli.js";
import { ignoreRejections } from "./support/rejections.js";
import { SpecProgram } from "./support/spec-program.js";

// The controllable provider as a plugin of its own, found and started as the CLI does.

ignoreRejections();
const PLUGIN = join(PROGRAMS, "controllable");
let folder: string;
let store: MemoryStore;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "plugin-"));
  writeFileSync(join(folder, "calls"), "");
  store = new MemoryStore("bb", "dev");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const calls = (): string[] => readFileSync(join(folder, "calls"), "utf8").trim().split("\n");

interface Setting {
  workDir?: string;
  env?: Record<string, string>;
  rules?: Record<string, PropertyMap>;
}

async function up(spec: SpecEntry[], setting: Setting = {}): Promise<OperationResult> {
  writeFileSync(join(folder, "control"), JSON.stringify({ rules: setting.rules ?? {} }));
  const stack = await Stack.createOrSelect({
    stackName: "dev",
    workDir: setting.workDir ?? PROJECT,
    store,
    program: async () => void (await new SpecProgram().run(spec)),
    env: {
      CALL_LOG: join(folder, "calls"),
      CALL_CONTROL: join(folder, "control"),
      PULUMI_HOME: join(folder, "home"),
      ...setting.env,
    },
  });
  return stack.up();
}

/** A program of this name that says where it is from and then is the provider. */
function install(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const start = `exec "${process.execPath}" "${join(PLUGIN, "index.js")}"`;
  writeFileSync(path, `#!/bin/sh\necho "from ${dirname(path)}" >> "$CALL_LOG"\n${start}\n`);
  chmodSync(path, 0o755);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const A: SpecEntry = { name: "a", args: { x: 1 } };

test("a folder in `plugins:` of Pulumi.yaml runs as a plugin and is stopped at the end", async () => {
  const result = await up([A], { workDir: join(PROGRAMS, "plugged") });
  expect(result).toMatchObject({ errors: [], changeSummary: { create: 2 } });
  const [started = "", ...rest] = calls();
  expect(rest).toEqual([
    "checkConfig default",
    "configure default {}",
    "check a",
    "create a",
    "created a",
  ]);
  const pid = Number(/^started (\d+)$/.exec(started)?.[1]);
  expect(pid).toBeGreaterThan(1);
  expect(isAlive(pid)).toBe(false);
});

test("a program on the PATH comes before one in Pulumi's plugin folder; there the newest that fits runs", async () => {
  const home = join(folder, "home/plugins");
  for (const version of ["1.0.0", "1.4.0", "2.0.0"])
    install(join(home, `resource-tp-v${version}/pulumi-resource-tp`));
  const asked = { ...A, opts: { version: "1.2.0" } };
  expect((await up([asked])).errors).toEqual([]);
  expect(calls()[0]).toBe(`from ${join(home, "resource-tp-v1.4.0")}`);

  writeFileSync(join(folder, "calls"), "");
  install(join(folder, "bin/pulumi-resource-tp"));
  const PATH = [join(folder, "bin"), process.env["PATH"]].join(delimiter);
  expect((await up([asked], { env: { PATH } })).errors).toEqual([]);
  expect(calls()[0]).toBe(`from ${join(folder, "bin")}`);
});

test("one that dies in the midst of a creation leaves it pending, and what it wrote is shown", async () => {
  const workDir = join(PROGRAMS, "plugged");
  const B: SpecEntry = { name: "b", args: { x: 1 }, opts: { dependsOn: ["a"] } };
  const rules = { "create b": { die: "out of luck" } };
  const died = await up([A, B], { workDir, rules });
  expect(died.result).toBe("failed");
  expect(died.errors.join("\n")).toContain(
    "the provider's process ended in the midst of it; it may have taken effect all the same",
  );
  expect(died.errors).toContain("provider tp ended by itself (SIGKILL). It wrote:\nout of luck");
  const left = await store.load();
  expect(describePending(left)).toEqual(["creating b"]);
  expect(describeState(left)).toEqual(['a id=a-0 in={"x":1} out={"out":"out-0"}']);

  const again = await up([A, B], { workDir });
  expect(again).toMatchObject({ errors: [], changeSummary: { create: 1, same: 2 } });
});

test("one that cannot start is named, with what it wrote", async () => {
  const path = join(folder, "bin/pulumi-resource-tp");
  mkdirSync(dirname(path));
  writeFileSync(path, "#!/bin/sh\necho 'no licence found' >&2\nexit 3\n");
  chmodSync(path, 0o755);
  const PATH = [join(folder, "bin"), process.env["PATH"]].join(delimiter);
  const result = await up([A], { env: { PATH } });
  expect(result.errors.join("\n")).toContain(
    "provider tp ended (exit code 3) before it was ready\nno licence found",
  );
});
