import { SharedPatch } from "./shared-patch.js";

/** What `log` of the SDK exports, as far as it is replaced here. */
export interface DebugLog {
  debug: (...args: unknown[]) => Promise<void>;
}

const patch = new SharedPatch<"debug", DebugLog["debug"]>("debug", () => () => Promise.resolve());

/**
 * The SDK reports each of its requests to the engine, some ten times for a resource. While nobody wants to read that, it is
 * not sent. Returns what ends it.
 */
export function quietDebug(log: DebugLog): () => void {
  return patch.hold(log);
}
