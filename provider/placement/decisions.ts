import type { Move, Refusal, Stuck } from "./model.js";

/** Where one request goes. */
export interface Decision {
  host: string;
  score: number;
  reason: string;
  /** It was there before. */
  kept: boolean;
  /** Ids of the devices that are its own; absent when it asks for none. */
  devices?: string[];
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
