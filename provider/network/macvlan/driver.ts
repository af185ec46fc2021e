import { programDriver } from "../program-driver.js";
import { COMMON_PROGRAMS } from "../requirements.js";
import { macvlanPlan } from "./plan.js";

/**
 * Containers on the hosts' own link, or on a VLAN of it, without a bridge between. Packets between containers never pass
 * the host's firewall; the host has an address of its own there for the name server and the way out.
 */
export const macvlanDriver = programDriver(macvlanPlan, COMMON_PROGRAMS);
