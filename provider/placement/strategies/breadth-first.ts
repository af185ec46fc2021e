import type { Ask } from "../constraints/constraint.js";
import type { HostState } from "../host-state.js";
import { count } from "../words.js";
import type { Strategy } from "./strategy.js";

/** More containers than one host can run; keeps both counts in one number. */
const STEP = 2 ** 24;

/**
 * Round after round over the hosts in their order. Rounds are counted by what the plan has placed, not by a
 * counter that lives on: the replicas of one service are spread evenly whatever was created or removed before,
 * and services go round together because hosts with fewer containers of the plan come first.
 */
export const breadthFirst: Strategy = {
  name: "breadthFirst",
  byType: true,
  changes: "rises",
  margin: 0,
  key: (ask, host) => host.replicasOf(ask.typeId) * STEP + host.planned,
  score: (ask, host) => 0 - host.replicasOf(ask.typeId),
  better: (ask, winner, next) => {
    const here = host(ask, winner);
    const there = host(ask, next);
    return here.replicas === there.replicas
      ? `breadth first: ${count(winner.planned, "container")} of the plan here, ${next.planned} on ${next.name}`
      : `breadth first: ${here.replicas} ${here.what} here, ${there.replicas} on ${next.name}`;
  },
  equal: (ask, winner, next) => {
    const { replicas, what } = host(ask, winner);
    return `breadth first: ${replicas} ${what} here and on ${next.name}`;
  },
};

function host(ask: Ask, state: HostState): { replicas: number; what: string } {
  return { replicas: state.replicasOf(ask.typeId), what: ask.request.type || "of its kind" };
}
