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
  /** Undefined while nobody here meets a matcher: of a large cloud, empty maps cost more than all that is in the others. */
  private counts: Map<number, number> | undefined;
  /** Undefined while nobody here brings a rule that binds newcomers. */
  private binding: Binding | undefined;

  /** The host's own rules with a parameter bind whoever comes. */
  bind(rule: CompiledRule, of: string): void {
    if (rule.quantifier !== "some") (this.binding ??= new Binding()).add(rule, of);
  }

  add(tenant: Tenant): void {
    this.tenants.push(tenant);
    if (tenant.signature.length > 0) {
      const counts = (this.counts ??= new Map());
      for (const id of tenant.signature) counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    for (const rule of tenant.rules) this.bind(rule, tenant.name);
  }

  get all(): readonly Tenant[] {
    return this.tenants;
  }

  count(matcher: number): number {
    return this.counts?.get(matcher) ?? 0;
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
    const broken = this.binding?.brokenBy(signature);
    return broken && { kind: "theirs", ...broken };
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

/** A rule, and whose it is; "": the host's own. */
interface BindingRule {
  readonly rule: CompiledRule;
  readonly of: string;
}

/** Rules of those who are on a host, and of the host, that whoever comes must suit; without repetitions. */
class Binding {
  private readonly rules: BindingRule[] = [];
  /** What they come to: the matchers that a newcomer must meet, and those that it may not. */
  private readonly wanted = new Set<number>();
  private readonly unwanted = new Set<number>();

  add(rule: CompiledRule, of: string): void {
    const known = rule.quantifier === "all" ? this.wanted : this.unwanted;
    if (known.has(rule.matcher)) return;
    known.add(rule.matcher);
    this.rules.push({ rule, of });
  }

  /** The first rule that a newcomer breaks. */
  brokenBy(signature: readonly number[]): BindingRule | undefined {
    if (this.isMetBy(signature)) return undefined;
    return this.rules.find(({ rule }) => !suits(rule, signature));
  }

  /** A look at the newcomer, however many rules there are: it is asked of every host for every container. */
  private isMetBy(signature: readonly number[]): boolean {
    for (const matcher of signature) if (this.unwanted.has(matcher)) return false;
    // To ask an empty set for its members costs more than to ask whether it has any.
    if (this.wanted.size === 0) return true;
    return [...this.wanted].every((matcher) => signature.includes(matcher));
  }
}

/** Whether a newcomer breaks no rule of one who is there. The matcher of EMPTY is in no signature. */
function suits({ quantifier, matcher }: CompiledRule, signature: readonly number[]): boolean {
  if (quantifier === "all") return signature.includes(matcher);
  return !signature.includes(matcher);
}
