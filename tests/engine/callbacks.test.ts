import { afterEach, describe, expect, test } from "vitest";
import type { ResourceState } from "../../engine/state/model.js";
import { messages, ProgramStack } from "./support/program-stack.js";

// What is expected here is what the pulumi CLI 3.270 did with the same programs.

let stack: ProgramStack | undefined;
afterEach(() => {
  stack?.close();
  stack = undefined;
});

const LOG = `const fs = await import("node:fs");
const log = (line) => fs.appendFileSync(process.env.CALL_LOG, line + "\\n");
`;

const notMade = (name: string): string =>
  `before hook "waits" failed: resource ${name} [pulumi-nodejs:dynamic/script:Thing] failed to register`;

const named = (resources: readonly ResourceState[], name: string): ResourceState => {
  const found = resources.find(({ urn }) => urn.endsWith(`::${name}`));
  if (found === undefined) throw new Error(`no ${name} in the state`);
  return found;
};

describe("transforms", () => {
  const SCRIPT = `${LOG}
    const t = (label, change) => async (args) => {
      const keys = Object.keys(args.props).filter((key) => !key.startsWith("__"));
      log([label, args.name, ...keys].join(" "));
      return change?.(args);
    };
    class C extends pulumi.ComponentResource {
      constructor(name, options) {
        super("my:m:C", name, {}, options);
        new Thing(name + "-child", { size: 1 }, { parent: this, transforms: [t("own")] });
        this.registerOutputs({});
      }
    }
    pulumi.runtime.registerResourceTransform(t("stack", (args) => ({
      props: { ...args.props, tag: args.custom ? "x" : undefined },
      opts: args.name === "lone"
        ? pulumi.mergeOptions(args.opts, { protect: true, ignoreChanges: ["size"], aliases: [{ name: "older" }] })
        : args.opts,
    })));
    const first = new Thing("first", { size: 1 });
    new C("comp", { transforms: [t("comp", (args) => ({
      props: args.custom ? { ...args.props, from: first.made, hidden: pulumi.secret("canary") } : args.props,
      opts: args.opts,
    }))] });
    new Thing("lone", { size: 2, password: pulumi.secret("p") }, { transforms: [t("lone", (args) => ({
      props: { ...args.props, late: first.derived },
      opts: pulumi.mergeOptions(args.opts, {
        dependsOn: [first], additionalSecretOutputs: ["made"], customTimeouts: { create: "5m" },
        retainOnDelete: true, deletedWith: first,
      }),
    }))] });
  `;

  test("run from the inside out and change inputs and options", async () => {
    stack = new ProgramStack("script", "script");
    const opened = await stack.open({ SCRIPT });
    expect(await opened.preview()).toMatchObject({
      result: "succeeded",
      changeSummary: { create: 5 },
    });
    stack.calls();
    expect(await opened.up()).toMatchObject({ errors: [], changeSummary: { create: 5 } });
    const calls = stack.calls();
    const child = calls.filter((line) => line.includes("comp-child") && !line.includes("create"));
    expect(child).toEqual([
      "own comp-child name size",
      "comp comp-child name size",
      "stack comp-child from hidden name size",
    ]);
    expect(calls).toContain("comp comp");
    const { resources } = (await stack.store.load()) ?? { resources: [] };
    const secret = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };
    expect(named(resources, "comp-child")).toMatchObject({
      inputs: { from: "made-first", hidden: { ...secret, value: "canary" }, tag: "x" },
    });
    const first = named(resources, "first").urn;
    expect(named(resources, "lone")).toMatchObject({
      inputs: { late: "derived from undefined", password: secret, tag: "x" },
      outputs: { made: secret },
      protect: true,
      retainOnDelete: true,
      deletedWith: first,
      dependencies: [first],
      ignoreChanges: ["size"],
      customTimeouts: { create: 300 },
    });
    expect(await opened.up()).toMatchObject({ errors: [], changeSummary: { same: 5 } });
  });

  test("of invokes change their arguments", async () => {
    stack = new ProgramStack("script", "script");
    const opened = await stack.open({
      SCRIPT: `
        pulumi.runtime.registerInvokeTransform(async ({ args, opts }) =>
          ({ args: { ...args, urn: args.urn.replace("WRONG", "first") }, opts }));
        const urn = await new Thing("first", {}).urn.promise();
        const found = await pulumi.runtime.invoke("pulumi:pulumi:getResource", { urn: urn.replace("first", "WRONG") });
        return { id: found.id };
      `,
    });
    const result = await opened.up();
    expect(result.errors).toEqual([]);
    expect(result.outputs["id"]?.value).toBe("id-first");
  });

  test("one that fails fails the registration", async () => {
    stack = new ProgramStack("script", "script");
    const opened = await stack.open({
      SCRIPT: `new Thing("a", {}, { transforms: [async () => { throw new Error("no way"); }] });`,
    });
    const result = await opened.up();
    expect(result.result).toBe("failed");
    expect(result.errors[0]).toContain("invoke transform: ");
    expect(result.errors[0]).toContain("transform failed: Error: no way");
    expect(stack.calls()).toEqual([]);
  });
});

