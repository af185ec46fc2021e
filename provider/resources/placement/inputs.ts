import type { HostConnection } from "../../host/connection.js";
import type { Meta } from "../../lifecycle.js";
import type {
  Assignment,
  CandidateDevice,
  ConstraintSpec,
  Location,
  NetworkAllocation,
  MachineRequest,
  NetworkRequest,
  PlacementRequest,
  Platform,
  Preference,
  Rebalance,
  StrategySpec,
  Supply,
  SupplySpec,
  UserFunctions,
} from "../../placement/model.js";

/** A host as the plan receives it from the program. */
export interface PlanHost {
  name: string;
  connection: HostConnection;
  labels: Record<string, string>;
  /** Declared capacity; absent parts are observed. */
  capacity: { cpus?: number; memoryBytes?: number };
  headroom: { cpus: number; memoryBytes: number; diskBytes?: number };
  maxContainers?: number;
  /** Address that other hosts use for the overlay; absent: the one our connection arrives at. */
  underlay?: string;
  /** Default: what its daemon says. */
  platform?: Platform;
  /** Default: what is found on it. */
  devices?: CandidateDevice[];
  groups?: string[];
  location?: Location;
  /** Affinity rules of the host. */
  affinity?: string[];
  /** Nothing new comes here, and what is here leaves. */
  drain?: boolean;
  /** Unknown in a preview of an up that makes or changes its DockerHost; never known, and never in the state. */
  preparing?: undefined;
}

/** A container as the plan receives it from the program. */
export interface PlanRequest extends PlacementRequest {
  /** Its image, where the hosts have to have it already: they know what it is built for. */
  image?: string;
}

/** A machine without Docker as the plan receives it from the program. */
export interface PlanMachine extends Pick<MachineRequest, "name" | "aliases" | "address"> {
  connection: HostConnection;
  /** Address that the hosts use to reach it; absent: the one our connection arrives at. */
  privateAddress?: string;
}

/** A network as the plan receives it from the program. */
export interface PlanNetwork extends Omit<NetworkRequest, "machines"> {
  /** Absent: none. */
  machines?: PlanMachine[];
}

/** Functions of the program, as the text of a module each; see functions.ts. */
export type FunctionTexts = { [Kind in keyof UserFunctions]?: Record<string, string> };

/** Inputs of the Placement resource. `check` adds what it decides: `assignments` and all that follows it. */
export interface PlacementInputs {
  meta: Meta;
  cloud: string;
  hosts: PlanHost[];
  constraints: ConstraintSpec[];
  strategies: StrategySpec[];
  pool: { cidr: string; networkPrefix: number };
  networks: PlanNetwork[];
  requests: PlanRequest[];
  /** Wishes of the cloud for every container. Default none. */
  preferences?: Preference[];
  functions?: FunctionTexts;
  /** Absent: nothing that may stay is moved. */
  rebalance?: Rebalance;
  /** Containers of hosts that cannot be reached are placed anew, except those with data there. Default false. */
  replaceLost?: boolean;
  /** Absent: not asked for. */
  supply?: SupplySpec;
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
  /** Names that this plan adds to networks of earlier plans, by network; absent where it adds none. */
  names?: Record<string, Record<string, string[]>>;
  /** By container: the one that has to be in its new place before it moves. Kept while it stays. Absent: none. */
  order?: Record<string, string>;
  /**
   * Containers that were placed anew, or left the program, while their hosts were gone, and those hosts: what runs there
   * is removed when they are back. `host`: as earlier versions wrote a single one.
   */
  lost?: Record<string, { hosts: string[] } | { host: string }>;
  /** How many hosts the cloud should have; present if asked for. */
  hostSupply?: Supply;
}

export type PlacementState = PlacementInputs;
