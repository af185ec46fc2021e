import { deepEquals } from "../values/wire.js";
import type { PendingOperation, Snapshot } from "./model.js";

/**
 * The interrupted operations whose end nobody knows. A creation stays in the state for good, as with the CLI, until the user
 * clears it; but once the same resource has been created there is nothing left to say about it.
 */
export function unsettledOperations(snapshot: Snapshot): PendingOperation[] {
  if (snapshot.pendingOperations.length === 0) return [];
  const made = new Map(
    snapshot.resources
      .filter((state) => state.delete !== true && state.pendingReplacement !== true)
      .map((state) => [state.urn, state]),
  );
  return snapshot.pendingOperations.filter(({ type, resource }) => {
    if (type !== "creating") return true;
    const now = made.get(resource.urn);
    if (now === undefined) return true;
    // The old copy of a replacement that was interrupted has other inputs, or another reason to be replaced.
    return !(
      deepEquals(now.inputs ?? {}, resource.inputs ?? {}) &&
      deepEquals(now.replacementTrigger, resource.replacementTrigger)
    );
  });
}
