import { expect, test } from "vitest";
import { emptySnapshot } from "../../../engine/state/manifest.js";
import type { PendingOperationType, ResourceState } from "../../../engine/state/model.js";
import { unsettledOperations } from "../../../engine/state/pending.js";

const bucket = (more: Partial<ResourceState> = {}): ResourceState => ({
  ...{ urn: "urn:pulumi:dev::p::t:m:R::a", type: "t:m:R", custom: true, inputs: { size: 1 } },
  ...more,
});

test.each<[what: string, type: PendingOperationType, now: ResourceState[], told: number]>([
  ["a creation that left nothing", "creating", [], 1],
  ["one that has been done since", "creating", [bucket({ id: "a-1" })], 0],
  ["one beside what it was to replace", "creating", [bucket({ inputs: { size: 2 } })], 1],
  ["one for another trigger", "creating", [bucket({ replacementTrigger: "old" })], 1],
  ["one of which only the old copy is there", "creating", [bucket({ delete: true })], 1],
  ["a half replacement", "creating", [bucket({ pendingReplacement: true })], 1],
  ["an update of what is there", "updating", [bucket({ id: "a-1" })], 1],
])("%s is told of, or not", (_, type, resources, told) => {
  const pendingOperations = [{ type, resource: bucket() }];
  const found = unsettledOperations({ ...emptySnapshot(), resources, pendingOperations });
  expect(found).toEqual(pendingOperations.slice(0, told));
});
