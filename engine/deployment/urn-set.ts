/**
 * URNs as `--target`, `--exclude` and `--replace` name them: whole, or with wildcards. `*` stands for anything within a
 * part, `**` for anything at all.
 */
export class UrnSet {
  /** Those without wildcards: each must exist. */
  readonly literals: ReadonlySet<string>;
  readonly #patterns: readonly RegExp[];

  constructor(urns: Iterable<string>) {
    const all = [...urns];
    this.literals = new Set(all.filter((urn) => !urn.includes("*")));
    this.#patterns = all.filter((urn) => urn.includes("*")).map(patternOf);
  }

  /** undefined when nothing is named, which is something else than an empty set. */
  static of(urns: readonly string[] | undefined): UrnSet | undefined {
    return urns === undefined || urns.length === 0 ? undefined : new UrnSet(urns);
  }

  has(urn: string): boolean {
    return this.literals.has(urn) || this.#patterns.some((pattern) => pattern.test(urn));
  }
}

function patternOf(text: string): RegExp {
  const quoted = (part: string): string => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  const segment = (part: string): string => part.split("*").map(quoted).join("[^:]*");
  return new RegExp(`^${text.split("**").map(segment).join(".*")}$`, "s");
}
