/**
 * Addresses that a network's policy knows until their containers are gone, though none of its members has them. The engine
 * deletes those containers at the end of the `up`; the last deletion has the policy written as it stays.
 */
interface Leaving {
  addresses: Set<string>;
  whenGone: () => Promise<void>;
}

/** By the network's owner. This process serves one run. */
const waiting = new Map<string, Leaving>();

/** In place of what the network's policy waited for before. */
export function waitForLeaving(
  network: string,
  addresses: readonly string[],
  whenGone: () => Promise<void>,
): void {
  if (addresses.length === 0) waiting.delete(network);
  else waiting.set(network, { addresses: new Set(addresses), whenGone });
}

/** The container that had the address is gone. */
export async function addressLeft(network: string, address: string): Promise<void> {
  const leaving = waiting.get(network);
  if (!leaving?.addresses.delete(address) || leaving.addresses.size > 0) return;
  await leaving.whenGone();
  waiting.delete(network);
}

/** Tests start anew. */
export function forgetLeaving(): void {
  waiting.clear();
}
