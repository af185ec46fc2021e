import type { Strategy } from "./strategy.js";

/** The host that runs the fewest containers, foreign ones counted too. */
export const leastContainers: Strategy = {
  name: "leastContainers",
  byType: false,
  changes: "rises",
  margin: 0,
  key: (_ask, host) => host.containers,
  score: (_ask, host) => 0 - host.containers,
  better: (_ask, winner, next) =>
    `fewest containers: ${winner.containers} here, ${next.containers} on ${next.name}`,
  equal: (_ask, winner, next) => `fewest containers: ${winner.containers} here and on ${next.name}`,
};
