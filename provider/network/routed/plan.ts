import { DRIVER_FACTS } from "../../ipam/driver-facts.js";
import { bridgeNetworkBody } from "../docker-network.js";
import type { DriverPlan } from "../driver.js";
import { optionProblems } from "../options.js";

export const routedPlan: DriverPlan = {
  name: "routed",
  facts: DRIVER_FACTS.routed,
  fixedOptions: [],
  optionProblems: (options) => optionProblems("routed", {}, options),
  settings: () => ({}),
  dockerBody: bridgeNetworkBody,
};
