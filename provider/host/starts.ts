import { Limiter } from "./limiter.js";
import type { Transport } from "./transport.js";

const limiters = new WeakMap<Transport, Limiter>();

/**
 * Starts at most a few containers of one host at once: a start costs the host's daemon far more than it costs us, and
 * beyond its cores they only slow each other down until health checks fail. Hosts do not wait for each other.
 */
export async function withStartSlot<T>(
  transport: Transport,
  cpus: number,
  body: () => Promise<T>,
): Promise<T> {
  let limiter = limiters.get(transport);
  if (!limiter) {
    limiter = new Limiter(startsAtOnce(transport.connection.parallelStarts, cpus));
    limiters.set(transport, limiter);
  }
  const release = await limiter.acquire();
  try {
    return await body();
  } finally {
    release();
  }
}

/** As asked for, else one for each core, at least 2. */
export function startsAtOnce(asked: number, cpus: number): number {
  return asked > 0 ? Math.floor(asked) || 1 : Math.max(2, Math.floor(cpus));
}
