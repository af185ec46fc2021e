import fc from "fast-check";
import { Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import { describe, expect, test } from "vitest";
import { diffObjects, invertDetailed } from "../../../engine/values/diff.js";
import { isOrdinary, noteIfOrdinary } from "../../../engine/values/known-maps.js";
import { formatPath, parsePath, pathContains } from "../../../engine/values/path.js";
import { resetPath } from "../../../engine/values/reset-path.js";
import { SIGNATURE_KEY, SIGNATURES, UNKNOWN_STRING } from "../../../engine/values/signatures.js";
import { fromStruct, toStruct } from "../../../engine/values/struct.js";
import {
  annotateSecrets,
  containsSecret,
  containsUnknown,
  deepEquals,
  makeSecret,
  maskSecrets,
  unwrapSecrets,
} from "../../../engine/values/wire.js";

const KEEP = { keepUnknowns: true, keepSecrets: true, keepResources: true };
const reference = (id?: string) => ({
  [SIGNATURE_KEY]: SIGNATURES.resource,
  urn: "urn:x",
  ...(id === undefined ? {} : { id }),
});

describe("wire values", () => {
  test("what goes through a message comes back", () => {
    const value = fc.letrec((tie) => ({
      leaf: fc.oneof(
        fc.string(),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.boolean(),
        fc.constant(null),
      ),
      tree: fc.oneof(
        { maxDepth: 3 },
        tie("leaf"),
        fc.array(tie("tree")),
        fc.dictionary(fc.string(), tie("tree")),
      ),
    })).tree;
    fc.assert(
      fc.property(fc.dictionary(fc.string(), value), (map) => {
        expect(deepEquals(fromStruct(toStruct(map, KEEP)), map)).toBe(true);
      }),
      { numRuns: 100, examples: [[JSON.parse('{"":{"__proto__":{"":{}}}}')]] },
    );
  });

  test("a receiver gets what it understands", () => {
    const map = {
      s: makeSecret({ a: makeSecret(1) }),
      r: reference("i"),
      c: reference(),
      u: UNKNOWN_STRING,
      list: [UNKNOWN_STRING],
      n: null,
    };
    const plain = { keepUnknowns: false, keepSecrets: false, keepResources: false };
    expect(fromStruct(toStruct(map, plain))).toEqual({
      s: { a: 1 },
      r: "i",
      c: "urn:x",
      list: [null],
      n: null,
    });
    expect(fromStruct(toStruct(map, KEEP))).toEqual(map);
    expect(fromStruct(toStruct({ r: reference("") }, { ...plain, keepUnknowns: true }))).toEqual({
      r: UNKNOWN_STRING,
    });
  });

  test("secrets are marked again by key, at any depth, and lists as a whole", () => {
    const inputs = {
      a: makeSecret("x"),
      b: { c: makeSecret("y"), d: 1 },
      list: [1, makeSecret(2)],
      gone: makeSecret(1),
    };
    const outputs = { a: "x", b: { c: "y", d: 1 }, list: [1, 2], other: "z" };
    expect(annotateSecrets(outputs, inputs)).toEqual({
      a: makeSecret("x"),
      b: { c: makeSecret("y"), d: 1 },
      list: makeSecret([1, 2]),
      other: "z",
    });
    expect(outputs.a).toBe("x");
  });

  test("looking for, opening and masking secrets and unknowns", () => {
    const value = { a: [{ b: makeSecret("s") }], u: { v: UNKNOWN_STRING } };
    expect([
      containsSecret(value),
      containsUnknown(value),
      containsSecret(value.u),
      containsUnknown(value.a),
    ]).toEqual([true, true, false, false]);
    expect(unwrapSecrets(value)).toEqual({ a: [{ b: "s" }], u: { v: UNKNOWN_STRING } });
    expect(maskSecrets(value)).toEqual({
      a: [{ b: makeSecret("[secret]") }],
      u: { v: UNKNOWN_STRING },
    });
    const free = { a: [1] };
    expect(maskSecrets(free)).toBe(free);
  });

  test("null is the same as nothing, order of keys is nothing, order of items is something", () => {
    expect(deepEquals({ a: 1, b: null }, { a: 1 })).toBe(true);
    expect(deepEquals({ a: 1, b: 2 }, { b: 2, a: 1 })).toBe(true);
    expect(deepEquals([1, 2], [2, 1])).toBe(false);
    expect(deepEquals({ a: 1 }, { a: "1" })).toBe(false);
    expect(deepEquals({}, [])).toBe(false);
    expect(deepEquals(Number.NaN, Number.NaN)).toBe(true);
  });
});

describe("maps that went through messages", () => {
  const message = (map: Record<string, unknown>) =>
    Struct.deserializeBinary(toStruct(map, KEEP).serializeBinary());

  test("are ordinary only when nothing in them is special, at any depth", () => {
    const special = [
      makeSecret(1),
      UNKNOWN_STRING,
      reference(),
      { [SIGNATURE_KEY]: SIGNATURES.output },
      { [SIGNATURE_KEY]: SIGNATURES.asset, text: "t" },
    ];
    for (const value of special) {
      const map = { deep: [{ value }] };
      expect(isOrdinary(fromStruct(message(map)))).toBe(false);
      expect(noteIfOrdinary(map)).toBe(false);
      expect(isOrdinary(map)).toBe(false);
    }
    const map = { deep: [{ value: "1" }, null, 2, true], "": {} };
    expect(isOrdinary(map)).toBe(false);
    expect(isOrdinary(fromStruct(message(map)))).toBe(true);
    expect(noteIfOrdinary(map)).toBe(true);
    expect(isOrdinary({ ...map })).toBe(false);
  });

  test("go on as the bytes in which they came", () => {
    const came = message({ b: [1, { c: "x" }], a: null });
    const map = fromStruct(came);
    const sent = toStruct(map, KEEP);
    expect(sent).not.toBe(came);
    expect(sent.serializeBinary()).toEqual(came.serializeBinary());
    expect(sent.getFieldsMap().get("b")?.getListValue()?.getValuesList()).toHaveLength(2);
    expect(fromStruct(toStruct(map, KEEP))).toEqual({ a: null, b: [1, { c: "x" }] });
  });

  test("go on without what a receiver does not understand, whoever got them before", () => {
    const map = fromStruct(message({ s: makeSecret("x"), u: UNKNOWN_STRING, r: reference("i") }));
    const plain = { keepUnknowns: false, keepSecrets: false, keepResources: false };
    for (const _ of [1, 2]) {
      expect(fromStruct(toStruct(map, plain))).toEqual({ s: "x", r: "i" });
      expect(fromStruct(toStruct(map, KEEP))).toEqual(map);
    }
  });

  test("an answer that is equal to what was sent is the same map", () => {
    const [olds, news] = [{ a: 1 }, { a: { b: 2 } }];
    for (const map of [olds, news]) toStruct(map, KEEP);
    expect(fromStruct(message({ a: { b: 2 } }), [olds, news])).toBe(news);
    expect(fromStruct(message({ a: 1 }), [olds, news])).toBe(olds);
    const other = fromStruct(message({ a: { b: 3 } }), [olds, news]);
    expect(other).toEqual({ a: { b: 3 } });
  });

  test("secrets of inputs mark outputs, also where the inputs have been sent", () => {
    const inputs = fromStruct(message({ a: makeSecret("x") }));
    toStruct(inputs, KEEP);
    const outputs = fromStruct(message({ a: "x" }));
    expect(annotateSecrets(outputs, inputs)).toEqual({ a: makeSecret("x") });
    expect(maskSecrets(inputs)).toEqual({ a: makeSecret("[secret]") });
  });
});

describe("differences", () => {
  test("are found at their paths", () => {
    const diff = diffObjects(
      { same: 1, gone: 1, deep: { list: [1, 2, 3], "odd.key": 1 }, kind: [1] },
      { same: 1, deep: { list: [1, 5], "odd.key": 2 }, kind: { a: 1 }, fresh: 2 },
    );
    expect(diff.changedKeys).toEqual(["deep", "fresh", "gone", "kind"]);
    const kinds = Object.fromEntries(
      Object.entries(diff.detailed).map(([path, { diffKind }]) => [path, diffKind]),
    );
    expect(kinds).toEqual({
      fresh: "add",
      gone: "delete",
      kind: "update",
      "deep.list[1]": "update",
      "deep.list[2]": "delete",
      'deep["odd.key"]': "update",
    });
    expect(invertDetailed(diff.detailed)["fresh"]?.diffKind).toBe("delete");
    expect(invertDetailed(diff.detailed)["deep.list[2]"]?.diffKind).toBe("add");
  });
});

describe("property paths", () => {
  test.each([
    ["a.b[0].c", ["a", "b", 0, "c"]],
    ['a["x.y"][*]', ["a", "x.y", "*"]],
    ["*", ["*"]],
    ['["quo\\"te"]', ['quo"te']],
    ['["back\\slash"]', ["back\\slash"]],
    ["#initerror", ["#initerror"]],
  ])("%s", (text, parts) => {
    expect(parsePath(text)).toEqual(parts);
    expect(parsePath(formatPath(parts))).toEqual(parts);
  });

  test.each(["a[", "a[x]", ".", ".a", "a.", 'a["b]', 'a["b\\"]'])("%s is refused", (text) => {
    expect(() => parsePath(text)).toThrow("is not a property path");
  });

  test("a path contains what lies below it", () => {
    expect(pathContains(parsePath("a.*"), parsePath("a.b[0]"))).toBe(true);
    expect(pathContains(parsePath("a.b"), parsePath("a"))).toBe(false);
    expect(pathContains(parsePath("*"), parsePath("a"))).toBe(true);
  });

  test.each([
    ["a", { a: 1 }, { a: 2, b: 3 }, { a: 1, b: 3 }],
    ["a", {}, { a: 2 }, {}],
    ["a.b", { a: { b: 1 } }, { a: { b: 2, c: 3 } }, { a: { b: 1, c: 3 } }],
    ["a[1]", { a: [1, 2] }, { a: [1, 9] }, { a: [1, 2] }],
    [
      "a[*].x",
      { a: [{ x: 1 }, { x: 2 }] },
      { a: [{ x: 8 }, { x: 9 }] },
      { a: [{ x: 1 }, { x: 2 }] },
    ],
    ["a.b", {}, {}, {}],
    ["a.b", {}, { a: { b: 1, c: 2 } }, { a: { c: 2 } }],
    ["a.*", { a: { b: 1 } }, { a: { b: 2, c: 3 } }, { a: { b: 1 } }],
    ["a.b", { a: makeSecret({ b: 1 }) }, { a: { b: 2 } }, { a: { b: makeSecret(1) } }],
    ["a.b", { a: makeSecret({ b: 1 }) }, { a: makeSecret({ b: 2 }) }, { a: makeSecret({ b: 1 }) }],
  ])("putting %s back", (path, old, now, expected) => {
    const before = structuredClone(now);
    expect(resetPath(old, now, parsePath(path))).toEqual({ value: expected, complete: true });
    expect(now).toEqual(before);
  });

  test.each([
    ["a.b", { a: { b: 1 } }, {}, {}],
    ["a[1]", { a: [1] }, { a: [1, 2] }, { a: [1, 2] }],
    ["a[*]", { a: [1] }, { a: [9, 2] }, { a: [1, 2] }],
    ["a[*].x", { a: [{ x: 1 }, { x: 2 }] }, { a: [{ x: 8 }] }, { a: [{ x: 1 }] }],
    ["a.b", { a: { b: 1 } }, { a: "text" }, { a: "text" }],
  ])("putting %s back as far as it goes", (path, old, now, expected) => {
    const before = structuredClone(now);
    expect(resetPath(old, now, parsePath(path))).toEqual({ value: expected, complete: false });
    expect(now).toEqual(before);
  });
});
