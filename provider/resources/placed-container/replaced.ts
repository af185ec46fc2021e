/** What a creation takes over from, as `diff` has named it in this run. */
export interface Replaced {
  /** The generation of the state: the engine deletes it once all of the up is through. */
  generation: string;
  /** Those that it replaced itself: the engine may have let go of them. */
  earlier: readonly string[];
  /** All names led to it before this run. */
  isSettled: boolean;
}

/** By owner. */
const replaced = new Map<string, Replaced>();

/**
 * The engine replaces a container, and deletes it itself once all of the up is through: until then it goes on serving. A creation is
 * not told what it replaces, and every other container of its owner is one that a dead creation left.
 * Holds for this process, which serves one run.
 */
export function noteReplaced(owner: string, what: Replaced): void {
  replaced.set(owner, what);
}

/** See noteReplaced. Undefined: the owner's container is not a replacement. */
export function replacedOf(owner: string): Replaced | undefined {
  return replaced.get(owner);
}

/** Generations that a refresh of this process has found in the state, by owner: the engine deletes them if it is to. */
const held = new Map<string, Set<string>>();

export function noteHeld(owner: string, generation: string): void {
  held.set(owner, (held.get(owner) ?? new Set()).add(generation));
}

export function isHeld(owner: string, generation: string): boolean {
  return held.get(owner)?.has(generation) === true;
}

/** Tests start anew. */
export function forgetReplaced(): void {
  replaced.clear();
  held.clear();
}
