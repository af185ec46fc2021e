import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { labDown, readInventory } from "../../lab/index.js";
import { clocker } from "./clocker.js";
import { BACKEND, LAB, LEAVINGS, ownHosts, PASSPHRASE_FILE, STACK } from "./setting.js";

/** Removes all that the quickstart made, also when it was interrupted half-way. Packages and Node stay installed. */
export async function takeDown(): Promise<void> {
  const hasState = existsSync(BACKEND) && existsSync(PASSPHRASE_FILE);
  if (hasState) {
    const { code } = await clocker(["destroy", "--yes", "--stack", STACK], {
      show: true,
      mayFail: true,
    });
    // A lab takes everything on its hosts with it; on hosts of the user's own, what is left must stay in the state.
    if (code !== 0 && ownHosts()) {
      throw new Error(
        "destroy failed: what is left is still in the state; run this again when the hosts answer",
      );
    }
  }
  if (!ownHosts()) {
    const existed = (await readInventory(LAB)) !== undefined;
    await labDown(LAB);
    if (existed) console.log("The three hosts are gone.");
  }
  for (const path of LEAVINGS) {
    await rm(path, { recursive: true, force: true });
  }
  console.log(
    "Nothing of the quickstart is left. (npm packages, Node and system packages stay installed.)",
  );
}
