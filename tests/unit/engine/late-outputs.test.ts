import { createRequire } from "node:module";
import { inspect } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import {
  type ErrorKinds,
  makeOutputsLate,
  type OutputClass,
  type TransferModule,
} from "../../../engine/hosts/late-outputs.js";

const load = createRequire(__filename);
const slow = load("@pulumi/pulumi/runtime/rpc") as TransferModule;
const { Output } = load("@pulumi/pulumi/output") as { Output: OutputClass };
const errors = load("@pulumi/pulumi/errors") as ErrorKinds;

let made = 0;
class Counted extends Output {
  constructor(...parts: ConstructorParameters<OutputClass>) {
    super(...parts);
    made += 1;
  }
}

/** The SDK's way, and ours beside it. */
const late = { ...slow };
makeOutputsLate(late, Counted, errors);
const ways = [
  ["the SDK", slow],
  ["late outputs", late],
] as const;

interface Inner {
  promise(withUnknowns: boolean): Promise<unknown>;
  isKnown: Promise<boolean>;
  isSecret: Promise<boolean>;
  allResources(): Promise<Set<unknown>>;
  resources(): Set<unknown>;
}
type Outputs = Record<string, pulumi.Output<{ size: number }> & Inner>;

/** All that can be learned of an output. */
async function learned(output: Inner) {
  return {
    value: await output.promise(true),
    isKnown: await output.isKnown,
    isSecret: await output.isSecret,
    all: [...(await output.allResources())],
    own: [...output.resources()],
  };
}

async function expectFailure(output: Inner): Promise<void> {
  const { isKnown, isSecret } = output;
  for (const part of [output.promise(true), isKnown, isSecret, output.allResources()])
    await expect(part).rejects.toThrow("no");
}

class Marked {
  readonly __pulumiResource = true;
}

describe.each(ways)("outputs of a resource, by %s", (_, { transferProperties }) => {
  const transfer = (props: object) => {
    const resource = new Marked();
    const resolvers = transferProperties(resource, "label", props);
    return { resource, resolvers, outputs: resource as unknown as Outputs };
  };

  it.each([["before"], ["after"]])("settle as answered, looked at %s the answer", async (when) => {
    const needed = new Marked();
    const { resource, resolvers, outputs } = transfer({
      id: 1,
      urn: 2,
      known: 3,
      secret: 4,
      not: 5,
    });
    expect(Object.keys(resolvers)).toEqual(["known", "secret", "not"]);
    const keys = ["known", "secret", "not"];
    const early = when === "before" ? keys.map((key) => learned(outputs[key]!)) : [];
    resolvers["known"]!({ size: 1 }, true, false);
    resolvers["secret"]!("hush", true, true, [needed]);
    resolvers["not"]!(undefined, false, false);
    const found = early.length > 0 ? early : keys.map((key) => learned(outputs[key]!));
    const rest = { isSecret: false, all: [resource], own: [resource] };
    expect(await Promise.all(found)).toEqual([
      { ...rest, value: { size: 1 }, isKnown: true },
      { ...rest, value: "hush", isKnown: true, isSecret: true, all: [needed, resource] },
      { ...rest, value: undefined, isKnown: false },
    ]);
  });

  it("are outputs to whoever looks", async () => {
    const { resolvers, outputs } = transfer({ a: 1 });
    const { a } = outputs;
    expect(pulumi.Output.isInstance(a)).toBe(true);
    expect(a).toBeInstanceOf(Output);
    expect((a as unknown as { then: unknown }).then).toBeUndefined();
    expect(inspect(a)).toMatch(/__pulumiOutput: true/);
    const lifted = pulumi.all([a!.size, a!.apply(({ size }) => size + 1), pulumi.output({ a })]);
    resolvers["a"]!({ size: 1 }, true, false);
    const { value } = await learned(lifted as unknown as Inner);
    expect(value).toEqual([1, 2, { a: { size: 1 } }]);
    expect(Object.keys(a!)).toContain("isKnown");
    expect("allResources" in a!).toBe(true);
  });

  it("fail as the registration does", async () => {
    const { resolvers, outputs } = transfer({ a: 1 });
    const output = outputs["a"]!;
    const early = output.promise(true); // looked at before
    resolvers["a"]!(undefined, true, false, [], new Error("no"));
    await expect(early).rejects.toThrow("no");
    await expectFailure(output);
  });

  it("keep to the first answer", async () => {
    const { resolvers, outputs } = transfer({ a: 1, b: 2, c: 3 });
    const early = learned(outputs["b"]!);
    for (const key of ["a", "b"]) {
      resolvers[key]!("first", true, false, [], null as unknown as undefined);
      resolvers[key]!("second", true, true);
      resolvers[key]!(undefined, true, false, [], new Error("too late"));
    }
    resolvers["c"]!(undefined, true, false, [], new Error("no"));
    resolvers["c"]!("too late", true, false);
    expect(await early).toMatchObject({ value: "first", isSecret: false });
    expect(await learned(outputs["a"]!)).toMatchObject({ value: "first", isSecret: false });
    await expectFailure(outputs["c"]!);
  });

  it("can be frozen, and given and rid of properties", async () => {
    const { resolvers, outputs } = transfer({ a: 1 });
    const a = outputs["a"] as Outputs[string] & { __mark?: string };
    Object.defineProperty(a, "__mark", { value: "seen", configurable: true, enumerable: true });
    expect(a.__mark).toBe("seen");
    expect(Object.keys(a)).toContain("__mark");
    delete a.__mark;
    expect(Object.keys(a)).not.toContain("__mark");
    expect(Object.isFrozen(a)).toBe(false);
    expect(Object.freeze(a)).toBe(a);
    expect(Object.isFrozen(a)).toBe(true);
    expect(() => (a.__mark = "again")).toThrow(TypeError);
    resolvers["a"]!("settled", true, false);
    expect(pulumi.Output.isInstance(a)).toBe(true);
    expect(await a.promise(true)).toBe("settled");
  });

  it("refuse a property that is there already", () => {
    const resource = Object.assign(new Marked(), { a: 1 });
    expect(() => transferProperties(resource, "label", { a: 1 })).toThrow(
      "Property 'a' is already initialized on target 'label",
    );
  });
});

describe("late outputs", () => {
  it("are not made until somebody looks at them", async () => {
    const resource = new Marked();
    made = 0;
    const resolvers = late.transferProperties(resource, "label", { a: 1, b: 2 });
    resolvers["a"]!(1, true, false);
    resolvers["b"]!(2, true, false);
    const { a } = resource as unknown as Outputs;
    expect(pulumi.Output.isInstance(a)).toBe(true);
    expect(made).toBe(0);
    expect(await a!.promise(true)).toBe(1);
    expect(made).toBe(1);
  });

  it("that nobody looks at do not hide a failure, unless it is the engine's end", async () => {
    const unhandled: unknown[] = [];
    const heard = process.listeners("unhandledRejection");
    process.removeAllListeners("unhandledRejection");
    process.on("unhandledRejection", (error) => unhandled.push(error));
    try {
      const resolvers = late.transferProperties(new Marked(), "label", { a: 1, b: 2 });
      const error = new Error("no");
      resolvers["a"]!(undefined, true, false, [], error);
      resolvers["b"]!(undefined, true, false, [], Object.assign(new Error("gone"), { code: 14 }));
      await new Promise((resolve) => setTimeout(resolve, 10));
      expect(new Set(unhandled)).toEqual(new Set([error]));
    } finally {
      process.removeAllListeners("unhandledRejection");
      for (const listener of heard) process.on("unhandledRejection", listener);
    }
  });
});
