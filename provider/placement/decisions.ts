import type { Assignment, Move, Refusal, Stuck } from "./model.js";

/** Where one request goes. What stays as it was planned before is that assignment itself. */
export interface Decision extends Pick<Assignment, "host" | "score" | "reason" | "devices"> {
  /** It was not there before. */
  fresh?: true;
}

/** A request that may not stay where it was. */
export type Departure = Pick<Move, "from" | "cause" | "why">;

export interface Decisions {
  /** By the position of the request; undefined: it has no host. */
  placed: (Decision | undefined)[];
  pending: string[];
  refusals: Refusal[];
  /** Hosts on which requests that are still pending may come to lie. */
  uncertain: ReadonlySet<string>;
  /** By request; only of those that had a host. */
  departures: Map<string, Departure>;
  stuck: Stuck[];
}
