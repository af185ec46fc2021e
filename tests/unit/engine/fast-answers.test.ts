import { createRequire } from "node:module";
import { Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type AnswerModule, speedUpAnswers } from "../../../engine/hosts/fast-answers.js";
import {
  type DependenciesModule,
  skipEmptyDependencies,
} from "../../../engine/hosts/empty-dependencies.js";
import { SIGNATURE_KEY, SIGNATURES, UNKNOWN_STRING } from "../../../engine/values/signatures.js";
import { toStruct } from "../../../engine/values/struct.js";

const load = createRequire(__filename);
const slow = load("@pulumi/pulumi/runtime/rpc") as AnswerModule;
const fast = { ...slow };
speedUpAnswers(fast);

const KEEP = { keepUnknowns: true, keepSecrets: true, keepResources: true };
const answer = (map: Record<string, unknown>) =>
  Struct.deserializeBinary(toStruct(map, KEEP).serializeBinary());

const special = fc.constantFrom(
  UNKNOWN_STRING,
  `not ${UNKNOWN_STRING}`,
  { [SIGNATURE_KEY]: SIGNATURES.secret, value: { a: 1 } },
  { [SIGNATURE_KEY]: SIGNATURES.asset, text: "text" },
  { [SIGNATURE_KEY]: SIGNATURES.resource, urn: "urn:pulumi:dev::p::a:b:C::n", id: "i" },
);
const value = fc.oneof(
  fc.jsonValue().filter((json) => !JSON.stringify(json).includes("__proto__")),
  special,
  fc.array(special),
);

test("answers are read as the SDK reads them, with secrets and unknowns and without", () => {
  const maps = fc.dictionary(fc.string({ maxLength: 3 }), value, { noNullPrototype: true });
  fc.assert(
    fc.property(maps, fc.boolean(), (map, keepUnknowns) => {
      expect(fast.deserializeProperties(answer(map), keepUnknowns)).toStrictEqual(
        slow.deserializeProperties(answer(map), keepUnknowns),
      );
    }),
  );
});

test("what depends on nothing needs nobody; all else the SDK finds out", async () => {
  const asked: unknown[] = [];
  const module: DependenciesModule = {
    getAllTransitivelyReferencedResourceURNs: async (resources) => {
      asked.push(resources);
      return new Set(["urn"]);
    },
  };
  skipEmptyDependencies(module);
  const find = module.getAllTransitivelyReferencedResourceURNs;
  expect(await find(new Set(), new Set())).toEqual(new Set());
  expect(asked).toEqual([]);
  const resources = new Set([1]);
  expect(await find(resources, new Set())).toEqual(new Set(["urn"]));
  expect(asked).toEqual([resources]);
});
