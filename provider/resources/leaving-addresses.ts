/**
 * Addresses that a network's policy knows until their containers are gone, though none of its members has them. The engine
 * deletes those containers at the end of the `up`; the last deletion has the policy written as it stays.
 */
interface Leaving {
  /** Of containers that are still there. */
  addresses: Set<string>;
  /** Of containers that are gone. A run that removed one may have died before it came to the policy; its deletion is begun again then. */
  removed: Set<string>;
  whenGone: () => Promise<void>;
}

/** By the network's owner. This process serves one run. */
const waiting = new Map<string, Leaving>();

/** In place of what the network's policy waited for before. */
export function waitForLeaving(
  network: string,
  { addresses, removed }: { addresses: readonly string[]; removed: readonly string[] },
  whenGone: () => Promise<void>,
): void {
  waiting.set(network, {
    addresses: new Set(addresses),
    removed: new Set(removed),
    whenGone,
  });
}

/** The policy is being changed: what it was may not be written any more. */
export function waitForNobody(network: string): void {
  waiting.delete(network);
}

/** The container that had the address is gone. */
export async function addressLeft(network: string, address: string): Promise<void> {
  const leaving = waiting.get(network);
  if (!leaving) return;
  const { addresses, removed, whenGone } = leaving;
  if (addresses.delete(address)) removed.add(address);
  if (removed.has(address) && addresses.size === 0) await whenGone();
}

/** Tests start anew. */
export function forgetLeaving(): void {
  waiting.clear();
}
