import * as structPb from "google-protobuf/google/protobuf/struct_pb.js";
import { CheckRequest } from "@pulumi/pulumi/proto/provider_pb.js";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decodeStruct, encodeStruct, speedUpStructs } from "../../engine/values/fast-struct.js";

const { Struct } = structPb;
type Plain = Record<string, unknown>;
const map = (plain: Plain) => Struct.fromJavaScript(plain as never);

const json = fc.dictionary(
  fc.string({ unit: "binary" }).filter((key) => key !== "__proto__"),
  fc
    .jsonValue({ stringUnit: "binary" })
    .filter((value) => !JSON.stringify(value).includes("__proto__")),
  { noNullPrototype: true },
);

// The originals are gone once replaced, so what they say is asked first.
const samples = fc.sample(json, { numRuns: 300, seed: 3 }) as Plain[];
const originals = samples.map((sample) => {
  const bytes = map(sample).serializeBinary();
  return { bytes, plain: Struct.deserializeBinary(bytes).toJavaScript() };
});
speedUpStructs(structPb);

test("bytes and plain objects are those of google-protobuf", () => {
  samples.forEach((sample, index) => {
    const { bytes, plain } = originals[index]!;
    expect(Buffer.from(encodeStruct(sample)).equals(bytes)).toBe(true);
    expect(decodeStruct(bytes)).toEqual(plain);
    expect(Object.keys(decodeStruct(bytes))).toEqual(Object.keys(plain));
    expect(Buffer.from(map(sample).serializeBinary()).equals(bytes)).toBe(true);
  });
});

test("a message inside a message keeps its fields, also when they are read one by one and changed", () => {
  const request = new CheckRequest();
  request.setUrn("urn").setNews(map({ b: [1, { c: null }], a: "x".repeat(300) }));
  const received = CheckRequest.deserializeBinary(request.serializeBinary());
  expect(received.getUrn()).toBe("urn");
  const news = received.getNews()!;
  expect(news.getFieldsMap().get("a")!.getStringValue()).toBe("x".repeat(300));
  news.getFieldsMap().set("d", new structPb.Value().setBoolValue(true));
  expect(received.toObject().news!.fieldsMap.map(([key]) => key)).toEqual(["a", "b", "d"]);
  const again = CheckRequest.deserializeBinary(received.serializeBinary());
  expect(again.getNews()!.toJavaScript()).toEqual({
    a: "x".repeat(300),
    b: [1, { c: null }],
    d: true,
  });
});

test("copies are independent", () => {
  const first = map({ a: 1 });
  const copy = first.clone();
  copy.getFieldsMap().set("b", new structPb.Value().setNumberValue(2));
  expect(first.toJavaScript()).toEqual({ a: 1 });
  expect(copy.toJavaScript()).toEqual({ a: 1, b: 2 });
});

test("a message of many megabytes", () => {
  const large = {
    list: Array.from({ length: 50_000 }, (_, index) => ({ index, text: "ü".repeat(40) })),
  };
  expect(decodeStruct(encodeStruct(large))).toEqual(large);
});

test("cut off bytes are refused", () => {
  const bytes = encodeStruct({ a: "text", b: { c: [1, 2] } });
  for (let length = 1; length < bytes.length; length += 1) {
    const whole = () => decodeStruct(bytes.subarray(0, length));
    if (length === bytes.length) expect(whole()).toBeDefined();
    else expect(attempt(whole)).not.toEqual({ a: "text", b: { c: [1, 2] } });
  }
});

function attempt(body: () => unknown): unknown {
  try {
    return body();
  } catch (error) {
    return error;
  }
}
