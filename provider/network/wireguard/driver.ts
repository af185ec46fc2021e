import { CloudError } from "../../errors.js";
import type { NetworkDriver } from "../driver.js";
import { programDriver } from "../program-driver.js";
import { COMMON_PROGRAMS } from "../requirements.js";
import { askFacts, runProgram } from "../run-program.js";
import { wireguardPlan } from "./plan.js";
import { WIREGUARD_HERE } from "./requirements.js";

const base = programDriver(wireguardPlan, {
  ...COMMON_PROGRAMS,
  wg: "wireguard-tools",
});

/**
 * Routed blocks through a full mesh of WireGuard tunnels: the kernel's where it has them, else wireguard-go. Every host
 * makes its own key, which never leaves it; the others are told the public one.
 */
export const wireguardDriver: NetworkDriver = {
  ...base,

  async prepare(context, part) {
    await base.prepare(context, part);
    const { code } = await context.transport.script(WIREGUARD_HERE, []);
    if (code === 0) return;
    throw new CloudError(
      "unsupported",
      "the network driver wireguard needs WireGuard, and neither the kernel has it nor is wireguard-go there",
      {
        host: context.transport.connection.name,
        hint: "Install the package there: apt-get install -y wireguard-go",
      },
    );
  },

  introduce: askFacts,

  async activate(context, part) {
    await runProgram(context, "activate", part);
  },

  async retire(context, part) {
    await runProgram(context, "retire", part);
  },
};
