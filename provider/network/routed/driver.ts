import type { NetworkDriver } from "../driver.js";
import { programDriver } from "../program-driver.js";
import { COMMON_PROGRAMS } from "../requirements.js";
import { askFacts } from "../run-program.js";
import { routedPlan } from "./plan.js";

/**
 * Plain routes: each host's block is routed to it, and nothing is wrapped. Containers see all of the network as on
 * their link, since the bridge answers for what is elsewhere; so a container in several networks needs no routes.
 */
export const routedDriver: NetworkDriver = {
  ...programDriver(routedPlan, COMMON_PROGRAMS),

  /** IPv6 goes by the hosts' own addresses on their link. */
  introduce: async (context, part) => (part.ipv6 ? askFacts(context, part) : {}),
};
