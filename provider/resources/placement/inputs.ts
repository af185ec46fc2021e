import type { HostConnection } from "../../host/connection.js";
import type { Meta } from "../../lifecycle.js";
import type {
  Assignment,
  ConstraintSpec,
  NetworkAllocation,
  NetworkRequest,
  PlacementRequest,
  StrategySpec,
} from "../../placement/model.js";

/** A host as the plan receives it from the program. */
export interface PlanHost {
  name: string;
  connection: HostConnection;
  labels: Record<string, string>;
  /** Declared capacity; absent parts are observed. */
  capacity: { cpus?: number; memoryBytes?: number };
  headroom: { cpus: number; memoryBytes: number };
  maxContainers?: number;
  /** Address that other hosts use for the overlay; absent: the one our connection arrives at. */
  underlay?: string;
}

/** Inputs of the Placement resource. `check` adds `assignments` and `allocations`. */
export interface PlacementInputs {
  meta: Meta;
  cloud: string;
  hosts: PlanHost[];
  constraints: ConstraintSpec[];
  strategies: StrategySpec[];
  pool: { cidr: string; networkPrefix: number };
  networks: NetworkRequest[];
  requests: PlacementRequest[];
  /** Deadline for observing all hosts, in seconds. Default 10. */
  observeTimeout: number;
  /** Assignments and allocations of the plans made earlier in the same program. */
  earlier: {
    assignments: Record<string, Assignment>;
    networks: Record<string, NetworkAllocation>;
    requests: PlacementRequest[];
  };
  assignments?: Record<string, Assignment>;
  allocations?: Record<string, NetworkAllocation>;
}

export type PlacementState = PlacementInputs;
