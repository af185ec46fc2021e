import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EngineError } from "../../engine/errors.js";
import { type EngineEvent, Stack } from "../../engine/index.js";

// The public API as its README shows it: a program in this process, on a file backend of its own.

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "api-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const greeter: pulumi.dynamic.ResourceProvider = {
  create: (inputs: { name: string }) =>
    Promise.resolve({ id: inputs.name, outs: { ...inputs, greeting: `hello ${inputs.name}` } }),
  diff: (_id: string, olds: { name: string }, news: { name: string }) =>
    Promise.resolve({ changes: olds.name !== news.name, replaces: ["name"] }),
};

class Greeting extends pulumi.dynamic.Resource {
  declare readonly greeting: pulumi.Output<string>;
  constructor(name: string, args: { name: pulumi.Input<string> }) {
    super(greeter, name, { ...args, greeting: undefined });
  }
}

const program = (): Promise<Record<string, unknown>> => {
  const { greeting } = new Greeting("one", { name: new pulumi.Config().require("whom") });
  return Promise.resolve({ greeting, password: new pulumi.Config().requireSecret("password") });
};

describe("the public API", () => {
  it("previews, updates, refreshes and destroys a program in this process", async () => {
    const args = {
      stackName: "dev",
      projectName: "greetings",
      program,
      backendUrl: `file://${folder}`,
      passphrase: "a passphrase",
      config: { whom: { value: "world" }, password: { value: "hush hush", secret: true } },
    };
    const stack = await Stack.createOrSelect(args);
    expect([stack.project, stack.name]).toEqual(["greetings", "dev"]);

    const preview = await stack.preview();
    expect(preview.changeSummary).toEqual({ create: 2 });
    expect(await stack.history()).toEqual([]);

    const events: EngineEvent[] = [];
    const up = await stack.up({ message: "first", onEvent: (event) => events.push(event) });
    expect(up.summary).toMatchObject({
      kind: "update",
      result: "succeeded",
      message: "first",
      resourceChanges: { create: 2 },
    });
    expect(up.outputs).toEqual({
      greeting: { value: "hello world", secret: false },
      password: { value: "hush hush", secret: true },
    });
    expect(await stack.outputs()).toEqual(up.outputs);
    expect(events[0]?.sequence).toBe(0);
    expect(events.at(-1)?.cancelEvent).toEqual({});
    expect(JSON.stringify(events)).not.toContain("hush hush");

    const again = await (await Stack.select(args)).up({ expectNoChanges: true });
    expect(again.summary.resourceChanges).toEqual({ same: 2 });
    expect((await stack.refresh()).result).toBe("succeeded");

    const stopped = new AbortController();
    stopped.abort();
    const cancelled = await stack.destroy({ signal: stopped.signal });
    expect([cancelled.result, cancelled.changeSummary]).toEqual(["cancelled", {}]);
    expect((await stack.destroy()).changeSummary).toEqual({ delete: 2 });
    const kinds = (await stack.history()).map(({ kind, result }) => `${kind} ${result}`);
    expect(kinds).toEqual([
      "destroy succeeded",
      "destroy failed",
      "refresh succeeded",
      "update succeeded",
      "update succeeded",
    ]);
    await expect(Stack.create(args)).rejects.toThrow(
      "stack dev already exists in project greetings",
    );
    await expect(stack.getConfig("whom")).rejects.toThrow(
      new EngineError("invalid-input", "a stack without a project has no configuration file", {
        hint: "Give its configuration with the stack: `config` of its arguments.",
      }),
    );
  });

  it("reads and writes the configuration of a project's stack", async () => {
    writeFileSync(join(folder, "Pulumi.yaml"), "name: greetings\nruntime: nodejs\n");
    const stack = await Stack.create({
      stackName: "dev",
      workDir: folder,
      backendUrl: `file://${folder}`,
      passphrase: "a passphrase",
    });
    await stack.setConfig("whom", { value: "world" });
    await stack.setAllConfig({ password: { value: "hush hush", secret: true } });
    await stack.setConfig("places[0].name", { value: "Mars" }, true);
    expect(await stack.getConfig("password")).toEqual({ value: "hush hush", secret: true });
    expect(await stack.getConfig("places[0].name", true)).toEqual({ value: "Mars", secret: false });
    await stack.removeConfig("places");
    expect(await stack.getAllConfig()).toEqual({
      "greetings:whom": { value: "world", secret: false },
      "greetings:password": { value: "hush hush", secret: true },
    });
  });
});
