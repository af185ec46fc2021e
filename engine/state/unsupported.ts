import { EngineError } from "../errors.js";
import type { Snapshot } from "./model.js";

/**
 * Refuses, before an operation begins, a state this engine can keep but not work on. Reading, exporting and showing outputs
 * of such a stack are fine.
 */
export function refuseUnsupportedState(snapshot: Snapshot, stack: string): void {
  const reasons: string[] = [];
  for (const resource of snapshot.resources) {
    if (resource.viewOf) reasons.push(`${resource.urn} is a view of another resource`);
    if (resource.extensionRef) reasons.push(`${resource.urn} belongs to an extension package`);
    if (resource.snippetID) reasons.push(`${resource.urn} was made by a snippet`);
    if (resource.refreshBeforeUpdate) {
      reasons.push(`${resource.urn} must be refreshed before each update`);
    }
  }
  if (reasons.length === 0) return;
  throw new EngineError(
    "unsupported",
    `stack ${stack} holds what only the pulumi CLI can work on`,
    {
      reasons: reasons.slice(0, 10),
      hint: "Run this operation with pulumi.",
    },
  );
}

/** Hooks are functions of the program, and a destroy does not run it. */
export function refuseDeleteHooks(snapshot: Snapshot): void {
  const reasons = snapshot.resources.flatMap(({ urn, resourceHooks = {} }) => {
    const names = [
      ...(resourceHooks["BeforeDelete"] ?? []),
      ...(resourceHooks["AfterDelete"] ?? []),
    ];
    return names.length === 0 ? [] : [`${urn}: ${names.join(", ")}`];
  });
  if (reasons.length === 0) return;
  throw new EngineError(
    "unsupported",
    "the stack has delete hooks, for which the program would have to run during a destroy",
    {
      reasons: reasons.slice(0, 10),
      hint: "Run the destroy with --run-program, or remove the resources from the program and run an update.",
    },
  );
}
