import { programDriver } from "../program-driver.js";
import { COMMON_PROGRAMS } from "../requirements.js";
import { ovsPlan } from "./plan.js";

/** Every network is a bridge of Open vSwitch on each host, between Docker's bridge and the tunnel to the others. */
export const ovsDriver = programDriver(ovsPlan, {
  ...COMMON_PROGRAMS,
  "ovs-vsctl": "openvswitch-switch",
  "ovs-vswitchd": "openvswitch-switch",
});
