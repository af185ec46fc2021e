import { DRIVER_FACTS } from "../../ipam/driver-facts.js";
import { bridgeNetworkBody } from "../docker-network.js";
import type { DriverPlan } from "../driver.js";
import { optionProblems } from "../options.js";

const DATAPATHS = ["kernel", "userspace"];

export const ovsPlan: DriverPlan = {
  name: "ovs",
  facts: DRIVER_FACTS.ovs,
  fixedOptions: [],
  optionProblems: (options) => optionProblems("ovs", { datapath }, options),
  settings: ({ options }) => {
    const asked = options["datapath"];
    return { datapath: typeof asked === "string" && DATAPATHS.includes(asked) ? asked : "any" };
  },
  dockerBody: bridgeNetworkBody,
};

function datapath(value: unknown): string | undefined {
  return typeof value === "string" && DATAPATHS.includes(value)
    ? undefined
    : `must be one of ${DATAPATHS.join(", ")}`;
}
