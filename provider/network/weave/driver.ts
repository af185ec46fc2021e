import { CloudError } from "../../errors.js";
import type { NetworkDriver } from "../driver.js";
import { programDriver } from "../program-driver.js";
import { COMMON_PROGRAMS, missingPrograms } from "../requirements.js";
import { runProgram } from "../run-program.js";
import { weavePlan } from "./plan.js";

const driver = programDriver(weavePlan, COMMON_PROGRAMS);

/**
 * Weave Net's router carries the packets and its IPAM is told of the addresses; Docker asks the router's plugin for every
 * container. We launch the router, join it with the others, and decide addresses and names.
 */
export const weaveDriver: NetworkDriver = {
  ...driver,

  // No distribution has Weave Net as a package, so there is nothing that could be installed for it.
  async prepare(context, part) {
    await driver.prepare(context, part);
    const missing = await missingPrograms(context, { weave: "" });
    if (missing.length === 0) return;
    throw new CloudError("unsupported", "the network driver weave needs Weave Net", {
      host: context.transport.connection.name,
      resource: part.networkId,
      hint:
        "Put Weave Net's script `weave` into /usr/local/bin there and load its images " +
        "(weaveworks/weave, weaveworks/weaveexec, weaveworks/weavedb): https://github.com/weaveworks/weave/releases",
    });
  },

  // Two that took it would both hand it out.
  async takeBack(context, part, gone) {
    await runProgram(context, "take-back", part, [gone.underlay]);
  },
};
