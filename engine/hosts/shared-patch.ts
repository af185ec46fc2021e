/** A member of a module of the SDK, replaced as long as somebody wants it so: programs may run beside each other. */
export class SharedPatch<Key extends string, Member> {
  readonly #key: Key;
  readonly #replace: (original: Member) => Member;
  #users = 0;
  #original: Member | undefined;

  constructor(key: Key, replace: (original: Member) => Member) {
    this.#key = key;
    this.#replace = replace;
  }

  /** Replaces it, unless it is already. Returns what ends the want. */
  hold(module: Record<Key, Member>): () => void {
    if (this.#users === 0) {
      this.#original = module[this.#key];
      module[this.#key] = this.#replace(this.#original);
    }
    this.#users += 1;
    let released = false;
    return () => {
      if (released) return;
      released = true;
      this.#users -= 1;
      if (this.#users === 0 && this.#original !== undefined) module[this.#key] = this.#original;
    };
  }
}
