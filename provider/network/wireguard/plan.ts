import { DRIVER_FACTS } from "../../ipam/driver-facts.js";
import { bridgeNetworkBody } from "../docker-network.js";
import type { DriverPlan } from "../driver.js";
import { numberWord, optionProblems, whole } from "../options.js";

/** Each network has a port of its own; two, so that old and new keys can be in use side by side. */
export const FIRST_PORT = 51_820;

export const wireguardPlan: DriverPlan = {
  name: "wireguard",
  facts: DRIVER_FACTS.wireguard,
  fixedOptions: [],
  optionProblems: (options) =>
    optionProblems(
      "wireguard",
      { keyVersion: whole(1, 1_000_000), firstPort: whole(1024, 65_000) },
      options,
    ),
  settings: ({ options }) => ({
    keyversion: numberWord(options["keyVersion"], 1),
    firstport: numberWord(options["firstPort"], FIRST_PORT),
  }),
  dockerBody: bridgeNetworkBody,
};
