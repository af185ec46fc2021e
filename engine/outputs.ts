import type { OutputMap } from "./options.js";
import type { PropertyMap, Snapshot } from "./state/model.js";
import { ROOT_STACK_TYPE } from "./urn.js";
import { containsSecret, unwrapSecrets } from "./values/wire.js";

/** Opened for the caller; an output with a secret anywhere inside is a secret. */
export function outputMap(outputs: PropertyMap): OutputMap {
  return Object.fromEntries(
    Object.entries(outputs).map(([key, value]) => [
      key,
      { value: unwrapSecrets(value), secret: containsSecret(value) },
    ]),
  );
}

/** The outputs of a stack: those of its root resource. */
export function outputsOf(snapshot: Snapshot | null): OutputMap {
  const root = snapshot?.resources.find(
    ({ type, delete: gone }) => type === ROOT_STACK_TYPE && gone !== true,
  );
  return outputMap(root?.outputs ?? {});
}

/** Whether these counts say that anything was changed, or would be. */
export const hasChanges = (counts: Readonly<Record<string, number>>): boolean =>
  Object.entries(counts).some(([op, count]) => op !== "same" && op !== "read" && count > 0);