describe("hooks", () => {
  const SCRIPT = `${LOG}
    const hook = (name, options) => new pulumi.ResourceHook(name, async (args) => {
      const { newInputs, oldInputs, newOutputs, oldOutputs } = args;
      const seen = [newInputs?.size, oldInputs?.size, newOutputs?.made, oldOutputs?.made];
      log(["hook", name, args.name, args.id, ...seen.map((value) => value ?? "-")].join(" "));
      if (process.env.FAIL === name) throw new Error("not today");
    }, options);
    const hooks = {};
    for (const when of ["beforeCreate", "afterCreate", "beforeUpdate", "afterUpdate", "beforeDelete", "afterDelete"])
      hooks[when] = [hook(when, { onDryRun: when === "beforeCreate" })];
    if (!process.env.GONE) new Thing("a", { size: Number(process.env.SIZE) }, { hooks });
    class C extends pulumi.ComponentResource {
      constructor(name, options) {
        super("my:m:C", name, {}, options);
        this.registerOutputs({ made: "whole" });
      }
    }
    new C("comp", { hooks: { afterCreate: hooks.afterCreate } });
  `;

  test("are called around what they belong to; only those that want to in a preview", async () => {
    stack = new ProgramStack("script", "script");
    const opened = await stack.open({ SCRIPT, SIZE: "1", FAIL: "", GONE: "" });
    await opened.preview();
    expect(stack.calls()).toEqual(["hook beforeCreate a  1 - - -"]);
    expect((await opened.up()).errors).toEqual([]);
    const calls = stack.calls().map((line) => line.replace(/^(create a) .*/, "$1"));
    expect(calls.filter((line) => !line.includes("comp"))).toEqual([
      "hook beforeCreate a  1 - - -",
      "create a",
      "hook afterCreate a id-a 1 - made-a -",
    ]);
    expect(calls).toContain("hook afterCreate comp  - - whole -");
    const { resources } = (await stack.store.load()) ?? { resources: [] };
    expect(named(resources, "comp").resourceHooks).toEqual({ AfterCreate: ["afterCreate"] });

    // A failure before an update keeps it from happening; one after it fails the operation, not the resource.
    await stack.open({ SIZE: "2", FAIL: "beforeUpdate" });
    const before = await (await stack.open()).up();
    expect(before.errors).toEqual([
      'before hook "beforeUpdate" failed: not today',
      "update failed",
    ]);
    expect(stack.calls()).toEqual(["hook beforeUpdate a id-a 2 1 - made-a"]);
    const after = await (await stack.open({ FAIL: "afterUpdate" })).up();
    expect(after.errors).toEqual(['after hook "afterUpdate" failed: not today', "update failed"]);
    expect(after.changeSummary).toEqual({ same: 2, update: 1 });
    stack.calls();

    await expect((await stack.open()).destroy()).rejects.toThrow(
      "the stack has delete hooks, for which the program would have to run during a destroy",
    );
    expect(stack.calls()).toEqual([]);

    const gone = await (await stack.open({ GONE: "1", FAIL: "" })).up();
    expect(gone).toMatchObject({ errors: [], changeSummary: { same: 2, delete: 1 } });
    expect(stack.calls()).toEqual([
      "hook beforeDelete a id-a - 2 - made-a",
      "delete id-a",
      "hook afterDelete a id-a - 2 - made-a",
    ]);
  });

  test("of a component are finished though something fails beside them", async () => {
    stack = new ProgramStack("script", "script");
    const opened = await stack.open({
      SCRIPT: `${LOG}
        let failed;
        const failure = new Promise((resolve) => (failed = resolve));
        const whole = new pulumi.ResourceHook("whole", async ({ name }) => {
          log("begun " + name);
          failed();
          await new Promise((resolve) => setTimeout(resolve, 500));
          log("ended " + name);
        });
        class C extends pulumi.ComponentResource {
          constructor(name, options) {
            super("my:m:C", name, {}, options);
            this.registerOutputs({});
          }
        }
        new C("comp", { hooks: { afterCreate: [whole] } });
        new Thing("bad", { fail: pulumi.output(failure.then(() => true)) });
      `,
    });
    expect((await opened.up()).errors).toEqual(["boom", "update failed"]);
    expect(stack.calls().filter((line) => line.endsWith(" comp"))).toEqual([
      "begun comp",
      "ended comp",
    ]);
  });

  // With the CLI they wait for ever.
  test.each<[what: string, program: string, errors: string[], calls: string[]]>([
    [
      "has failed",
      `bad = new Thing("bad", { fail: pulumi.output(begun.then(() => true)) });
       new Thing("after", { from: bad.made });
       awaited(bad);`,
      ["boom", notMade("bad"), "update failed"],
      ["begun a", "create bad"],
    ],
    [
      "its provider refuses",
      `bad = new Thing("bad", { refuse: pulumi.output(begun.then(() => "too big")) });
       awaited(bad);`,
      ["pulumi-nodejs:dynamic/script:Thing resource 'bad': has a problem: too big", notMade("bad")],
      ["begun a"],
    ],
    [
      "comes after a failure",
      `bad = new Thing("bad", { fail: pulumi.output(begun.then(() => true)) });
       bad.made.promise().catch(() => awaited(new Thing("late", {})));`,
      ["boom", notMade("late"), "update failed"],
      ["begun a", "create bad"],
    ],
  ])("that wait for what %s are told", { timeout: 60_000 }, async (_, program, errors, calls) => {
    stack = new ProgramStack("script", "script");
    const opened = await stack.open({
      SCRIPT: `${LOG}
        let begin, awaited, bad;
        const begun = new Promise((resolve) => (begin = resolve));
        const other = new Promise((resolve) => (awaited = resolve));
        const waits = new pulumi.ResourceHook("waits", async ({ name }) => {
          log("begun " + name);
          begin();
          await (await other).made.promise();
        });
        new Thing("a", {}, { hooks: { beforeCreate: [waits] } });
        ${program}
      `,
    });
    expect((await opened.up()).errors).toEqual(errors);
    const made = stack.calls().map((line) => line.replace(/^(create bad) .*/, "$1"));
    expect(made).toEqual(calls);
    expect((await stack.store.load())?.pendingOperations).toEqual([]);
  });

  test("of errors decide whether to try again", async () => {
    stack = new ProgramStack("script", "script");
    const opened = await stack.open({
      SCRIPT: `${LOG}
        const again = new pulumi.ErrorHook("again", async ({ name, failedOperation, errors }) => {
          log(["errors", name, failedOperation, errors.length].join(" "));
          return errors.length < 3;
        });
        new Thing("a", { fail: true }, { hooks: { onError: [again] } });
      `,
    });
    const result = await opened.up({ onEvent: stack.onEvent });
    expect(result.errors).toEqual(["boom", "update failed"]);
    expect(stack.calls().map((line) => line.replace(/^(create a) .*/, "$1"))).toEqual([
      "create a",
      "errors a create 1",
      "create a",
      "errors a create 2",
      "create a",
      "errors a create 3",
    ]);
    expect(messages(stack.events, "warning")).toEqual([
      "retrying create due to on-error hook request (1/100)",
      "retrying create due to on-error hook request (2/100)",
    ]);
    expect((await stack.store.load())?.pendingOperations).toEqual([]);
  });
});
