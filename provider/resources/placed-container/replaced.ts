/** By owner: generations that the engine has in its state. */
const replaced = new Map<string, ReadonlySet<string>>();

/**
 * The engine replaces containers of these generations, and deletes them itself once all of the up is through: until then they go
 * on serving. A creation is not told what it replaces, and every other container of its owner is one that a dead creation left.
 * Holds for this process, which serves one run.
 */
export function noteReplaced(owner: string, generations: readonly string[]): void {
  replaced.set(owner, new Set(generations));
}

/** See noteReplaced. Empty: the owner's container is not a replacement. */
export function replacedOf(owner: string): ReadonlySet<string> {
  return replaced.get(owner) ?? new Set();
}

/** Tests start anew. */
export function forgetReplaced(): void {
  replaced.clear();
}
