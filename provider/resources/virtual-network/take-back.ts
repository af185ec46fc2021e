import { messageOf } from "../../errors.js";
import { warn } from "../../progress.js";
import type { HostWork } from "./on-hosts.js";

/**
 * What hosts that left, or were forgotten, held for all: the first of those that stay takes it, and never a second one. It is no
 * reason for an up to fail, as nobody of the network needs it.
 */
export async function takeBack(
  staying: readonly HostWork[],
  gone: readonly HostWork[],
): Promise<void> {
  const heir = staying.find(({ runtime, part }) => runtime.takesBack && !part.machine);
  if (!heir) return;
  for (const { host, part } of gone) {
    if (part.machine) continue;
    try {
      await heir.runtime.takeBack(heir.part, host);
    } catch (error) {
      await warn(
        `host ${heir.host.name} did not take back the addresses that ${host.name} held for all networks of driver ${part.driver}: ` +
          `${messageOf(error).split("\n")[0]}. They stay with it until that is done by hand on one host (weave rmpeer)`,
      );
    }
  }
}
