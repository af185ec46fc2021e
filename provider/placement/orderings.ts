import { claimKey } from "./asks.js";
import type { Ask } from "./constraints/constraint.js";
import type { HostClass } from "./host-classes.js";
import type { StrategySpec } from "./model.js";
import { composeStrategies, type Ordering, type StrategyContext } from "./strategies/index.js";
import type { World } from "./world.js";

/** Orders of hosts, composed once for requests that are equal in all that strategies look at. */
export class Orderings {
  private readonly known = new Map<string, Ordering | { error: string }>();
  private readonly context: StrategyContext;
  private totals: Map<number, number> | undefined;

  constructor(
    world: World,
    private readonly asks: readonly Ask[],
  ) {
    this.context = {
      seed: world.input.seed,
      hosts: world.hosts,
      functions: world.input.functions,
      tallies: world.tallies,
      totalOf: (scope) => this.totalOf(scope),
      sharedRanks: new Map(),
    };
  }

  /** The order for a request; an error when a function of the program is missing or cannot be relied on. */
  of(ask: Ask, { layer, preferences, id }: HostClass): Ordering | { error: string } {
    const own = ask.request.strategies;
    let key = `${layer.id} ${preferences ? id : ""} ${own.length > 0 ? JSON.stringify(own) : ""}`;
    if (own.some(comparesHosts) || layer.strategies.some(comparesHosts)) {
      key += ` ${ask.typeId} ${claimKey(ask)}`;
    }
    let ordering = this.known.get(key);
    if (!ordering) {
      const specs = [...layer.strategies, ...own];
      ordering = composeStrategies(specs, ask, this.context, preferences);
      this.known.set(key, ordering);
    }
    return ordering;
  }

  private totalOf(scope: number): number {
    if (!this.totals) {
      this.totals = new Map();
      for (const { typeId } of this.asks)
        this.totals.set(typeId, (this.totals.get(typeId) ?? 0) + 1);
    }
    return this.totals.get(scope) ?? 0;
  }
}

/** Its order is worked out for the request itself. */
function comparesHosts({ kind }: StrategySpec): boolean {
  return kind === "comparator";
}
