import { programDriver } from "../program-driver.js";
import { COMMON_PROGRAMS } from "../requirements.js";
import { routedPlan } from "./plan.js";

/**
 * Plain routes: each host's block is routed to it, and nothing is wrapped. Containers see all of the network as on
 * their link, since the bridge answers ARP for what is elsewhere; so a container in several networks needs no routes.
 */
export const routedDriver = programDriver(routedPlan, COMMON_PROGRAMS);
