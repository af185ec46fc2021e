import { same } from "../../canonical.js";
import type { DiffResult } from "../../lifecycle.js";
import type { PlacementInputs, PlacementState } from "./inputs.js";
import { DECIDING_KEYS } from "./plan-keys.js";

/**
 * Never a replacement: the plan remembers by its old inputs, which `check` does not get when something is replaced.
 * A difference is left to the engine to show, property by property.
 */
export async function diff(
  _id: string,
  olds: PlacementState,
  news: PlacementInputs,
): Promise<DiffResult> {
  return DECIDING_KEYS.every((key) => same(olds[key], news[key])) ? { changes: false } : {};
}
