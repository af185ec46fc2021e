import { DRIVER_FACTS } from "../../ipam/driver-facts.js";
import { parseAddress } from "../../ipam/cidr.js";
import { isUnknown } from "../../unknown.js";
import { labelsOf } from "../docker-network.js";
import type { DriverPlan, HostPart } from "../driver.js";
import { dockerNetworkName } from "../names.js";
import { LINK_NAME, optionProblems, required } from "../options.js";

const gateway = (value: unknown): string | undefined =>
  typeof value === "string" && parseAddress(value)?.family === 4
    ? undefined
    : "must be the IPv4 address of the link's router";

export const macvlanPlan: DriverPlan = {
  name: "macvlan",
  facts: DRIVER_FACTS.macvlan,
  fixedOptions: ["parent", "gateway"],
  optionProblems: (options) => [
    ...required(options, "parent", "must be the name of a link, such as eth0 or eth0.30"),
    ...optionProblems("macvlan", { parent: LINK_NAME, gateway }, options),
  ],
  settings: ({ options, block }) => ({
    block,
    parent: text(options["parent"]),
    router: text(options["gateway"]),
  }),
  dockerBody: (part) => ({
    Name: dockerNetworkName(part.networkId, part.vni),
    Driver: "macvlan",
    IPAM: {
      Driver: "default",
      Config: [{ Subnet: part.cidr, IPRange: part.block, Gateway: routerOf(part) }],
    },
    Options: { parent: part.settings["parent"] ?? "" },
    Labels: labelsOf(part),
  }),
};

/** The router of the containers: the link's own, or the host. */
function routerOf(part: HostPart): string {
  const router = part.settings["router"];
  return router === undefined || router === "none" ? part.gateway : router;
}

function text(value: unknown): string {
  return typeof value === "string" && !isUnknown(value) ? value : "none";
}
