import { DRIVER_FACTS } from "../../ipam/driver-facts.js";
import { isUnknown } from "../../unknown.js";
import { isRecord } from "../../validation/problems.js";
import { labelsOf } from "../docker-network.js";
import type { DriverOptions, DriverPlan } from "../driver.js";
import { dockerNetworkName } from "../names.js";
import { LINK_NAME, optionProblems, required, word, words } from "../options.js";

const PLUGIN = word(
  /^[a-zA-Z0-9][a-zA-Z0-9_.:/-]{0,127}$/,
  "a network plugin's name as Docker knows it, such as weavemesh",
);

export const pluginPlan: DriverPlan = {
  name: "plugin",
  facts: DRIVER_FACTS.plugin,
  fixedOptions: ["driver", "ipamDriver", "hostLink"],
  optionProblems: (options) => [
    ...required(options, "driver", "must be a network plugin's name as Docker knows it"),
    ...required(options, "hostLink", "must be the link on which the host is in the network"),
    ...optionProblems(
      "plugin",
      {
        driver: PLUGIN,
        options: words,
        hostLink: LINK_NAME,
        ipamDriver: PLUGIN,
        ipamOptions: words,
      },
      options,
    ),
  ],
  settings: ({ options }) => ({
    plugin: text(options["driver"], ""),
    hostlink: text(options["hostLink"], ""),
    ipamdriver: text(options["ipamDriver"], "default"),
    options: packed(options, "options"),
    ipamoptions: packed(options, "ipamOptions"),
  }),
  dockerBody: (part) => ({
    Name: dockerNetworkName(part.networkId, part.vni),
    Driver: part.settings["plugin"] ?? "",
    IPAM: {
      Driver: part.settings["ipamdriver"] ?? "default",
      Options: unpacked(part.settings["ipamoptions"]),
      Config: [{ Subnet: part.cidr, IPRange: part.block, Gateway: part.gateway }],
    },
    Options: unpacked(part.settings["options"]),
    Labels: labelsOf(part),
  }),
};

function text(value: unknown, otherwise: string): string {
  return typeof value === "string" && !isUnknown(value) ? value : otherwise;
}

/** A record as one word of a settings file. */
function packed(options: DriverOptions, name: string): string {
  const value = options[name];
  const record = isRecord(value) && !isUnknown(value) ? value : {};
  return Buffer.from(JSON.stringify(record)).toString("base64");
}

function unpacked(word: string | undefined): Record<string, string> {
  return word === undefined
    ? {}
    : (JSON.parse(Buffer.from(word, "base64").toString("utf8")) as Record<string, string>);
}
