import { DRIVER_FACTS } from "../../ipam/driver-facts.js";
import { bridgeNetworkBody } from "../docker-network.js";
import type { DriverPlan } from "../driver.js";
import { numberWord, optionProblems, whole } from "../options.js";

/** Each network has a port of its own; two, so that old and new keys can be in use side by side. */
export const FIRST_PORT = 51_820;

/** Old and new keys have a link each, by turns: two versions further on is the link that is in use. */
function turnProblem(before: unknown = 1, after: unknown = 1): string | undefined {
  if (typeof before !== "number" || typeof after !== "number") return undefined;
  return after !== before && (after - before) % 2 === 0
    ? `must be raised by one, from ${before} to ${before + 1}: new keys are made beside the old ones, and this would change those in use`
    : undefined;
}

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
  changeProblems: (olds, news) => {
    const reason = turnProblem(olds["keyVersion"], news["keyVersion"]);
    return reason === undefined ? [] : [{ option: "keyVersion", reason }];
  },
  settings: ({ options }) => ({
    keyversion: numberWord(options["keyVersion"], 1),
    firstport: numberWord(options["firstPort"], FIRST_PORT),
  }),
  dockerBody: bridgeNetworkBody,
};
