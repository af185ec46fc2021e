import type { Candidate, Move, PlanInput, PlanResult, Refusal, Stuck } from "./model.js";

/** A plan with what it was made from: what the explaining functions are asked about. */
export interface Plan {
  input: PlanInput;
  result: PlanResult;
}

/** A change of the program or of the world, to be tried without doing it. */
export type Change =
  | { kind: "removeHost"; host: string }
  /** The host dies: it cannot be reached and is replaced as far as it can be. */
  | { kind: "loseHost"; host: string }
  | { kind: "drainHost"; host: string }
  /** New empty hosts: copies of `like` (a host's name, default the first), with `shape` on top. */
  | { kind: "addHosts"; count: number; like?: string; shape?: Partial<Candidate> }
  /** The type has so many replicas; more are copies of its last one. `application` where types are not unique. */
  | { kind: "scale"; type: string; count: number; application?: string }
  | { kind: "rebalance"; maxMoves?: number };

/** The plan that would follow a change. */
export interface WhatIf extends Plan {
  moves: Move[];
  stuck: Stuck[];
  /** Containers that would come, with their hosts, and that would go. */
  added: { name: string; host: string }[];
  removed: string[];
  /** Refusals that are not there without the change. */
  refusals: Refusal[];
  /** Which single hosts the changed cloud can lose. */
  survival: Survival;
  /** `remove h2: 3 containers move, 1 has no host; the cloud survives the loss of any one host`. */
  sentence: string;
}

/** Whether everything still has a place when one host is gone. */
export interface HostLoss {
  host: string;
  survives: boolean;
  moves: Move[];
  /** What would have no host, or has its data on the host that is gone; each with its sentence. */
  losses: { name: string; sentence: string }[];
}

export interface Survival {
  /** True: the loss of any one host can be made good. */
  survives: boolean;
  hosts: HostLoss[];
  /** `the cloud survives the loss of any one host`, `the cloud does not survive the loss of h2: 3 containers ...`. */
  sentence: string;
}
