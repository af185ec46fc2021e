import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { messages, ProgramStack } from "./support/program-stack.js";

let stack: ProgramStack;
beforeEach(() => {
  stack = new ProgramStack("script", "script");
});
afterEach(() => {
  stack.close();
});

const names = async (): Promise<string[]> =>
  ((await stack.store.load())?.resources ?? [])
    .filter(({ provider }) => provider)
    .map(({ urn }) => urn.split("::").at(-1) ?? "");

describe("failures", () => {
  test("a partial failure is kept with its errors, is updated next time, and can be destroyed", async () => {
    const broken = `new Thing("a", { unwell: true });`;
    const first = await (await stack.open({ SCRIPT: broken })).up();
    expect(first.result).toBe("failed");
    expect(first.errors[0]).toBe("not healthy");
    const kept = (await stack.store.load())?.resources.find(({ urn }) => urn.endsWith("::a"));
    expect(kept).toMatchObject({
      id: "id-a",
      initErrors: ["not healthy"],
      outputs: { made: "made-a" },
    });
    expect((await stack.store.load())?.pendingOperations).toEqual([]);

    const second = await (await stack.open({ SCRIPT: broken })).up();
    expect(second.result).toBe("failed");
    expect(second.errors[0]).toBe("still not healthy");
    expect(stack.calls().map((line) => line.split(" ").slice(0, 2).join(" "))).toEqual([
      "create a",
      "update a",
    ]);

    const healed = await (await stack.open({ SCRIPT: `new Thing("a", {});` })).up();
    expect(healed.changeSummary).toEqual({ same: 1, update: 1 });
    expect((await stack.store.load())?.resources.at(-1)?.initErrors ?? []).toEqual([]);

    await (await stack.open({ SCRIPT: broken })).up();
    stack.calls();
    const gone = await (await stack.open()).destroy();
    expect(gone).toMatchObject({ result: "succeeded", changeSummary: { delete: 2 } });
    expect(stack.calls()).toEqual(["delete id-a"]);
    expect((await stack.store.load())?.resources).toEqual([]);
  });

  test("a program that crashes deletes nothing", async () => {
    await (
      await stack.open({
        SCRIPT: `new Thing("a", {}); new Thing("b", {}); return { kept: "old" };`,
      })
    ).up();
    const crashed = await (
      await stack.open({ SCRIPT: `new Thing("a", {}); process.kill(process.pid, "SIGKILL");` })
    ).up();
    expect(crashed.result).toBe("failed");
    expect(crashed.errors).toEqual(["an unhandled error occurred: Program was ended by SIGKILL"]);
    expect((await names()).sort()).toEqual(["a", "b"]);

    const threw = await (
      await stack.open({ SCRIPT: `throw new Error("program broke")` })
    ).up({ onEvent: stack.onEvent });
    expect(threw.result).toBe("failed");
    expect(threw.errors.join("\n")).toContain("program broke");
    expect((await names()).sort()).toEqual(["a", "b"]);
    expect(threw.outputs["kept"]).toEqual({ value: "old", secret: false });
  });

  test("a check failure names the resource and touches nothing, also in a preview", async () => {
    const SCRIPT = `new Thing("bad", { refuse: "size must be positive" });`;
    for (const operation of ["preview", "up"] as const) {
      const result = await (await stack.open({ SCRIPT }))[operation]();
      expect(result.result).toBe("failed");
      expect(result.errors[0]).toBe(
        "pulumi-nodejs:dynamic/script:Thing resource 'bad': has a problem: size must be positive",
      );
    }
    expect(stack.calls()).toEqual([]);
    expect(await names()).toEqual([]);
  });

  test("a refresh reports every failure and keeps what it could not read", async () => {
    const SCRIPT = `for (const n of ["a", "b", "c"]) new Thing(n, n === "c" ? {} : { unreadable: true });`;
    await (await stack.open({ SCRIPT })).up();
    const result = await (await stack.open()).refresh();
    expect(result.result).toBe("failed");
    expect(result.errors.filter((text) => text.includes("cannot read")).sort()).toEqual([
      "cannot read id-a",
      "cannot read id-b",
    ]);
    expect((await names()).sort()).toEqual(["a", "b", "c"]);
  });

  test("what cannot be done is refused in a sentence that names the CLI", async () => {
    const SCRIPT = `new pulumi.ComponentResource("my:m:C", "c", {}, {}, true);`;
    const result = await (await stack.open({ SCRIPT })).up();
    expect(result.result).toBe("failed");
    expect(result.errors.join("\n")).toContain(
      "this program uses a remote component, which the embedded engine does not support: run this operation with the pulumi CLI.",
    );
  });

  test("output of the program and its log messages are events of the stack", async () => {
    const SCRIPT = `console.log("hello"); console.error("careful"); await pulumi.log.warn("warned"); new Thing("a", {});`;
    await (await stack.open({ SCRIPT })).up({ onEvent: stack.onEvent });
    expect(messages(stack.events, "info")).toContain("hello");
    expect(messages(stack.events, "info#err")).toContain("careful");
    expect(messages(stack.events, "warning")).toEqual(["warned"]);
    expect(stack.events.map(({ sequence }) => sequence)).toEqual(
      stack.events.map((_, index) => index),
    );
    expect(stack.events.at(-2)?.summaryEvent?.resourceChanges).toEqual({ create: 2 });
    expect(stack.events.at(-1)?.cancelEvent).toEqual({});
  });
});
