/** What `log` of the SDK exports, as far as it is replaced here. */
export interface DebugLog {
  debug: (...args: unknown[]) => Promise<void>;
}

let users = 0;
let original: DebugLog["debug"] | undefined;

/**
 * The SDK reports each of its requests to the engine, some ten times for a resource. While nobody wants to read that, it is
 * not sent. Returns what ends it; programs may run beside each other.
 */
export function quietDebug(log: DebugLog): () => void {
  original ??= log.debug;
  users += 1;
  log.debug = () => Promise.resolve();
  let released = false;
  return () => {
    if (released) return;
    released = true;
    users -= 1;
    if (users === 0 && original !== undefined) log.debug = original;
  };
}
