import * as pulumi from "@pulumi/pulumi";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { Stack } from "../../engine/index.js";
import type { ResourceState } from "../../engine/state/model.js";
import { MemoryStore } from "./support/memory-store.js";
import { PROGRAMS, ProgramStack, until } from "./support/program-stack.js";

let stack: ProgramStack | undefined;
afterEach(() => {
  stack?.close();
  stack = undefined;
});

const names = (resources: readonly ResourceState[]): string[] =>
  resources.filter(({ provider }) => provider).map(({ urn }) => urn.split("::").at(-1) ?? "");

describe("writing the state", () => {
  test("many changes share a write, and every effect is announced before it happens", async () => {
    stack = new ProgramStack("many", "many");
    const { store } = stack;
    // A slow disk makes the callers meet.
    store.onSave = () => new Promise((resolve) => setTimeout(resolve, 30));
    const result = await (await stack.open({ COUNT: "60", CHAINED: "1" })).up({ parallel: 20 });
    expect(result).toMatchObject({ result: "succeeded", changeSummary: { create: 62 } });
    expect(store.saves).toBeLessThan(40);
    const announced = new Set<string>();
    for (const { resources, pendingOperations } of store.written) {
      for (const name of names(resources)) expect(announced.has(name), name).toBe(true);
      for (const { resource } of pendingOperations)
        announced.add(resource.urn.split("::").at(-1) ?? "");
    }
    expect(names(store.written.at(-1)?.resources ?? [])).toHaveLength(61);
    const written = store.saves;
    await (await stack.open()).up();
    expect(store.saves).toBe(written);
    await (await stack.open({ SIZE: "2" })).preview();
    expect(store.saves).toBe(written);
  });

  test("a state that cannot be written ends the operation", async () => {
    stack = new ProgramStack("many", "many");
    await stack.open();
    stack.store.onSave = ({ resources }) =>
      resources.length > 3 ? Promise.reject(new Error("disk full")) : Promise.resolve();
    const result = await (await stack.open({ COUNT: "30" })).up({ parallel: 2 });
    expect(result.result).toBe("failed");
    expect(result.errors).toContain("disk full");
    expect(stack.calls().length).toBeLessThan(15);
  });
});

describe("cancelling", () => {
  test("the first signal lets what runs finish and saves it; nothing new begins", async () => {
    stack = new ProgramStack("script", "script");
    const abort = new AbortController();
    const SCRIPT = `const a = new Thing("a", { delay: 1500 }); new Thing("b", {}, { dependsOn: a });`;
    const opened = await stack.open({ SCRIPT });
    const running = opened.up({ signal: abort.signal, onEvent: stack.onEvent });
    const seen: string[] = [];
    await until(
      "the create",
      () => (
        seen.push(...(stack?.calls() ?? [])),
        seen.some((line) => line.startsWith("create a"))
      ),
    );
    abort.abort();
    const result = await running;
    expect(result.result).toBe("cancelled");
    expect(result.errors).toEqual(["update canceled"]);
    const snapshot = await stack.store.load();
    expect(names(snapshot?.resources ?? [])).toEqual(["a"]);
    expect(snapshot?.pendingOperations).toEqual([]);
    expect(stack.calls()).toEqual([]);
    expect(stack.events.some(({ cancelEvent }) => cancelEvent !== undefined)).toBe(true);
  });

  test("the second leaves what runs as pending", async () => {
    stack = new ProgramStack("script", "script");
    const terminate = new AbortController();
    const opened = await stack.open({ SCRIPT: `new Thing("a", { delay: 20000 });` });
    const running = opened.up({ terminate: terminate.signal });
    const seen: string[] = [];
    await until("the create", () => (seen.push(...(stack?.calls() ?? [])), seen.length > 0));
    terminate.abort();
    expect((await running).result).not.toBe("succeeded");
    const snapshot = await stack.store.load();
    expect(snapshot?.pendingOperations.map(({ type }) => type)).toEqual(["creating"]);
  });
});

describe("programs", () => {
  test("200 resources in any order of registration give the same stack", async () => {
    stack = new ProgramStack("many", "many");
    const opened = await stack.open({ COUNT: "200", ORDER: "random" });
    expect(await opened.up()).toMatchObject({
      result: "succeeded",
      changeSummary: { create: 202 },
    });
    expect(stack.calls()).toHaveLength(201);
    expect(await opened.up()).toMatchObject({ result: "succeeded", changeSummary: { same: 202 } });
    expect(await opened.preview({ expectNoChanges: true })).toMatchObject({ result: "succeeded" });
    const changed = await stack.open({ SIZE: "2" });
    expect(await changed.preview()).toMatchObject({ changeSummary: { same: 2, update: 200 } });
    expect(await changed.preview({ expectNoChanges: true })).toMatchObject({ result: "failed" });
    expect(await (await stack.open({ COUNT: "150" })).up()).toMatchObject({
      changeSummary: { same: 2, update: 150, delete: 50 },
    });
  });

  test("a program in this process", async () => {
    const store = new MemoryStore("inline", "dev");
    const provider = JSON.stringify(join(PROGRAMS, "many/provider.js"));
    class Thing extends pulumi.CustomResource {
      declare readonly made: pulumi.Output<string>;
      constructor(name: string, args: pulumi.Inputs, opts?: pulumi.CustomResourceOptions) {
        const __provider = `exports.handler=()=>require(${provider}).thing`;
        super(
          "pulumi-nodejs:dynamic/many:Thing",
          name,
          { made: undefined, name, ...args, __provider },
          opts,
        );
      }
    }
    const opened = await Stack.create({
      stackName: "dev",
      projectName: "inline",
      store,
      config: { greeting: { value: "hello" } },
      program: async () => {
        const first = new Thing("first", { size: 1 });
        return {
          made: new Thing("second", { size: 1, after: first.made }).made,
          greeting: new pulumi.Config().get("greeting"),
        };
      },
    });
    const preview = await opened.preview();
    expect(preview).toMatchObject({ result: "succeeded", changeSummary: { create: 3 } });
    expect(store.saves).toBe(1);
    const result = await opened.up();
    expect(result).toMatchObject({ result: "succeeded", changeSummary: { create: 3 } });
    expect(result.outputs["made"]).toEqual({ value: "made-second", secret: false });
    expect(result.outputs["greeting"]).toEqual({ value: "hello", secret: false });
    expect((await opened.history())[0]).toMatchObject({
      kind: "update",
      result: "succeeded",
      resourceChanges: { create: 3 },
    });
    expect(await opened.destroy()).toMatchObject({
      result: "succeeded",
      changeSummary: { delete: 3 },
    });
  });

  test("a stack reads the outputs of another and of its own resources", async () => {
    stack = new ProgramStack("script", "script");
    const SCRIPT = `
      const ref = new pulumi.StackReference("organization/script/dev");
      const thing = new Thing("a", {});
      return { before: ref.getOutput("count"), count: 1 };
    `;
    const opened = await stack.open({ SCRIPT });
    expect((await opened.up()).errors).toEqual([]);
    const again = await opened.up();
    expect(again.errors).toEqual([]);
    expect(again.outputs["before"]).toEqual({ value: 1, secret: false });
  });
});
