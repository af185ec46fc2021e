import type { HookSubject } from "../callbacks/hooks.js";
import type { Deployment } from "../deployment/deployment.js";
import type { PartialFailure } from "../providers/provider.js";
import type { PropertyMap, ResourceState } from "../state/model.js";
import { urnName } from "../urn.js";
import { messageOf } from "./messages.js";

/** How often error hooks may have an operation tried again, as with the CLI. */
const MOST_ATTEMPTS = 100;

interface Properties {
  inputs?: PropertyMap | undefined;
  outputs?: PropertyMap | undefined;
}

/**
 * What a hook gets to see: `now` and `before` each with inputs and, once they are known, outputs. What was there before has
 * both, also where a state leaves out what is empty.
 */
export function hookSubject(
  state: ResourceState,
  now: Properties | undefined,
  before: Properties | undefined,
): HookSubject {
  return {
    urn: state.urn,
    id: state.id ?? "",
    name: urnName(state.urn),
    type: state.type,
    newInputs: now?.inputs,
    newOutputs: now?.outputs,
    oldInputs: before && (before.inputs ?? {}),
    oldOutputs: before && (before.outputs ?? {}),
  };
}

/** Hooks that fail after the fact fail the operation, not the step. */
export async function failureOf(run: Promise<void>): Promise<{ afterwards?: Error }> {
  try {
    await run;
    return {};
  } catch (error) {
    return { afterwards: error instanceof Error ? error : new Error(String(error)) };
  }
}

/**
 * Calls the provider, and again as long as the resource's error hooks ask for it. What exists, though not well, is the
 * result whatever else fails: it must be in the state.
 */
export async function withErrorHooks<T extends { partial?: PartialFailure } | void>(
  { hooks, events }: Deployment,
  state: ResourceState,
  operation: "create" | "update" | "delete",
  subject: () => HookSubject,
  call: () => Promise<T>,
): Promise<T> {
  const names = state.resourceHooks?.["OnError"] ?? [];
  if (names.length === 0) return call();
  const failures: string[] = [];
  for (;;) {
    let result: T | undefined;
    let failure: unknown;
    try {
      result = await call();
      if (result?.partial === undefined) return result;
      failure = result.partial;
    } catch (error) {
      failure = error;
    }
    failures.unshift(messageOf(failure));
    if (failures.length >= MOST_ATTEMPTS) {
      const message = `maximum number of error hook retries (${MOST_ATTEMPTS}) reached`;
      events.diagnostic("warning", message, { urn: state.urn });
      if (result !== undefined) return result;
      throw new Error("maximum number of error hook retries reached", { cause: failure });
    }
    let retry: boolean;
    try {
      retry = await hooks.wantsRetry(names, subject(), operation, failures);
    } catch (error) {
      if (result !== undefined) return result;
      throw new Error(`error hooks execution failed: ${messageOf(error)}`, { cause: failure });
    }
    if (!retry) {
      if (result !== undefined) return result;
      throw failure;
    }
    const count = `${failures.length}/${MOST_ATTEMPTS}`;
    const message = `retrying ${operation} due to on-error hook request (${count})`;
    events.diagnostic("warning", message, { urn: state.urn });
  }
}
