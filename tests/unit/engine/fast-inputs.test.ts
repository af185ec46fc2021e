import { createRequire } from "node:module";
import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { type RpcModule, speedUpInputs } from "../../../engine/hosts/fast-inputs.js";

const sdk = createRequire(__filename)("@pulumi/pulumi/runtime/rpc") as RpcModule;

/** The SDK's way, and ours beside it. */
const { serializeResourceProperties: slow } = sdk;
const fast: RpcModule = { ...sdk };
speedUpInputs(fast);

type Props = Record<string, unknown>;
type Serialized = Awaited<ReturnType<typeof slow>>;

class Thing extends pulumi.CustomResource {
  declare readonly size: pulumi.Output<number>;
  constructor(name: string) {
    super("test:index:Thing", name, { size: 1 });
  }
}

interface Outcome {
  sent?: Serialized[0];
  /** Each property with the resources that it needs. */
  needs?: [string, unknown[]][];
  failed?: string;
}

/** What either way makes of it; an error is its message. */
async function outcome(way: typeof slow, props: Props, options?: object): Promise<Outcome> {
  try {
    const [sent, needs]: Serialized = await way("label", props, options);
    return { sent, needs: [...needs].map(([key, of]) => [key, [...of]]) };
  } catch (error) {
    return { failed: (error as Error).message };
  }
}

/** The same to the last undefined, and the very same resources. */
function expectEqual(actual: Outcome, expected: Outcome): void {
  expect(actual).toStrictEqual(expected);
  const resources = (of: Outcome): unknown[] => (of.needs ?? []).flatMap(([, needed]) => needed);
  for (const [index, resource] of resources(expected).entries())
    expect(resources(actual)[index]).toBe(resource);
}

async function expectSame(make: () => Props, options?: object): Promise<void> {
  const expected = await outcome(slow, make(), options);
  expectEqual(await outcome(fast.serializeResourceProperties, make(), options), expected);
}

beforeAll(async () => {
  const newResource = ({ name, inputs }: pulumi.runtime.MockResourceArgs) => ({
    id: `${name}-id`,
    state: inputs as Props,
  });
  await pulumi.runtime.setMocks({ newResource, call: () => ({}) }, "project", "dev", false);
});

describe("inputs serialized faster are what the SDK sends", () => {
  const leaf = fc.anything({ key: fc.string({ maxLength: 3 }), maxDepth: 2, maxKeys: 3 });
  const wrapped = fc.oneof(
    leaf.map((value) => () => value),
    leaf.map((value) => () => Promise.resolve(value)),
    leaf.map((value) => () => pulumi.output(value)),
    leaf.map((value) => () => pulumi.secret(value)),
    leaf.map((value) => () => ({ deep: [pulumi.output(value), undefined, { x: undefined }] })),
  );

  it("for any plain values, promises, outputs and secrets", async () => {
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string({ maxLength: 3 }), wrapped), async (makers) => {
        await expectSame(() =>
          Object.fromEntries(Object.entries(makers).map(([key, make]) => [key, make()])),
        );
      }),
    );
  });

  it("for resources, assets, unknowns, functions and what cannot be sent", async () => {
    const thing = new Thing("thing");
    const unknown = pulumi.unknown as unknown;
    await expectSame(() => ({
      ...{ id: "left out", urn: "left out" },
      ...{ thing, list: [thing, { size: thing.size }], later: Promise.resolve({ of: thing.size }) },
      text: new pulumi.asset.StringAsset("text"),
      archive: new pulumi.asset.AssetArchive({ a: new pulumi.asset.StringAsset("a") }),
      unknown,
      deep: { unknown, run: () => 1, list: [() => 1, undefined] },
      date: new Date(0),
    }));
    // Its message is changed on the way, so each has an error of its own.
    await expectSame(() => ({ good: 1, bad: { deep: [Promise.reject(new Error("no"))] } }));
  });

  it("for unknown and secret outputs, also where several resources are given one of them", async () => {
    const thing = new Thing("needed");
    const unknown = pulumi.output(pulumi.unknown as unknown);
    const secret = pulumi.secret("hush");
    const both = pulumi.secret(pulumi.all([thing.size, pulumi.unknown as unknown]));
    const hidden = thing.size.apply((size) => pulumi.secret({ size }));
    for (let i = 0; i < 2; i++)
      await expectSame(() => ({ unknown, secret, both, hidden, deep: [{ unknown }, { secret }] }));
  });

  it("where outputs stay outputs", async () => {
    const thing = new Thing("other");
    await expectSame(() => ({ size: thing.size, list: [{ size: thing.size }] }), {
      keepOutputValues: true,
    });
  });

  it("looks into an output once, and says each time what it needs", async () => {
    const thing = new Thing("shared");
    let asked = 0;
    const counting: RpcModule = {
      ...sdk,
      serializeProperty: (...args) => {
        asked += 1;
        return sdk.serializeProperty(...args);
      },
    };
    speedUpInputs(counting);
    const props = { a: thing.size, b: { c: [thing.size] } };
    const expected = await outcome(slow, props);
    for (let i = 0; i < 3; i++)
      expectEqual(await outcome(counting.serializeResourceProperties, props), expected);
    expect(asked).toBe(1);
  });
});
