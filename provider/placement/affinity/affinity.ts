import type { Ask } from "../constraints/constraint.js";
import type { AffinityView } from "../constraints/affinity.js";
import type { HostState } from "../host-state.js";
import type { UserFunctions } from "../model.js";
import { type CompiledRule, compileRules, needsPresence } from "./compiled.js";
import { Matchers, type Resident } from "./matchers.js";
import { type AffinityRule, parseAffinityRules } from "./rule.js";
import { Tenants } from "./tenants.js";

const NO_RULES: readonly CompiledRule[] = [];

/** What a host's own rules ask of whoever comes. */
interface HostRules {
  readonly rules: readonly AffinityRule[];
  /** By container: rules that ask about it, or that somebody is there. */
  readonly byAsk: Map<string, readonly CompiledRule[]>;
}

/**
 * All affinity of a plan. First every rule is read, so that all that rules ask of containers is known; then `settle`
 * works out the signature of each container that is there already.
 */
export class Affinity implements AffinityView {
  readonly matchers: Matchers;
  /** A rule without parameter is about the container itself, so that equal replicas are not equal. */
  byName = false;
  hostsMayRelent = false;
  /** Some rule, of a container or a host, wants somebody to be there. */
  asksForCompany = false;
  /** Why nothing can be placed: a host's rule cannot be read. */
  error: string | undefined;
  private readonly tenants: Tenants[];
  private readonly hostRules = new Map<string, HostRules>();

  constructor(
    private readonly hosts: readonly HostState[],
    functions: UserFunctions | undefined,
  ) {
    this.matchers = new Matchers(functions);
    this.tenants = hosts.map(() => new Tenants());
    for (const host of hosts) this.readHostRules(host);
  }

  /** Reads a container's rules. */
  compile(
    text: string | readonly string[],
    ask: Ask,
  ): { rules: CompiledRule[] } | { error: string } {
    const parsed = parseAffinityRules(text);
    if (!parsed.ok) return { error: parsed.error };
    const compiled = compileRules(parsed.rules, this.matchers, residentOf(ask));
    if ("rules" in compiled && compiled.rules.some(needsPresence)) this.asksForCompany = true;
    return compiled;
  }

  /** Makes the hosts' rules about one container known; to be called for every ask before `settle`. */
  prepare(ask: Ask): string | undefined {
    const self = residentOf(ask);
    for (const hostRules of this.hostRules.values()) {
      const relative = hostRules.rules.filter(isRelative);
      if (relative.length === 0) continue;
      const compiled = compileRules(relative, this.matchers, self);
      if ("error" in compiled) return compiled.error;
      hostRules.byAsk.set(this.keyOf(ask), compiled.rules);
      if (compiled.rules.some(needsPresence)) this.hostsMayRelent = this.asksForCompany = true;
    }
    return undefined;
  }

  /** Counts the containers of others that lie on the hosts. May throw a `FunctionFault`. */
  settle(): void {
    for (const host of this.hosts) {
      for (const tenant of this.othersOn(host).all) this.tenantsOf(host).add(tenant);
    }
  }

  /** May throw a `FunctionFault`. */
  signatureOf(ask: Ask): readonly number[] {
    return this.matchers.signatureOf(ask.request, ask.name);
  }

  place(ask: Ask, host: HostState): void {
    this.tenantsOf(host).add(ask);
  }

  tenantsOf(host: HostState): Tenants {
    const tenants = this.tenants[host.rank];
    if (!tenants) throw new Error(`${host.name} is not a host of this plan`);
    return tenants;
  }

  /** All rules that a container meets on a host: its own, and the host's that ask about it. */
  rulesFor(ask: Ask, host: HostState): readonly CompiledRule[] {
    const theirs = this.hostRulesFor(ask, host);
    return theirs.length > 0 ? [...ask.rules, ...theirs] : ask.rules;
  }

  hostRulesFor(ask: Ask, host: HostState): readonly CompiledRule[] {
    if (this.hostRules.size === 0) return NO_RULES;
    const { affinity } = host.candidate;
    if (!affinity || affinity.length === 0) return NO_RULES;
    return this.hostRules.get(affinity.join("\n"))?.byAsk.get(this.keyOf(ask)) ?? NO_RULES;
  }

  /** The containers of others on a host, without rules: a start for working out who will be there. */
  othersOn(host: HostState): Tenants {
    const tenants = new Tenants();
    for (const { name, owner, application, type = "" } of host.candidate.others) {
      if (owner === "") continue;
      const signature = this.matchers.signatureOf({ name, application, type }, owner);
      tenants.add({ name, signature, rules: [] });
    }
    return tenants;
  }

  private keyOf(ask: Ask): string {
    return this.byName ? ask.name : String(ask.typeId);
  }

  private readHostRules(host: HostState): void {
    const { affinity } = host.candidate;
    if (!affinity || affinity.length === 0) return;
    const parsed = parseAffinityRules(affinity);
    if (!parsed.ok) {
      this.error ??= `host ${host.name}: ${parsed.error}`;
      return;
    }
    const nobody: Resident = { id: "", name: host.name, application: "", type: "" };
    const compiled = compileRules(
      parsed.rules.filter((rule) => !isRelative(rule)),
      this.matchers,
      nobody,
    );
    if ("error" in compiled) this.error ??= `host ${host.name}: ${compiled.error}`;
    else for (const rule of compiled.rules) this.tenantsOf(host).bind(rule, "");
    const key = affinity.join("\n");
    if (!this.hostRules.has(key))
      this.hostRules.set(key, { rules: parsed.rules, byAsk: new Map() });
  }
}

/** Rules of a host that are about the newcomer, or about who is there when it comes; the others bind everyone alike. */
function isRelative({ verb, parameter, quantifier }: AffinityRule): boolean {
  return verb === "EMPTY" || quantifier === "some" || parameter === undefined;
}

function residentOf({ request }: Ask): Resident {
  const { name, application, type } = request;
  return { id: name, name, application, type };
}
