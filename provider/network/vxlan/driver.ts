import { programDriver } from "../program-driver.js";
import { COMMON_PROGRAMS } from "../requirements.js";
import { vxlanPlan } from "./plan.js";

/** Unicast VXLAN under Docker `bridge` networks: kernel and iproute2 only, no process on the data path. */
export const vxlanDriver = programDriver(vxlanPlan, COMMON_PROGRAMS);
