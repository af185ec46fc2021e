/**
 * A strategy orders hosts. In a list each one sorts anew and stably: the last decides, those before it break its ties.
 * Ties of all are broken by the host's name.
 */
export type StrategySpec =
  /** By a draw from seed (default: the plan's) and container name; has no ties. */
  | { kind: "random"; seed?: string }
  /** By name: fills the first host with room; has no ties. */
  | { kind: "depthFirst" }
  /** Replica by replica round the hosts. */
  | { kind: "breadthFirst" }
  | { kind: "leastContainers" }
  /**
   * Lowest live use, what this plan adds counted in (a container without a reservation as 0.1 cpus or 200 MiB).
   * A host without a sample, or with one older than `maxAgeSeconds` (default 120), comes last, and the reason says so.
   */
  | { kind: "lowestCpuUsage"; maxAgeSeconds?: number }
  | { kind: "lowestMemoryUsage"; maxAgeSeconds?: number }
  /** The fullest host that still has room. */
  | ({ kind: "binpack" } & ResourceScoring)
  /** The emptiest host; ties by number of containers. */
  | ({ kind: "spread" } & ResourceScoring)
  /** Evenly over the values of a label, or by target shares. Several labels nest: zones, racks inside each zone. */
  | { kind: "spreadOver"; over: SpreadLevel[] }
  /** A function of the program compares hosts by what is known before anything is placed. */
  | { kind: "comparator"; name: string; args?: unknown }
  /** A function of the program scores hosts as they fill; higher is better. */
  | { kind: "score"; name: string; args?: unknown };

/** How reservations become one score for a host, the container itself counted in. */
export interface ResourceScoring {
  /**
   * `exponential` (default): 10^(free share of cpu) + 10^(free share of memory), as 0 to 18. `linear`: the mean of the
   * free (spread) or used (binpack) shares, 0 to 100.
   */
  scoring?: "exponential" | "linear";
  /** Of `linear`. Default 1 and 1. */
  weights?: { cpu?: number; memory?: number };
}

export interface SpreadLevel {
  /** Hosts without the label count as one more value. */
  label: string;
  /**
   * Target share of each value, in percent. What is left of 100 is the target of each value that is not named.
   * Absent: even.
   */
  targets?: Record<string, number>;
}

/** Strategies that need no parameters, and so may be given by their name alone. */
export type StrategyName =
  | "random"
  | "depthFirst"
  | "breadthFirst"
  | "leastContainers"
  | "lowestCpuUsage"
  | "lowestMemoryUsage"
  | "binpack"
  | "spread";
