import type { Supply } from "./model.js";

/** What is to be told when the supply has changed: Clocker's three events. */
export type HeadroomEvent = "hot" | "cold" | "ok";

/**
 * The event that a new supply calls for, after the one that was told last. Hot and cold are told each time (cold only
 * where it is enabled), ok once after them.
 */
export function headroomEvent(
  supply: Pick<Supply, "state">,
  last: HeadroomEvent | undefined,
  coldEnabled = false,
): HeadroomEvent | undefined {
  if (supply.state === "hot") return "hot";
  if (supply.state === "cold" && coldEnabled) return "cold";
  return last === "hot" || last === "cold" ? "ok" : undefined;
}
