import { DRIVER_FACTS } from "../../ipam/driver-facts.js";
import { isUnknown } from "../../unknown.js";
import { isRecord } from "../../validation/problems.js";
import { labelsOf } from "../docker-network.js";
import type { DriverPlan } from "../driver.js";
import { dockerNetworkName } from "../names.js";
import { LINK_NAME, optionProblems, required } from "../options.js";

const CONFLIST = "must be the text of a CNI network configuration list (.conflist)";

export const cniPlan: DriverPlan = {
  name: "cni",
  facts: DRIVER_FACTS.cni,
  fixedOptions: ["conflist", "hostLink"],
  optionProblems: (options) => [
    ...required(options, "conflist", CONFLIST),
    ...required(options, "hostLink", "must be the link on which the host is in the network"),
    ...optionProblems("cni", { conflist: conflistProblem, hostLink: LINK_NAME }, options),
  ],
  settings: ({ options, vni, block }) => ({
    block,
    hostlink: text(options["hostLink"]),
    plugin: pluginName(vni),
    conflist: Buffer.from(text(options["conflist"])).toString("base64"),
  }),
  dockerBody: (part) => ({
    Name: dockerNetworkName(part.networkId, part.vni),
    Driver: pluginName(part.vni),
    IPAM: {
      Driver: "default",
      Config: [{ Subnet: part.cidr, IPRange: part.block, Gateway: part.gateway }],
    },
    Options: {},
    Labels: labelsOf(part),
  }),
};

/** What Docker calls our process between it and CNI. */
function pluginName(vni: number): string {
  return `clocker-cni-${vni}`;
}

function text(value: unknown): string {
  return typeof value === "string" && !isUnknown(value) ? value : "";
}

/** CHECK came with version 0.4.0 of the specification. */
const VERSIONS = ["0.4.0", "1.0.0", "1.1.0"];

function conflistProblem(value: unknown): string | undefined {
  let list: unknown;
  try {
    list = JSON.parse(String(value));
  } catch {
    return CONFLIST;
  }
  if (!isRecord(list) || !Array.isArray(list["plugins"]) || list["plugins"].length === 0)
    return `${CONFLIST}, with at least one plugin`;
  if (!VERSIONS.includes(String(list["cniVersion"])))
    return `must have a cniVersion of ${VERSIONS.join(", ")}, not ${String(list["cniVersion"])}`;
  if (typeof list["name"] !== "string") return "must have a name";
  const nameless = list["plugins"].some(
    (plugin: unknown) => !isRecord(plugin) || !/^[a-zA-Z0-9_.-]+$/.test(String(plugin["type"])),
  );
  return nameless ? "must say the type of each plugin" : undefined;
}
