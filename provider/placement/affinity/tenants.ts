import type { CompiledRule } from "./compiled.js";

/** A container on a host, with what rules see of it and the rules it brings. */
export interface Tenant {
  readonly name: string;
  readonly signature: readonly number[];
  readonly rules: readonly CompiledRule[];
}

/** What speaks against a newcomer: one of its own rules, or a rule of one who is there (or of the host). */
export type AffinityObjection =
  | { kind: "own"; rule: CompiledRule; by?: string }
  | { kind: "theirs"; rule: CompiledRule; of: string };

/**
 * The containers of ours on one host, counted by matcher. Rules bind both ways: a newcomer must suit those who are
 * there, and they must suit the newcomer, or a rule would hold only until the next one comes.
 */
export class Tenants {
  private readonly tenants: Tenant[] = [];
  private readonly counts = new Map<number, number>();
  /** Rules of those who are there, and of the host, without repetitions. */
  private readonly binding: { rule: CompiledRule; of: string }[] = [];
  /** What they come to: the matchers that a newcomer must meet, and those that it may not. */
  private readonly wanted = new Set<number>();
  private readonly unwanted = new Set<number>();
  /** Lists that are bound already: replicas share theirs. */
  private readonly bound = new Set<readonly CompiledRule[]>();

  /** The host's own rules with a parameter bind whoever comes. */
  bind(rule: CompiledRule, of: string): void {
    if (rule.quantifier === "some") return;
    const known = rule.quantifier === "all" ? this.wanted : this.unwanted;
    if (known.has(rule.matcher)) return;
    known.add(rule.matcher);
    this.binding.push({ rule, of });
  }

  add(tenant: Tenant): void {
    this.tenants.push(tenant);
    for (const id of tenant.signature) this.counts.set(id, this.count(id) + 1);
    const { rules } = tenant;
    if (rules.length === 0 || this.bound.has(rules)) return;
    this.bound.add(rules);
    for (const rule of rules) this.bind(rule, tenant.name);
  }

  get all(): readonly Tenant[] {
    return this.tenants;
  }

  count(matcher: number): number {
    return this.counts.get(matcher) ?? 0;
  }

  get size(): number {
    return this.tenants.length;
  }

  /** Whether a rule of a container, or of the host for it, holds with those who are there now. */
  meets({ quantifier, empty, matcher }: CompiledRule): boolean {
    const matching = empty ? 0 : this.count(matcher);
    switch (quantifier) {
      case "all":
        return matching === this.tenants.length;
      case "none":
        return empty ? this.tenants.length > 0 : matching === 0;
      case "some":
        return matching > 0;
    }
  }

  /** The first rule that speaks against a newcomer. */
  objection(
    rules: readonly CompiledRule[],
    signature: readonly number[],
  ): AffinityObjection | undefined {
    for (const rule of rules) {
      if (!this.meets(rule)) return { kind: "own", rule, ...this.offender(rule) };
    }
    if (this.welcome(signature)) return undefined;
    for (const { rule, of } of this.binding) {
      if (!suits(rule, signature)) return { kind: "theirs", rule, of };
    }
    return undefined;
  }

  /** Whether a newcomer breaks no rule of those who are there: a look at the newcomer, however many rules there are. */
  private welcome(signature: readonly number[]): boolean {
    // Hardly any host has such rules, and this is asked of every host for every container.
    if (this.binding.length === 0) return true;
    for (const matcher of signature) if (this.unwanted.has(matcher)) return false;
    for (const matcher of this.wanted) if (!signature.includes(matcher)) return false;
    return true;
  }

  private offender({ quantifier, empty, matcher }: CompiledRule): { by?: string } {
    const tenant = this.tenants.find(({ signature }) =>
      quantifier === "all"
        ? empty || !signature.includes(matcher)
        : quantifier === "none" && !empty && signature.includes(matcher),
    );
    return tenant ? { by: tenant.name } : {};
  }
}

/** Whether a newcomer breaks no rule of one who is there. The matcher of EMPTY is in no signature. */
function suits({ quantifier, matcher }: CompiledRule, signature: readonly number[]): boolean {
  if (quantifier === "all") return signature.includes(matcher);
  return !signature.includes(matcher);
}
