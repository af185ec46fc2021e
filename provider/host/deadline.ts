import { CloudError } from "../errors.js";

/**
 * Runs `body` until it ends, the time is up or the caller aborts. The timer keeps the process alive meanwhile:
 * connections themselves are unref'd. What was begun on a host may go on there; the message must say so.
 */
export async function withDeadline<T>(
  ms: number,
  onTimeout: () => CloudError,
  body: (signal: AbortSignal) => Promise<T>,
  outer?: AbortSignal,
): Promise<T> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  const limit = new Promise<never>((_, reject) => {
    const stop = (reason: Error) => {
      reject(reason);
      controller.abort(reason);
    };
    timer = setTimeout(() => stop(onTimeout()), Math.max(0, ms));
    onAbort = () =>
      stop(
        outer?.reason instanceof CloudError
          ? outer.reason
          : new CloudError("deadline", "the operation was cancelled; it may still take effect"),
      );
    if (outer?.aborted) onAbort();
    else outer?.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([body(controller.signal), limit]);
  } finally {
    clearTimeout(timer);
    if (onAbort) outer?.removeEventListener("abort", onAbort);
  }
}

/** "10 s", "1.5 s", "300 ms". */
export function duration(ms: number): string {
  return ms >= 1000 ? `${Number((ms / 1000).toFixed(1))} s` : `${Math.round(ms)} ms`;
}
