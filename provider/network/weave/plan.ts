import { containsCidr, overlaps, parseCidr } from "../../ipam/cidr.js";
import { DRIVER_FACTS } from "../../ipam/driver-facts.js";
import { isUnknown } from "../../unknown.js";
import { labelsOf } from "../docker-network.js";
import type { DriverOptions, DriverPlan, HostPart } from "../driver.js";
import { dockerNetworkName } from "../names.js";
import { optionProblems } from "../options.js";

/** What Weave Net's own script takes where nothing is said. */
const DEFAULT_RANGE = "10.32.0.0/12";

/** The bridge that Weave's router makes, one a host for all of its networks. */
export const WEAVE_BRIDGE = "weave";

/** Docker's name of the plugin in which every host's IPAM and networks are its own; the router serves it. */
const PLUGIN = "weavemesh";

export const weavePlan: DriverPlan = {
  name: "weave",
  facts: DRIVER_FACTS.weave,
  fixedOptions: ["ipallocRange", "ipallocDefaultSubnet", "multicast"],
  // The MTU is the router's, for all of its networks, and Docker cannot open or close a network of a plugin.
  fixedInputs: ["mtu", "outbound"],
  optionProblems: (options) => [
    ...optionProblems(
      "weave",
      {
        password,
        ipallocRange: range,
        ipallocDefaultSubnet: range,
        fastDatapath: yesOrNo,
        multicast: yesOrNo,
      },
      options,
    ),
    ...subnetProblem(options),
  ],
  encrypts: (options) => options["password"] !== undefined,
  settings: ({ options }) => ({
    hostlink: WEAVE_BRIDGE,
    range: text(options["ipallocRange"], DEFAULT_RANGE),
    subnet: subnetOf(options),
    fastdp: options["fastDatapath"] === false ? "no" : "yes",
    encrypted: options["password"] === undefined ? "no" : "yes",
    multicast: options["multicast"] === true ? "true" : "false",
  }),
  secrets: (options) =>
    typeof options["password"] === "string" ? { password: options["password"] } : {},
  dockerBody: (part) => ({
    Name: dockerNetworkName(part.networkId, part.vni),
    Driver: PLUGIN,
    Internal: !part.outbound,
    IPAM: {
      Driver: ipamOf(part),
      Config: [{ Subnet: part.cidr, IPRange: part.block, Gateway: part.gateway }],
    },
    Options: { "works.weave.multicast": part.settings["multicast"] ?? "false" },
    Labels: labelsOf(part),
  }),
};

/**
 * Where Weave hands out addresses of the same range, its IPAM is told of every planned one (a claim), and refuses what somebody
 * has. Elsewhere Docker's own does, which needs no router while Docker starts.
 */
function ipamOf({ cidr, settings }: HostPart): string {
  const [own, weave] = [parseCidr(cidr), parseCidr(settings["range"] ?? DEFAULT_RANGE)];
  return own && weave && overlaps(own, weave) ? PLUGIN : "default";
}

/** In the environment of a process and on one line of a file. */
function password(value: unknown): string | undefined {
  const fits =
    typeof value === "string" && value.length >= 8 && value.length <= 255 && /^[ -~]+$/.test(value);
  return fits ? undefined : "must be a text of 8 to 255 printable ASCII characters";
}

function range(value: unknown): string | undefined {
  return typeof value === "string" && parseCidr(value)?.family === 4
    ? undefined
    : `must be an IPv4 network such as ${DEFAULT_RANGE}`;
}

function yesOrNo(value: unknown): string | undefined {
  return typeof value === "boolean" ? undefined : "must be true or false";
}

function subnetProblem(options: DriverOptions): { option: string; reason: string }[] {
  const whole = parseCidr(text(options["ipallocRange"], DEFAULT_RANGE));
  const subnet = parseCidr(subnetOf(options));
  if (!whole || !subnet || containsCidr(whole, subnet)) return [];
  return [
    {
      option: "ipallocDefaultSubnet",
      reason: `must be a part of ipallocRange, which is ${text(options["ipallocRange"], DEFAULT_RANGE)}`,
    },
  ];
}

function subnetOf(options: DriverOptions): string {
  return text(options["ipallocDefaultSubnet"], text(options["ipallocRange"], DEFAULT_RANGE));
}

function text(value: unknown, otherwise: string): string {
  return typeof value === "string" && !isUnknown(value) ? value : otherwise;
}
