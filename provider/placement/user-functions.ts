import type { Location, Platform, Usage } from "./model-hosts.js";

/**
 * Functions of the program that take part in placement. They are plain and pure: equal arguments must give equal
 * answers, and they must change nothing. Each is asked twice where it is first used; one that throws, or answers
 * differently, refuses the request with a sentence that names it.
 */
export interface UserFunctions {
  predicates?: Readonly<Record<string, HostPredicate>>;
  comparators?: Readonly<Record<string, HostComparator>>;
  scores?: Readonly<Record<string, HostScore>>;
  /** For `PREDICATE name` of affinity rules: whether a container that lies there matches. */
  containers?: Readonly<Record<string, ContainerPredicate>>;
}

/** What is known of a host before anything is placed. */
export interface HostFacts {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly groups: readonly string[];
  readonly location: Location;
  readonly platform?: Platform;
  readonly usage?: Usage;
  /** Total cores and bytes, less what is kept free on purpose. */
  readonly cpus: number;
  readonly memoryBytes: number;
}

/** A host as it is when the container is to be placed: what is kept and what was placed before is there. */
export interface HostNow extends HostFacts {
  readonly freeCpus: number;
  readonly freeMemoryBytes: number;
  /** Foreign ones counted too. */
  readonly containers: number;
  /** Containers of this plan with the same application and type. */
  readonly replicas: number;
}

/** What is asked for, without the name: equal replicas must get equal answers. */
export interface RequestFacts {
  readonly application: string;
  readonly type: string;
  readonly group: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly volumes: readonly string[];
}

/** A container that lies on a host. */
export interface ContainerFacts {
  readonly name: string;
  readonly application: string;
  readonly type: string;
}

/** True: the host will do. A text says why not, as in `is under repair`; it stands after the host's name. */
export type HostPredicate = (
  host: HostNow,
  request: RequestFacts,
  args: unknown,
) => boolean | string;

/** Below 0: `a` comes first; above 0: `b`; 0: equal. Must be a consistent order. */
export type HostComparator = (
  a: HostFacts,
  b: HostFacts,
  request: RequestFacts,
  args: unknown,
) => number;

/** A number that is not NaN; higher is better. */
export type HostScore = (host: HostNow, request: RequestFacts, args: unknown) => number;

export type ContainerPredicate = (container: ContainerFacts) => boolean;
