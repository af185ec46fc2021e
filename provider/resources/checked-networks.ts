/** Owners of networks that this run brings up to date. */
const checked = new Set<string>();

/**
 * The engine has asked about this network, so this run brings its names up to date. It asks about none that `--target` leaves out, and
 * about a network before it asks about its containers. Holds for this process, which serves one run.
 */
export function noteChecked(network: string): void {
  checked.add(network);
}

/** See noteChecked. */
export function isChecked(network: string): boolean {
  return checked.has(network);
}

/** Tests start anew. */
export function forgetChecked(): void {
  checked.clear();
}
