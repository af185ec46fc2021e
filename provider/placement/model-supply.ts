/** How many hosts a cloud should have. */
export interface SupplySpec {
  /** Room to keep free for containers to come: one of the three. */
  headroom:
    | { count: number }
    /** Share of all places, 0 to 1. */
    | { percent: number }
    | { cpus?: number; memoryBytes?: number };
  /** Default 0. */
  minHosts?: number;
  /** Absent: no limit. */
  maxHosts?: number;
  /** Places on one host. Default: the lowest `maxContainers` of the cloud's constraints, else 8 as in Clocker. */
  maxContainers?: number;
  /** What a new host would offer; for headroom by resources. Default: the smallest host of the cloud. */
  hostShape?: { cpus: number; memoryBytes: number };
}

/** The answer, as numbers. */
export interface Supply {
  /** Hosts that can be used, and are not being drained. */
  hosts: number;
  /** Containers on them, and those that have no place. */
  containers: number;
  /** Places on all hosts, and how many are free (below 0: too few). */
  possible: number;
  available: number;
  /** Places to keep free. */
  headroom: number;
  /** Places that are missing; below 0: more than enough. */
  needed: number;
  /** `containers / possible`; 0 when there are no hosts. */
  utilisation: number;
  /** Utilisation below `low` is too little, above `high` too much. */
  low: number;
  high: number;
  /** By the headroom alone, whatever the bounds are. `hot`: too few hosts. `cold`: at least one too many. */
  state: "hot" | "ok" | "cold";
  /** Between min and max hosts. */
  desiredHosts: number;
  /** `desiredHosts - hosts`, at least 0. */
  neededHosts: number;
  /** Set when min or max, not need, decided. */
  limitedBy?: "min" | "max";
  /** `4 hosts are desired, 2 more than there are: 28 containers and a headroom of 4 need 32 places, 8 on each host`. */
  sentence: string;
}
