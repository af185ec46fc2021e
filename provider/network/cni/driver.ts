import { programDriver } from "../program-driver.js";
import { COMMON_PROGRAMS } from "../requirements.js";
import { cniPlan } from "./plan.js";

/**
 * A chain of CNI plugins that are on the hosts: ADD when a container starts, DEL when it ends, CHECK in a refresh. How
 * packets travel between hosts is the plugins' matter. We decide addresses and add names.
 */
export const cniDriver = programDriver(cniPlan, { ...COMMON_PROGRAMS, python3: "python3" });
