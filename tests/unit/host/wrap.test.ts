import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { canonical, changedKeys, hashOf, same } from "../../../provider/canonical.js";
import { CloudError } from "../../../provider/errors.js";
import { armFault, disarmFaults, faultPoint, parseFaults } from "../../../provider/host/faults.js";
import type { Lifecycle, Meta } from "../../../provider/lifecycle.js";
import { currentOperation } from "../../../provider/operation.js";
import { progress, useSink, warn } from "../../../provider/progress.js";
import { forgetSecrets, redact, registerSecret } from "../../../provider/redact.js";
import { partialFailure, wrapLifecycle } from "../../../provider/wrap.js";

interface Thing {
  meta: Meta;
  value: string;
}
const meta: Meta = { project: "p", stack: "s", name: "thing", urn: "urn:thing" };
const inputs = { meta, value: "v", __provider: "code" };

function wrapped(verbs: Partial<Lifecycle<Thing, Thing>>) {
  const lifecycle: Lifecycle<Thing, Thing> = {
    check: async (_olds, news) => ({ inputs: news }),
    diff: async () => ({}),
    create: async (given) => ({ id: "1", outs: given }),
    read: async (id, props) => ({ id, props }),
    update: async (_id, _olds, news) => ({ outs: news }),
    delete: async () => {},
    ...verbs,
  };
  return wrapLifecycle(lifecycle, { kind: "Thing" });
}

afterEach(() => {
  forgetSecrets();
  disarmFaults();
  useSink();
});

describe("a wrapped lifecycle", () => {
  it("hides the server's own keys from the lifecycle", async () => {
    expect((await wrapped({}).create(inputs)).outs).toEqual({ meta, value: "v" });
  });

  it("keeps __provider on a partial failure, so that the object can be deleted", async () => {
    const failing = wrapped({
      create: async (given) =>
        Promise.reject(partialFailure("id-1", given, { ...given, extra: 1 }, ["not healthy"])),
    });
    await expect(failing.create(inputs)).rejects.toMatchObject({
      message: "not healthy",
      id: "id-1",
      reasons: ["not healthy"],
      properties: { value: "v", extra: 1, __provider: "code" },
      stack: "",
    });
  });

  it("scrubs secrets and drops the stack", async () => {
    registerSecret("hunter2-canary");
    const failing = wrapped({
      delete: () => Promise.reject(new Error("cannot use hunter2-canary here")),
    });
    await expect(failing.delete("1", inputs)).rejects.toMatchObject({
      message: "cannot use [secret] here",
      stack: "",
    });
  });

  it("ends at the program's own timeout and tells the lifecycle to give up", async () => {
    let signal: AbortSignal | undefined;
    const slow = wrapped({
      create: () => {
        signal = currentOperation()?.signal;
        return new Promise(() => {});
      },
    });
    const soon = { ...inputs, meta: { ...meta, timeouts: { create: 0.05 } } };
    await expect(slow.create(soon)).rejects.toThrow(
      "create of Thing thing did not end within 0.05 s; it may still take effect",
    );
    expect(signal?.aborted).toBe(true);
  });

  it("passes older states through the upcaster", async () => {
    const lifecycle = wrapLifecycle<Thing, Thing>(
      { ...wrapped({}), read: async (id, props) => ({ id, props }) },
      { kind: "Thing", upcast: (old) => ({ meta, value: String(old["oldValue"]) }) },
    );
    const old = { oldValue: 7, __provider: "code" } as unknown as Thing;
    expect((await lifecycle.read("1", old)).props).toEqual({ meta, value: "7" });
  });
});

describe("progress", () => {
  it("goes to the row of the resource that is worked on, scrubbed", async () => {
    const lines: unknown[] = [];
    useSink((...line) => lines.push(line));
    registerSecret("canary-99");
    await wrapped({
      create: async (given) => {
        progress("pulling canary-99");
        await warn("careful");
        return { id: "1", outs: given };
      },
    }).create(inputs);
    expect(lines).toEqual([
      ["urn:thing", "pulling [secret]", {}],
      ["urn:thing", "careful", { keep: true, warn: true }],
    ]);
  });
});

describe("redaction", () => {
  it("scrubs a value in every form in which it leaks, longest first", () => {
    registerSecret("pass word/1");
    registerSecret("pass word/1 and more");
    registerSecret({ nested: ["line-one\nline-two"] });
    expect(redact("a pass word/1 and more b")).toBe("a [secret] b");
    expect(redact(`x=${encodeURIComponent("pass word/1")}`)).toBe("x=[secret]");
    expect(redact(Buffer.from("pass word/1").toString("base64"))).toBe("[secret]");
    expect(redact("only line-two")).toBe("only [secret]");
  });

  it("leaves short values alone", () => {
    registerSecret("no");
    expect(redact("no, nothing")).toBe("no, nothing");
  });
});

describe("canonical form", () => {
  it("does not depend on the order of keys or on undefined members", () => {
    expect(canonical({ b: 1, a: [{ d: undefined, c: 2 }] })).toBe('{"a":[{"c":2}],"b":1}');
    expect(same({ a: 1, b: undefined }, { a: 1 })).toBe(true);
    expect(same([1, 2], [2, 1])).toBe(false);
    expect(hashOf({ a: 1, b: 2 })).toBe(hashOf({ b: 2, a: 1 }));
    expect(hashOf(JSON.parse('{"__proto__":1}'))).not.toBe(hashOf({}));
    expect(changedKeys({ a: 1, b: 2, c: 3 }, { a: 1, b: 3, d: 4 }, ["d"])).toEqual(["b", "c"]);
  });
});

describe("equality", () => {
  it("is that of the canonical forms, for whatever JSON there is and for what is undefined in it", () => {
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom(undefined, null, NaN, 0, -0, 1, "", "a", true, false),
        fc.array(tie("value"), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom("a", "b", "__proto__"), tie("value"), { maxKeys: 3 }),
      ),
    }));
    let equal = 0;
    fc.assert(
      fc.property(value, value, (a, b) => {
        const expected = canonical(a) === canonical(b);
        if (expected) equal += 1;
        expect(same(a, b)).toBe(expected);
        expect(same(a, structuredClone(a))).toBe(true);
      }),
      { numRuns: 2000 },
    );
    expect(equal).toBeGreaterThan(20);
  });
});

describe("fault points", () => {
  it("fire once, at the host and passage asked for", async () => {
    armFault("created", "error", { host: "h2", nth: 2 });
    await faultPoint("created", "h1");
    await faultPoint("created", "h2");
    await expect(faultPoint("created", "h2")).rejects.toEqual(
      new CloudError("internal", "fault at created", { host: "h2" }),
    );
    await faultPoint("created", "h2");
  });

  it("are read from the environment", () => {
    expect(parseFaults("created:kill,started@h2#3:error")).toMatchObject([
      { point: "created", nth: 1, action: "kill" },
      { point: "started", host: "h2", nth: 3, action: "error" },
    ]);
    expect(() => parseFaults("created")).toThrow(
      'CLOCKER_FAULT: "created" is not point[@host][#nth]:action',
    );
  });
});
