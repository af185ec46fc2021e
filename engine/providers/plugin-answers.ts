import type * as pb from "@pulumi/pulumi/proto/provider_pb.js";
import type { DetailedDiff, DiffKind } from "../values/diff.js";
import type { CheckResult, DiffResult } from "./provider.js";

const KINDS: Record<number, DiffKind> = {
  0: "add",
  1: "add-replace",
  2: "delete",
  3: "delete-replace",
  4: "update",
  5: "update-replace",
};

/** What a provider objects to. */
export function failuresOf(
  response: pb.CheckResponse | pb.InvokeResponse,
): CheckResult["failures"] {
  return response
    .getFailuresList()
    .map((failure) => ({ property: failure.getProperty(), reason: failure.getReason() }));
}

/** A provider's answer to Diff. */
export function diffResult(response: pb.DiffResponse): DiffResult {
  const detailed: DetailedDiff = {};
  response.getDetaileddiffMap().forEach((entry, path) => {
    const diffKind = KINDS[entry.getKind()];
    if (diffKind !== undefined) detailed[path] = { diffKind, inputDiff: entry.getInputdiff() };
  });
  const changes = Number(response.getChanges());
  return {
    changes: changes === 1 ? "none" : changes === 2 ? "some" : "unknown",
    replaceKeys: response.getReplacesList(),
    changedKeys: response.getDiffsList(),
    deleteBeforeReplace: response.getDeletebeforereplace(),
    ...(response.getHasdetaileddiff() ? { detailedDiff: detailed } : {}),
  };
}
