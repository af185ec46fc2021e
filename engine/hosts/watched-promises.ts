import { SharedPatch } from "./shared-patch.js";

type Watch = (promise: Promise<unknown>, context: unknown) => Promise<unknown>;

/** What `runtime/debuggable` of the SDK exports, as far as it is replaced here. */
export interface Debuggable {
  debuggablePromise: Watch;
}

/** What `runtime/state` exports: the promises that a program has not settled yet. */
export interface PromiseStore {
  getStore: () => { leakCandidates: Set<Promise<unknown>> };
}

let candidates: PromiseStore["getStore"];

const patch = new SharedPatch<"debuggablePromise", Watch>("debuggablePromise", (original) => {
  let isFirst = true;
  return (promise, context) => {
    if (!isFirst) return watched(promise);
    // The first one makes the SDK look for what is left at the end.
    isFirst = false;
    return original(promise, context);
  };
});

/**
 * The SDK watches some 25 promises for each resource, for its message about promises that never settled. It also records a
 * stack and a name for each, which only PULUMI_DEBUG_PROMISE_LEAKS ever shows. Here they are watched without. Returns what
 * ends it; undefined for an SDK that does it in another way.
 */
export function watchWithoutStacks(
  module: Debuggable,
  { getStore }: PromiseStore,
): (() => void) | undefined {
  if (!(getStore().leakCandidates instanceof Set)) return undefined;
  candidates = getStore;
  return patch.hold(module);
}

function watched(promise: Promise<unknown>): Promise<unknown> {
  const { leakCandidates } = candidates();
  leakCandidates.add(promise);
  return promise.then(
    (value) => {
      leakCandidates.delete(promise);
      return value;
    },
    (error: Error & { promise?: unknown }) => {
      leakCandidates.delete(promise);
      error.promise = promise;
      throw error;
    },
  );
}
