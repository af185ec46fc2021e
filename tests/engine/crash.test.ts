import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type EngineEvent, Stack } from "../../engine/index.js";
import { startEngine } from "./support/engine-process.js";
import { messages, PROGRAMS, until } from "./support/program-stack.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "crash-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
  rmSync(join(PROGRAMS, "script/Pulumi.dev.yaml"), { force: true });
});

const log = (): string[] => {
  const path = join(folder, "calls");
  return existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : [];
};

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test("killed during a create: the state says so, nothing is left running, and the next up takes over what was made", async () => {
  const args = {
    stackName: "dev",
    workDir: join(PROGRAMS, "script"),
    backendUrl: `file://${folder}`,
    passphrase: "p",
    env: {
      SCRIPT: `const done = new Thing("done", {}); new Thing("half", { adopt: ${JSON.stringify(join(folder, "made"))} }, { dependsOn: done });`,
      CALL_LOG: join(folder, "calls"),
      PULUMI_HOME: join(folder, "home"),
      HANG: "1",
    },
  };
  const child = startEngine("up", args);
  await until("the second create", () => log().includes("made half"));
  const provider = Number(
    log()
      .find((line) => line.startsWith("create half"))
      ?.split(" ")[2],
  );
  expect(alive(provider)).toBe(true);
  child.kill("SIGKILL");
  await until("the provider's end", () => !alive(provider));

  const { HANG: _, ...env } = args.env;
  const stack = await Stack.select({ ...args, env });
  const { snapshot } = await stack.exportStack();
  expect(
    snapshot.pendingOperations.map(({ type, resource }) => [type, resource.urn.split("::").at(-1)]),
  ).toEqual([["creating", "half"]]);
  expect(snapshot.resources.map(({ urn }) => urn.split("::").at(-1))).toContain("done");
  await expect(stack.up()).rejects.toThrow(/lock/);
  await stack.cancel();

  const events: EngineEvent[] = [];
  const result = await stack.up({ onEvent: (event) => void events.push(event) });
  expect(result).toMatchObject({ result: "succeeded", changeSummary: { create: 1, same: 2 } });
  expect(messages(events, "warning")[0]).toContain(
    "pending operations from previous deployment.\n  * urn:pulumi:dev::script::pulumi-nodejs:dynamic/script:Thing::half, interrupted while creating",
  );
  expect(log().at(-1)).toBe("adopted half");

  // The entry stays until it is cleared, as with the CLI; it has nothing more to say.
  events.length = 0;
  const quiet = await stack.up({ onEvent: (event) => void events.push(event) });
  expect(quiet).toMatchObject({ result: "succeeded", changeSummary: { same: 3 } });
  expect(messages(events, "warning")).toEqual([]);
  expect((await stack.exportStack()).snapshot.pendingOperations).toHaveLength(1);
  expect(await stack.refresh({ clearPendingCreates: true })).toMatchObject({ errors: [] });
  expect((await stack.exportStack()).snapshot.pendingOperations).toEqual([]);
});
