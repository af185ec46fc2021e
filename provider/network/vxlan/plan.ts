import { DRIVER_FACTS } from "../../ipam/driver-facts.js";
import { bridgeNetworkBody } from "../docker-network.js";
import type { DriverPlan } from "../driver.js";
import { optionProblems } from "../options.js";

export const vxlanPlan: DriverPlan = {
  name: "vxlan",
  facts: DRIVER_FACTS.vxlan,
  fixedOptions: [],
  optionProblems: (options) => optionProblems("vxlan", {}, options),
  settings: () => ({}),
  dockerBody: bridgeNetworkBody,
};
