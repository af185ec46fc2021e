import type { Ask, Constraint } from "./constraints/constraint.js";
import type { HostState } from "./host-state.js";

/**
 * Which hosts pass what the program declares and are ready. Requests that stay where they are ask for one host each, so
 * that a plan made again looks at no others; only those that are placed need the lists.
 */
export class DeclaredHosts {
  /** By rank: 0 where nobody has asked yet, else `PASSES` or `FAILS`. */
  private readonly answers: Uint8Array;
  private all: readonly HostState[] | undefined;
  private existing: readonly HostState[] | undefined;

  constructor(
    private readonly hosts: readonly HostState[],
    private readonly constraints: readonly Constraint[],
    /** Any of the requests that ask for these constraints: the answers are the same for all. */
    private readonly ask: Ask,
  ) {
    this.answers = new Uint8Array(hosts.length);
  }

  passes(host: HostState): boolean {
    const known = this.answers[host.rank];
    if (known) return known === PASSES;
    const passes =
      host.notReady === undefined && this.constraints.every((rule) => rule.accepts(this.ask, host));
    this.answers[host.rank] = passes ? PASSES : FAILS;
    return passes;
  }

  /** In the plan's order, with hosts that do not exist yet. */
  get possible(): readonly HostState[] {
    return (this.all ??= this.hosts.filter((host) => this.passes(host)));
  }

  /** Those of them that exist. */
  get eligible(): readonly HostState[] {
    return (this.existing ??= this.possible.filter(({ candidate }) => candidate.pending !== true));
  }
}

const PASSES = 1;
const FAILS = 2;
